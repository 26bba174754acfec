"""An unreliable connection to a store: a real server that fails as its script says."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from tests.conftest import PATIENCE


class Line:
    """One connection to the store, which serves one attempt."""

    def __init__(self, connection: socket.socket, store_url: str) -> None:
        self.connection = connection
        self._store = urlsplit(store_url)

    def read_request(self) -> bytes:
        """Read the whole request."""
        request = b""
        while b"\r\n\r\n" not in request:
            request += self._receive()
        head, _, body = request.partition(b"\r\n\r\n")
        for line in head.lower().splitlines():
            if line.startswith(b"content-length:"):
                while len(body) < int(line.partition(b":")[2]):
                    body += self._receive()
        return head + b"\r\n\r\n" + body

    def ask_store(self) -> bytes:
        """Forward the request, and return the response of the store."""
        request = self.read_request().replace(b"keep-alive", b"close")
        assert self._store.hostname
        address = (self._store.hostname, self._store.port)
        with socket.create_connection(address, PATIENCE) as store:
            store.sendall(request)
            return b"".join(iter(lambda: store.recv(65_536), b""))

    def reset(self) -> None:
        """Close the connection with a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _receive(self) -> bytes:
        received = self.connection.recv(65_536)
        if not received:
            raise ConnectionResetError
        return received


Treatment = Callable[[Line], None]


def forward(line: Line) -> None:
    """Forward the request and the response."""
    line.connection.sendall(line.ask_store())


def reset_unread(line: Line) -> None:
    """Reset before the request is read."""
    line.reset()


def reset_read(line: Line) -> None:
    """Reset after the request is read."""
    line.read_request()
    line.reset()


def reset_carried_out(line: Line) -> None:
    """Reset after the store has responded."""
    line.ask_store()
    line.reset()


def close_carried_out(line: Line) -> None:
    """Close after the store has responded."""
    line.ask_store()


def half_an_answer(line: Line) -> None:
    """Close in the middle of the response's body."""
    head, _, body = line.ask_store().partition(b"\r\n\r\n")
    line.connection.sendall(head + b"\r\n\r\n" + body[: len(body) // 2])


def stall(line: Line) -> None:
    """Forward the request, and send nothing until the client gives up."""
    line.ask_store()
    line.connection.recv(1)


def stall_in_the_middle(line: Line) -> None:
    """Send part of the response, and then nothing."""
    answer = line.ask_store()
    line.connection.sendall(answer[: len(answer) - 10])
    line.connection.recv(1)


def not_http(line: Line) -> None:
    """Speak another protocol."""
    line.ask_store()
    line.connection.sendall(b"220 smtp.test ESMTP\r\n")


def say(status: int, body: bytes = b"<html>", headers: str = "") -> Treatment:
    """Respond in place of the store, which gets no request."""

    def treat(line: Line) -> None:
        line.read_request()
        head = f"HTTP/1.1 {status} Said\r\nconnection: close\r\ncontent-length: {len(body)}\r\n"
        line.connection.sendall(f"{head}{headers}\r\n".encode() + body)

    treat.__name__ = f"say_{status}"
    return treat


def drip(content: bytes) -> Treatment:
    """Send a byte of a response every 50 ms, so that no single wait is long."""

    def treat(line: Line) -> None:
        line.read_request()
        for number in range(len(content)):
            line.connection.sendall(content[number : number + 1])
            time.sleep(0.05)

    return treat


class BadLine:
    """A server in front of a store that fails as its script says, and then forwards."""

    def __init__(
        self, store_url: str, script: tuple[Treatment, ...], certificate: ssl.SSLContext | None
    ) -> None:
        self._store_url = store_url
        self._script = script
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._last: object = None
        self._certificate = certificate
        self.connections = 0
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://127.0.0.1:{self._socket.getsockname()[1]}"

    def listen(self) -> None:
        """Begin to serve; until then, connections are refused."""
        self._socket.listen()
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        if self._thread.is_alive():
            with socket.socket() as last:
                last.bind(("127.0.0.1", 0))
                self._last = last.getsockname()
                last.connect(self._socket.getsockname())
            self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            connection, address = self._socket.accept()
            with connection:
                # Whoever came before it, counts.
                if address == self._last:
                    return
                connection.settimeout(PATIENCE)
                self.connections += 1
                treat = (*self._script, forward)[min(self.connections - 1, len(self._script))]
                # The other end may give up at any time.
                with suppress(OSError):
                    treat(Line(self._secured(connection), self._store_url))

    def _secured(self, connection: socket.socket) -> socket.socket:
        if self._certificate is None:
            return connection
        return self._certificate.wrap_socket(connection, server_side=True)


@contextmanager
def bad_line(
    store_url: str,
    *script: Treatment,
    listening: bool = True,
    certificate: ssl.SSLContext | None = None,
) -> Iterator[BadLine]:
    """Serve a BadLine in front of a store."""
    line = BadLine(store_url, script, certificate)
    try:
        if listening:
            line.listen()
        yield line
    finally:
        line.close()
