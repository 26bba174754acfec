"""What stands in front of Connexion: reads the body, bounded and strictly.

Connexion lets through, or answers with 500, what a payment API should refuse: invalid UTF-8, `NaN`,
bottomless nesting, bodies without a media type or a length.
"""

from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock import jsontext
from xclade_store_mock.errors import BodyTooLarge, NotJson, UnsupportedMediaType

MAX_BODY = 102_400
"""The largest body, in bytes (recorded: the backend's limit, too)."""

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_BODY = "xclade_store_mock.body"
_HEADERS = "xclade_store_mock.headers"


def received_body(scope: Scope) -> Any:
    """Answer the JSON value that the request's body stands for; no body stands for `{}`."""
    return scope[_BODY]


def read_header(scope: Scope, name: str) -> str | None:
    """Answer a request header, named in small letters, or None; several are joined by commas."""
    if _HEADERS not in scope:
        # Half a dozen are asked for in each request.
        scope[_HEADERS] = _joined(scope["headers"])
    found: bytes | None = scope[_HEADERS].get(name.encode())
    return None if found is None else found.decode("latin-1").strip()


def read_first_header(scope: Scope, name: str) -> str | None:
    """Answer a request header, named in small letters, or None; of several, the first."""
    wanted = name.encode()
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == wanted), None)


def read_headers(scope: Scope, names: Iterable[str]) -> dict[str, str]:
    """Answer those of the headers that were sent."""
    headers = {}
    for name in names:
        value = read_header(scope, name.lower())
        if value is not None:
            headers[name] = value
    return headers


def _joined(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    joined = dict(headers)
    if len(joined) < len(headers):
        values: dict[bytes, list[bytes]] = {}
        for name, value in headers:
            values.setdefault(name, []).append(value.strip())
        joined = {name: b", ".join(each) for name, each in values.items()}
    return joined


def with_body(scope: Scope, body: Any) -> Scope:
    """Answer the scope of a request whose body has been read."""
    return {**scope, _BODY: body}


async def read_whole(receive: Receive) -> bytes | None:
    """Read a body, no further than to know that it is too large; None if its sender left."""
    content = bytearray()
    more = True
    while more and len(content) <= MAX_BODY:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        content += event.get("body", b"")
        more = event.get("more_body", False)
    return bytes(content)


class Guard:
    """Lets a request pass once its body is known to be JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raise BodyTooLarge, UnsupportedMediaType or NotJson; or pass the request on.

        A request whose sender left in the middle of it is dropped.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Elsewhere a body has no meaning, and the contract no answer to it.
        content = await read_whole(receive) if scope["method"] in _WITH_BODY else b""
        if content is None:
            return
        await self._app(with_body(scope, parse_body(scope, content)), receive, send)


def parse_body(scope: Scope, content: bytes) -> Any:
    """Answer the JSON value that a body stands for; BodyTooLarge, UnsupportedMediaType, NotJson."""
    if len(content) > MAX_BODY:
        message = f"The request body is larger than {MAX_BODY} bytes."
        raise BodyTooLarge(message)
    if not content:
        return {}
    _require_plain_json(scope)
    try:
        text = content.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        message = "The body is not valid UTF-8."
        raise NotJson(message) from error
    return jsontext.read(text)


def _require_plain_json(scope: Scope) -> None:
    encoding = read_header(scope, "content-encoding")
    if encoding and encoding.lower() != "identity":
        message = f"Unsupported content encoding '{encoding}': send the body as it is."
        raise UnsupportedMediaType(message)
    content_type = read_header(scope, "content-type")
    if content_type == "application/json":
        return
    media_type, *parameters = (content_type or "").lower().split(";")
    if media_type.strip() != "application/json":
        message = f"Unsupported media type '{content_type or ''}': send application/json."
        raise UnsupportedMediaType(message)
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name == "charset" and value.strip('"') not in {"utf-8", "utf8"}:
            message = f"Unsupported charset '{value}': send UTF-8."
            raise UnsupportedMediaType(message)
