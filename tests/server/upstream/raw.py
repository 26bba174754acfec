"""An upstream and a client that speak in bytes, and a proxy between them."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import httpx
import uvicorn
from tests.conftest import PATIENCE, running

from xclade_store_mock.control.access import Access
from xclade_store_mock.dialects import DOCUMENTED
from xclade_store_mock.serving import Limits
from xclade_store_mock.serving.processes import Server
from xclade_store_mock.serving.protocol import BoundedProtocol
from xclade_store_mock.upstream import Upstream
from xclade_store_mock.upstream.forward import Forward
from xclade_store_mock.upstream.proxy import Proxy

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

END = b"Host: shop.test:8000\r\nConnection: close\r\n\r\n"
"""The end of a request's head."""

GET = b"GET /store/regions HTTP/1.1\r\n" + END

Answer = bytes | Callable[[socket.socket], None]


class Message(NamedTuple):
    """A request or a response: its first line, its headers by name, and its body as framed."""

    line: bytes
    headers: dict[bytes, list[bytes]]
    body: bytes


def parse(data: bytes) -> Message:
    """Split a message into its parts, header names in lower case."""
    head, _, body = data.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    headers: dict[bytes, list[bytes]] = {}
    for each in lines:
        name, _, value = each.partition(b":")
        headers.setdefault(name.lower(), []).append(value.strip())
    return Message(line, headers, body)


@dataclass(slots=True)
class Raw:
    """An upstream that keeps what it receives, and sends its answers in order, the last again."""

    listener: socket.socket
    answers: list[Answer]
    received: list[bytes] = field(default_factory=list)
    connections: int = 0
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    left: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @property
    def url(self) -> str:
        """The URL without a path."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    @property
    def last(self) -> Message:
        """The request received last."""
        return parse(self.received[-1])

    def accept(self) -> None:
        """Serve each connection in a thread, until the listener is closed."""
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while request := read_message(connection):
                self.received.append(request)
                self.arrived.release()
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if callable(answer):
                    answer(connection)
                    break
                connection.sendall(answer)
                if not _keeps_alive(answer):
                    break
        self.left.release()


def _keeps_alive(answer: bytes) -> bool:
    """Return whether the connection can be used again: the answer's end is known without its."""
    head = answer.partition(b"\r\n\r\n")[0].lower()
    has_end = b"ength:" in head or b"\r\ntransfer-encoding:" in head or b" 204 " in head
    return has_end and b"connection: close" not in head


def read_message(connection: socket.socket) -> bytes:
    """Read one request, with its body as framed; empty if the peer has closed the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65_536)
        if not part:
            return b""
        data += part
        if data.startswith(b"\x16"):
            return data  # TLS
    head, _, body = data.partition(b"\r\n\r\n")
    headers = parse(data).headers
    length = int(headers.get(b"content-length", [b"0"])[0])
    is_chunked = b"transfer-encoding" in headers
    while len(body) < length or (is_chunked and not body.endswith(b"0\r\n\r\n")):
        part = connection.recv(65_536)
        if not part:
            return b""
        body += part
    return head + b"\r\n\r\n" + body


def response(body: Any, *headers: str, status: int = 200) -> bytes:
    """Return a response of the upstream."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = ["Content-Type: application/json", *headers, f"Content-Length: {len(content)}"]
    head = "\r\n".join([f"HTTP/1.1 {status} X", *lines])
    return f"{head}\r\n\r\n".encode() + content


@contextmanager
def upstream(*answers: Answer) -> Iterator[Raw]:
    """Run an upstream; by default it responds 200."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        raw = Raw(listener, [*answers] or [OK])
        thread = threading.Thread(target=raw.accept, daemon=True)
        thread.start()
        yield raw
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@contextmanager
def proxied(url: str, *, timeout: float = PATIENCE, **options: Any) -> Iterator[str]:
    """Run a proxy in front of a URL, as the command does; yield the proxy's URL."""
    given = {"dialect": DOCUMENTED, "access": Access(), **options}
    proxy = Proxy(Forward(Upstream.parse(url), timeout=timeout), **given)
    config = uvicorn.Config(
        proxy,
        http=partial(BoundedProtocol, limits=Limits()),  # type: ignore[arg-type] # it is only called
        ws="none",
        log_config=None,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=PATIENCE,
        timeout_graceful_shutdown=1,
    )
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        running(Server(config, proxy), listener) as url_of_proxy,
    ):
        yield url_of_proxy


@contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    """Connect to a server."""
    parsed = httpx.URL(url)
    with socket.create_connection((parsed.host, parsed.port or 80), timeout=PATIENCE) as each:
        yield each


def read_all(connection: socket.socket) -> bytes:
    """Read until the peer closes or resets the connection."""
    data = b""
    with suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            data += part
    return data


def exchange(url: str, request: bytes) -> Message:
    """Send a request that ends its connection; return the whole response."""
    with connected(url) as connection:
        connection.sendall(request)
        return parse(read_all(connection))


def request(headers: bytes, body: bytes = b"", line: bytes = b"POST /x HTTP/1.1") -> bytes:
    """Return a request that ends its connection."""
    return b"%b\r\nHost: shop.test:8000\r\nConnection: close\r\n%b\r\n%b" % (line, headers, body)
