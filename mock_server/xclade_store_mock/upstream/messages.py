"""Forwarded messages: which headers stay, which are set anew, and which bodies are looked at."""

import re
from collections.abc import Awaitable, Callable, Collection, Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock.upstream import BODILESS, OK, PORTS, Upstream
from xclade_store_mock.web import Headers, is_preflight, read_first_header, read_header

# RFC 9110 §7.6.1. Trailers are not forwarded, and the server has answered `Expect` itself.
_HOP_BY_HOP = frozenset(
    b"connection expect keep-alive proxy-authorization proxy-connection te trailer"
    b" transfer-encoding upgrade".split()
)
_REPLACED = frozenset(b"content-length host via x-forwarded-for".split())
_CONDITIONS = frozenset(b"if-modified-since if-none-match if-range range".split())
_DOMAIN = re.compile(rb";\s*+domain\s*+=\s*+\.?+(?P<domain>[^;\s]*+)\s*+", re.IGNORECASE)
_VIA = "1.1 xclade-store-mock"
MAX_HELD = 2**20
"""The longest response that is held, in bytes."""

_ALLOWED = "access-control-allow-origin"


def _end_to_end(headers: Headers) -> Iterator[tuple[bytes, bytes]]:
    """Yield the headers that are not for this connection alone, with names in lower case."""
    lowered = [(name.lower(), value) for name, value in headers]
    options = b",".join(value for name, value in lowered if name == b"connection")
    dropped = _HOP_BY_HOP.union(option.strip().lower() for option in options.split(b","))
    return (header for header in lowered if header[0] not in dropped)


def request_headers(scope: Scope, upstream: Upstream) -> Iterator[tuple[bytes, bytes]]:
    """Yield the headers of a forwarded request."""
    headers: Headers = scope["headers"]
    sent = {name for name, _ in headers}
    replaced = _REPLACED if upstream.authorization is None else _REPLACED | {b"authorization"}
    yield b"host", upstream.url.netloc
    yield from (header for header in _end_to_end(headers) if header[0] not in replaced)
    if upstream.authorization is not None:
        yield b"authorization", upstream.authorization
    # Framed anew: the request cannot end elsewhere for the upstream than it does here.
    if b"transfer-encoding" in sent:
        yield b"transfer-encoding", b"chunked"
    elif b"content-length" in sent:
        yield from (header for header in headers if header[0] == b"content-length")
    host = read_first_header(scope, "host")
    client, _ = scope.get("client") or ("unknown", None)
    yield b"via", _appended(scope, "via", _VIA)
    yield b"x-forwarded-for", _appended(scope, "x-forwarded-for", client)
    if host and b"x-forwarded-host" not in sent:
        yield b"x-forwarded-host", host.encode("latin-1")
    if b"x-forwarded-proto" not in sent:
        yield b"x-forwarded-proto", scope["scheme"].encode()


def _appended(scope: Scope, name: str, value: str) -> bytes:
    return ", ".join(filter(None, (read_header(scope, name), value))).encode("latin-1")


def response_headers(
    scope: Scope, upstream: Upstream, status: int, headers: Headers
) -> Iterator[tuple[bytes, bytes]]:
    """Yield the headers of a forwarded response."""
    host = read_first_header(scope, "host")
    origin = f"{scope['scheme']}://{host}".encode("latin-1") if host else b""
    # A length beside another framing is wrong, and one without a body is not accepted by uvicorn.
    names = {name.lower() for name, _ in headers}
    has_length = status not in BODILESS and b"transfer-encoding" not in names
    for name, value in _end_to_end(headers):
        if name == b"location":
            yield name, _rewrite(value, upstream, origin)
        elif name == b"set-cookie":
            yield name, _without_domain(value, upstream.url.raw_host)
        elif has_length or name != b"content-length":
            yield name, value


def _rewrite(location: bytes, upstream: Upstream, origin: bytes) -> bytes:
    """Return a location on the upstream as one on this server, and any other unchanged."""
    text = location.decode("latin-1")
    try:
        parts = urlsplit(text)
        scheme = parts.scheme or upstream.url.scheme
        named = scheme, parts.hostname, parts.port or PORTS.get(scheme)
    except ValueError:
        return location
    path = location
    if parts.netloc:
        if named != upstream.origin or not origin:
            return location
        path = text.partition("//")[2].removeprefix(parts.netloc).encode("latin-1")
    elif not text.startswith("/"):
        return location
    return (origin if parts.netloc else b"") + path.removeprefix(upstream.prefix)


def _without_domain(cookie: bytes, host: bytes) -> bytes:
    """Return a cookie that belongs to this server if it belonged to the upstream or its parent."""

    def keep_foreign(found: re.Match[bytes]) -> bytes:
        is_own = (b"." + host).endswith(b"." + found["domain"].lower())
        return b"" if is_own else found[0]

    return _DOMAIN.sub(keep_foreign, cookie)


