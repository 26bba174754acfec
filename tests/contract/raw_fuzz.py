"""Send raw bytes to a server, and find the requests that break it.

A server is broken if it logs an error, does not respond, or responds with anything but HTTP. The
bytes of a broken request are minimized.
"""

import http.client
import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import httptools
from msgspec.structs import replace
from tests.conftest import PATIENCE
from tests.contract.odd_requests import OddRequests
from tests.contract.shrinking import shrink

from xclade_store_mock.contract import load_contract
from xclade_store_mock.payments.model import Store
from xclade_store_mock.upstream.replay import wire

ERRORS = re.compile(r"^\S* ?(ERROR|CRITICAL) .*|^Traceback .*(\n.*)*", re.MULTILINE)

_FRAGMENTS = (
    *(b"\0", b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xef\xbb\xbf", b"\x85", b"\x1f\x8b", b"\t"),
    *(b"\r\n", b"\n", b"\r", b" ", b"%", b"%00", b"%ff", b"%ED%A0%80", b"\\ud800", b"\\u0000"),
    *(b'"', b"\\", b"[", b"]", b"{", b"}", b":", b";", b",", b"=", b"&", b"#", b"?", b"//", b".."),
    *(b"charset=", b"; charset=", b"utf-16", b"q=0", b"1e999", b"NaN", b"9" * 400, b"[" * 300),
    *(b"a" * 5_000, b"%" * 3_000, b"[a]" * 100, b"null", b"-1", b"__proto__", b"constructor"),
    *(b"\r\nTransfer-Encoding: chunked", b"\r\nContent-Length: 5", b"\r\nExpect: 100-continue"),
    *(b"\r\nUpgrade: websocket\r\nConnection: Upgrade", b"\r\nPrefer: code=", b"\r\nHost: \xff"),
)
# A fault may make the server wait or disconnect, and events have no end.
_CONTROL_PATHS = [
    operation.path
    for operation in load_contract("control.yaml").operations.values()
    if not re.search("events|faults", operation.path)
]


def raw_requests(store: Store, host: str, seed: int) -> Iterator[bytes]:
    """Yield requests to a host without end: well-formed ones, of which some bytes are changed."""
    random = Random(seed)
    odd = OddRequests(store, seed)
    while True:
        request = odd.request()
        if random.random() < 0.1:
            path = re.sub(r"{\w+}", "cart_demo", random.choice(_CONTROL_PATHS))
            request = replace(request, target=f"/_mock{path}")
        if request.content and random.random() < 0.4:
            body = _changed(request.content, random)
            request = replace(request, body=None, body_base64=body)
        head, _, body = wire(request, host).partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        for _ in range(random.randint(0, 2)):
            number = random.randrange(len(lines))
            # A changed method or name of a header mostly causes a syntax error only.
            separator = b": " if number else b" "
            name, _, value = lines[number].partition(separator)
            lines[number] = (
                name + separator + _changed(value, random)
                if random.random() < 0.8
                else _changed(lines[number], random)
            )
        yield b"\r\n".join(lines) + b"\r\n\r\n" + body


def _changed(content: bytes, random: Random) -> bytes:
    """Return the bytes with some inserted, overwritten or removed."""
    start = random.randint(0, len(content))
    end = start + random.choice((0, 0, 1, 1, 2, 8, 64))
    inserted = random.choice((b"", random.randbytes(3), *random.choices(_FRAGMENTS, k=6)))
    return content[:start] + inserted + content[end:]


@dataclass(frozen=True, slots=True)
class Finding:
    """A request that breaks the server, and how."""

    trouble: str
    content: bytes

    def __str__(self) -> str:
        return f"{self.trouble}\n    caused by {self.content!r}"


class Server:
    """The server under attack, and what it logs."""

    def __init__(self, url: str, log: Path, patience: float = PATIENCE) -> None:
        address = urlsplit(url)
        self.host = address.netloc
        self._address = address.hostname, address.port
        self._log = log
        self._logged = 0
        self._patience = patience
        self.received = 0

    def trouble(self, content: bytes) -> str | None:
        """Send a request; return what is wrong with the server then."""
        self.received += 1
        trouble = self._send(content)
        with self._log.open("rb") as log:
            log.seek(self._logged)
            added = log.read()
        self._logged += len(added)
        logged = ERRORS.search(added.decode(errors="replace"))
        return logged[0] if logged else trouble

    def _send(self, content: bytes) -> str | None:
        with socket.create_connection(self._address, timeout=self._patience) as connection:
            try:
                with suppress(ConnectionError):  # refused before it was complete
                    connection.sendall(content)
                if not _is_complete(content):
                    connection.shutdown(socket.SHUT_WR)
                method = content.partition(b" ")[0].decode("latin-1")
                response = http.client.HTTPResponse(connection, method=method)
                response.begin()
                response.read()
            except TimeoutError:
                return "no response"
            except OSError:  # disconnected, as after an incomplete request
                return None
            except http.client.HTTPException as error:
                return f"not an HTTP response: {error!r}"
        return None


def _is_complete(content: bytes) -> bool:
    """Return whether the server should respond now, according to the parser that it uses."""
    completed: list[bool] = []

    class Protocol:
        def on_message_complete(self) -> None:
            completed.append(True)

    try:
        httptools.HttpRequestParser(Protocol()).feed_data(content)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return True
    return bool(completed)


def find_troubles(server: Server, contents: Iterable[bytes]) -> Iterator[Finding]:
    """Send requests; yield a minimized one for each kind of trouble."""
    seen: set[str] = set()
    for content in contents:
        trouble = server.trouble(content)
        if trouble is not None and _kind(trouble) not in seen:
            seen.add(_kind(trouble))
            yield Finding(trouble, _minimized(server, content, _kind(trouble)))


def _minimized(server: Server, content: bytes, kind: str) -> bytes:
    """Return a short request that causes the same trouble; this one if it no longer does."""

    def fails(fewer: bytes) -> bool:
        return _kind(server.trouble(fewer) or "") == kind

    return shrink(content, fails) if fails(content) else content


def _kind(trouble: str) -> str:
    """Return what troubles with the same cause have in common: the place in the code, if known."""
    place = re.search(r"\((\w+\.py:\d+)\)$", trouble)
    return place[1] if place else trouble
