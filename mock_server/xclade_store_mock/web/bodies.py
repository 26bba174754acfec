"""Request bodies: read up to a limit, and parsed as strict JSON.

Connexion lets through, or answers with 500, what a payment API should refuse: invalid UTF-8, `NaN`,
unbounded nesting, bodies without a media type or a length.
"""

import zlib
from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock import jsontext
from xclade_store_mock.errors import BodyTooLarge, NotJson, UnsupportedMediaType
from xclade_store_mock.web import read_header

MAX_BODY = 102_400
"""The largest request body, in bytes (recorded: the backend's limit, too)."""

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32

_METHODS = frozenset({"POST", "PUT", "PATCH"})
_BODY = "xclade_store_mock.body"


@dataclass(frozen=True)
class StrictBodies:
    """Reads each request's body, which must be JSON."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; raise BodyTooLarge, UnsupportedMediaType or NotJson.

        A request whose client disconnects is dropped.
        """
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # With other methods a body has no meaning, and the contract no answer to it.
        content = await read_body(receive) if scope["method"] in _METHODS else b""
        if content is None:
            return
        keep_body(scope, parse_body(scope, content))
        await self.app(scope, receive, send)


async def read_body(receive: Receive) -> bytes | None:
    """Read a body up to the first part beyond MAX_BODY; None if the client has disconnected."""
    content = bytearray()
    more = True
    while more and len(content) <= MAX_BODY:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        content += event.get("body", b"")
        more = event.get("more_body", False)
    return bytes(content)


def keep_body(scope: Scope, body: Any) -> None:
    """Keep, in the scope of a request, the JSON value that its body stands for."""
    scope[_BODY] = body


def received_body(scope: Scope) -> Any:
    """Return the JSON value that was kept; `{}` for no body."""
    return scope[_BODY]


def parse_body(scope: Scope, content: bytes) -> Any:
    """Return the JSON value of a body; raise BodyTooLarge, UnsupportedMediaType or NotJson."""
    if len(content) > MAX_BODY:
        raise BodyTooLarge(f"The request body is larger than {MAX_BODY} bytes.")
    if not content:
        return {}
    _require_plain_json(scope)
    try:
        text = content.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise NotJson("The body is not valid UTF-8.") from error
    return jsontext.read(text)


def _require_plain_json(scope: Scope) -> None:
    encoding = read_header(scope, "content-encoding")
    if encoding and encoding.lower() != "identity":
        message = f"Unsupported content encoding '{encoding}': send the body as it is."
        raise UnsupportedMediaType(message)
    content_type = read_header(scope, "content-type")
    media_type, *parameters = (content_type or "").lower().split(";")
    if media_type.strip() != "application/json":
        message = f"Unsupported media type '{content_type or ''}': send application/json."
        raise UnsupportedMediaType(message)
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name == "charset" and value.strip('"') not in {"utf-8", "utf8"}:
            raise UnsupportedMediaType(f"Unsupported charset '{value}': send UTF-8.")


def decode(content: bytes, encoding: str, limit: int) -> bytes | None:
    """Return up to `limit` bytes of what was encoded; None for an encoding that is not known."""
    match encoding.strip().lower():
        case "" | "identity":
            return content
        case "gzip" | "x-gzip" | "deflate":
            try:
                return zlib.decompressobj(_GZIP_OR_ZLIB).decompress(content, limit)
            except zlib.error:
                return None
    return None