def accept_readable(scope: Scope) -> Scope:
    """Return a request that accepts only the content encodings that can be decoded here."""
    headers = MutableHeaders(raw=[*scope["headers"]])
    if "accept-encoding" in headers:
        accepted = headers.getlist("accept-encoding")
        headers["accept-encoding"] = "gzip" if "gzip" in ",".join(accepted) else "identity"
    return {**scope, "headers": headers.raw}


def accept_whole(scope: Scope) -> Scope:
    """Return a request whose response is whole, whatever the client has of it already."""
    headers = [each for each in scope["headers"] if each[0] not in _CONDITIONS]
    return {**scope, "headers": headers}


Finish = Callable[[Message, bytes | None], Awaitable[bytes | None]]
"""Takes the start of a response, which it may change, and the body if that is whole; returns the
body to send in its place, or None."""


class Held:
    """A response that is held back until it is whole and `finish` has looked at it.

    One that `may_hold` refuses, or that becomes too long, is looked at without its body.
    """

    def __init__(self, send: Send, may_hold: Callable[[Message], bool], finish: Finish) -> None:
        self.is_finished = False
        self._send = send
        self._may_hold = may_hold
        self._finish = finish
        self._start: Message = {}
        self._content = bytearray()

    async def send(self, message: Message) -> None:
        """Send the next message, now or later."""
        if self.is_finished:
            await self._send(message)
        elif message["type"] == "http.response.start":
            self._start = {**message}
            if not self._may_hold(message):
                await self._release(None)
        else:
            self._content += message.get("body", b"")
            is_whole = not message.get("more_body", False)
            if is_whole or len(self._content) > MAX_HELD:
                content = bytes(self._content)
                changed = await self._release(content if is_whole else None)
                await self._send({**message, "body": content if changed is None else changed})

    async def _release(self, body: bytes | None) -> bytes | None:
        self.is_finished = True
        changed = await self._finish(self._start, body)
        await self._send(self._start)
        return changed


class Copied:
    """A response that passes as it comes.

    `finish` takes its start and a copy of its body, before the end is passed on. Without
    `is_copied`, and for a long or broken body, it is not called.
    """

    def __init__(
        self,
        send: Send,
        is_copied: Callable[[Message], bool],
        finish: Callable[[Message, bytes], None],
    ) -> None:
        self.start: Message | None = None
        self.is_finished = False
        self._send = send
        self._is_copied = is_copied
        self._finish = finish
        self._content: bytearray | None = None
        self._length = ""

    async def send(self, message: Message) -> None:
        """Send the next message."""
        if message["type"] == "http.response.start":
            self.start = message
            if self._is_copied(message):
                self._content = bytearray()
                headers = MutableHeaders(raw=message["headers"])
                self._length = headers.get("content-length", "")
        elif self._content is not None:
            self._copy(message, self._content)
        await self._send(message)

    def _copy(self, message: Message, content: bytearray) -> None:
        content += message.get("body", b"")
        # A client that knows the length does not wait for the message that ends the response.
        is_whole = str(len(content)) == self._length or not message.get("more_body", False)
        is_long = len(content) > MAX_HELD
        if is_whole or is_long:
            self._content = None
        if is_whole and not is_long and self.start is not None:
            self.is_finished = True
            self._finish(self.start, bytes(content))


def has_json(method: str, start: Message) -> bool:
    """Return whether a response is a successful one with a JSON document."""
    type_ = MutableHeaders(raw=start["headers"]).get("content-type", "")
    return start["status"] in OK and method != "HEAD" and type_.startswith("application/json")


class Cors:
    """Adds to a store's responses what a page of an allowed origin needs and they do not have.

    `origins` are those of the allowed pages; None allows all.
    """

    def __init__(self, app: ASGIApp, *, origins: Collection[str] | None) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, preflights too."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origin = read_header(scope, "origin")
        if is_preflight(scope):
            # Its status may be replaced, and the store's reason phrase would not fit.
            scope = {**scope, "extensions": {}}

        async def send_to_page(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "origin" not in headers.get("vary", "").lower():
                    # A cache must not serve this response to another page.
                    headers.add_vary_header("Origin")
                if origin is None:
                    pass  # not from a page
                elif self._origins is None or origin in self._origins:
                    _allow(scope, origin, message)
                else:
                    del headers[_ALLOWED]
            await send(message)

        await self._app(scope, receive, send_to_page)


def _allow(scope: Scope, origin: str, start: Message) -> None:
    headers = MutableHeaders(scope=start)
    if headers.get(_ALLOWED) not in {origin, "*"}:
        headers[_ALLOWED] = origin
        # Cookies need this, and the page's own origin.
        headers["access-control-allow-credentials"] = "true"
    if not is_preflight(scope):
        return
    if start["status"] >= HTTPStatus.MULTIPLE_CHOICES:
        # Browsers require success; the page then sees how the store responds to the request itself.
        start["status"] = HTTPStatus.OK.value
    for requested, allowed in (("method", "methods"), ("headers", "headers")):
        value = read_header(scope, f"access-control-request-{requested}")
        if value:
            headers.setdefault(f"access-control-allow-{allowed}", value)
