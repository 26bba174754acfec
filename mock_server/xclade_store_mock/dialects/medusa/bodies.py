"""Request bodies as Express reads them, whatever the method and the path.

Recorded: `raw/*`, `ctype/*`, `encoding/*`.
"""

import re
import zlib
from collections.abc import Callable
from typing import Any

from starlette.types import Receive, Scope

from xclade_store_mock import jsontext
from xclade_store_mock.dialects.medusa.queries import parse_form
from xclade_store_mock.errors import BodyTooLarge, NotJson, UnsupportedMediaType
from xclade_store_mock.web import read_first_header, read_header
from xclade_store_mock.web.bodies import MAX_BODY, read_body

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEDIA_TYPE = re.compile(
    rf'\s*({_WORD}/{_WORD})((?:\s*;\s*{_WORD}=(?:{_WORD}|"(?:[^"\\]|\\.)*"))*)\s*'
)
_CHARSET = re.compile(rf';\s*charset=(?:"([^"]*)"|({_WORD}))', re.IGNORECASE)
_JSON_CHARSETS = {"utf-8", "utf-16", "utf-16le", "utf-16be", "utf-7"}
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class ClientDisconnected(Exception):
    """The client disconnected in the middle of its body."""


async def read_value(scope: Scope, receive: Receive) -> Any:
    """Return what the body stands for: a JSON value, a form's values, a text, or `{}`.

    Raises NotJson, UnsupportedMediaType, BodyTooLarge or ClientDisconnected.
    """
    length = read_header(scope, "content-length")
    if length is None and read_header(scope, "transfer-encoding") is None:
        return {}
    media_type, charset = _content_type(read_first_header(scope, "content-type") or "")
    reader = _READERS.get(media_type)
    if reader is None:
        return {}
    _check_charset(media_type, charset)
    encoding = (read_header(scope, "content-encoding") or "").lower() or "identity"
    if encoding != "identity" and encoding not in _WINDOWS:
        raise UnsupportedMediaType(f'unsupported content encoding "{encoding}"')
    _check_size(int(length or 0))
    content = await read_body(receive)
    if content is None:
        raise ClientDisconnected
    _check_size(len(content))
    if encoding in _WINDOWS and (content or length):
        content = _inflate(content, _WINDOWS[encoding])
    _check_size(len(content))
    return reader(_decode(content, charset))


def _content_type(value: str) -> tuple[str, str]:
    """Return media type and charset; a header that cannot be parsed has no type."""
    found = _MEDIA_TYPE.fullmatch(value)
    if found is None:
        return "", ""
    charsets = _CHARSET.findall(found[2])
    return found[1].lower(), "".join(charsets[-1]).lower() if charsets else "utf-8"


def _check_charset(media_type: str, charset: str) -> None:
    allowed = _JSON_CHARSETS if media_type == "application/json" else {"utf-8"}
    if media_type != "text/plain" and charset not in allowed:
        raise UnsupportedMediaType(f'unsupported charset "{charset.upper()}"')


def _check_size(size: int) -> None:
    if size > MAX_BODY:
        raise BodyTooLarge("request entity too large")


def _inflate(content: bytes, window: int) -> bytes:
    """Decompress up to the first byte beyond MAX_BODY; gzip may have several members."""
    inflated = b""
    while content or not inflated:
        decompressor = zlib.decompressobj(window)
        try:
            inflated += decompressor.decompress(content, MAX_BODY + 1)
        except zlib.error as error:
            raise NotJson(str(error).rpartition(": ")[2]) from error
        if len(inflated) > MAX_BODY:
            break
        if not decompressor.eof:
            raise NotJson("unexpected end of file")
        if not decompressor.unused_data:
            break
        content = decompressor.unused_data
    return inflated


def _decode(content: bytes, charset: str) -> str:
    # Without a byte order mark UTF-16 is little-endian.
    if charset == "utf-16" and content[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        charset = "utf-16-le"
    return content.decode(charset, errors="replace").removeprefix("\ufeff")


def _read_json(text: str) -> Any:
    if not text:
        return {}
    if text.lstrip(" \t\n\r")[:1] not in {"{", "["}:
        raise NotJson(f"Unexpected token in JSON: {text[:10]!r}")
    return jsontext.read_as_javascript(text)


_READERS: dict[str, Callable[[str], Any]] = {
    "application/json": _read_json,
    "application/x-www-form-urlencoded": lambda text: parse_form(text) if text else {},
    "text/plain": lambda text: text,
}
