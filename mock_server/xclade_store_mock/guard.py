"""What stands in front of Connexion: reads the body, bounded and strictly.

Connexion lets through, or answers with 500, what a payment API should refuse: invalid UTF-8, `NaN`,
bottomless nesting, bodies without a media type or a length.
"""

from collections.abc import Iterable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock import json_text
from xclade_store_mock.errors import BodyTooLarge, NotJson, UnsupportedMediaType

MAX_BODY = 102_400
"""The largest body, in bytes (recorded: the backend's limit, too)."""

_BODY = "xclade_store_mock.body"


def received_body(scope: Scope) -> Any:
    """Answer the JSON value that the request's body stands for; no body stands for `{}`."""
    return scope["extensions"][_BODY]


def read_header(scope: Scope, name: str) -> str | None:
    """Answer a request header, or None; one that is there more than once is joined by commas."""
    wanted = name.lower().encode()
    values = [value.decode("latin-1").strip() for key, value in scope["headers"] if key == wanted]
    return ", ".join(values) if values else None


class Guard:
    """Lets a request pass once its body is known to be JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raise BodyTooLarge, UnsupportedMediaType or NotJson; or pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        content = await _read_body(receive)
        body: Any = {}
        if content:
            _require_json(read_header(scope, "content-type"))
            body = _parse(content)
        headers = [*_without(scope["headers"], b"content-length", b"transfer-encoding")]
        headers.append((b"content-length", str(len(content)).encode()))
        extensions = {**scope.get("extensions", {}), _BODY: body}
        passed = {**scope, "headers": headers, "extensions": extensions}
        await self._app(passed, _replay(content, receive), send)


async def _read_body(receive: Receive) -> bytes:
    content = bytearray()
    more = True
    while more:
        message = await receive()
        content += message.get("body", b"")
        if len(content) > MAX_BODY:
            raise BodyTooLarge(MAX_BODY)
        more = message.get("more_body", False)
    return bytes(content)


def _require_json(content_type: str | None) -> None:
    media_type, *parameters = (content_type or "").lower().split(";")
    if media_type.strip() != "application/json":
        message = f"Unsupported media type '{content_type or ''}': send application/json."
        raise UnsupportedMediaType(message)
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name == "charset" and value.strip('"') not in {"utf-8", "utf8"}:
            message = f"Unsupported charset '{value}': send UTF-8."
            raise UnsupportedMediaType(message)


def _parse(content: bytes) -> Any:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = "The body is not valid UTF-8."
        raise NotJson(message) from error
    return json_text.read(text)


def _without(
    headers: Iterable[tuple[bytes, bytes]], *names: bytes
) -> Iterable[tuple[bytes, bytes]]:
    return (header for header in headers if header[0] not in names)


def _replay(content: bytes, receive: Receive) -> Receive:
    """Give the body again, then whatever comes after it (the disconnection)."""
    messages: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed
