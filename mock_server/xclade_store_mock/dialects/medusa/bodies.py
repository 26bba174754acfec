"""Request bodies as Express reads them, whatever the method and the path.

Recorded: `raw/*`, `ctype/*`, `encoding/*`.
"""

import re
import zlib
from base64 import b64decode
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Mapping
from functools import partial
from importlib import resources
from typing import Any

from starlette.types import Receive, Scope

from xclade_store_mock import jsontext
from xclade_store_mock.dialects.medusa.queries import parse_form
from xclade_store_mock.errors import BodyTooLarge, NotJson, UnsupportedMediaType
from xclade_store_mock.web import read_first_header, read_header
from xclade_store_mock.web.bodies import MAX_BODY, read_body

# The grammar of media-typer 0.3, as far as the types that are read need it. content-type, which
# finds the charset, admits more.
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_QUOTED = r'"(?:[ !#-\[\]-~\x80-\xff]|\\[ -~])*+"'
_PARAMETER = rf"; *({_NAME}) *= *({_QUOTED}|{_NAME}) *"
_MEDIA_TYPE = re.compile(rf" *([A-Za-z]++/[A-Za-z-]++) *((?:{_PARAMETER})*+)")
_PARAMETERS = re.compile(_PARAMETER)
_JSON, _FORM, _TEXT = "application/json", "application/x-www-form-urlencoded", "text/plain"
# What a charset must look like even before it is looked up.
_CHARSETS = {_JSON: re.compile("utf-"), _FORM: re.compile(r"utf-8\Z"), _TEXT: re.compile("")}
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}

# The charsets of iconv-lite 0.4. Python's registry of codecs is never asked for a name from a
# request: it has codecs that are not charsets (`idna`), and lacks some of these.
_KNOWN = frozenset(resources.files(__package__).joinpath("charsets.txt").read_text("utf-8").split())
_DETECTED_FROM = 64  # bytes


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
    if media_type not in _CHARSETS:
        return {}
    if not _CHARSETS[media_type].match(charset):
        raise UnsupportedMediaType(f'unsupported charset "{charset.upper()}"')
    encoding = (read_header(scope, "content-encoding") or "").lower() or "identity"
    if encoding != "identity" and encoding not in _WINDOWS:
        raise UnsupportedMediaType(f'unsupported content encoding "{encoding}"')
    if encoding == "identity":
        _check_size(int(length or 0))
    if _canonical(charset) not in _KNOWN:
        raise UnsupportedMediaType(f'unsupported charset "{charset.upper()}"')
    content = await _read_content(receive, encoding, has_length=bool(length))
    if media_type == _TEXT:
        # No text is a valid body, whatever its charset makes of it.
        return ""
    text = _DECODERS[_canonical(charset)](content).removeprefix("\ufeff")
    if not text:
        return {}
    return _read_json(text) if media_type == _JSON else parse_form(text)


async def _read_content(receive: Receive, encoding: str, *, has_length: bool) -> bytes:
    content = await read_body(receive)
    if content is None:
        raise ClientDisconnected
    _check_size(len(content))
    if encoding in _WINDOWS and (content or has_length):
        content = _inflate(content, _WINDOWS[encoding])
    _check_size(len(content))
    return content


def _content_type(value: str) -> tuple[str, str]:
    """Return media type and charset; a header that cannot be parsed has no type."""
    found = _MEDIA_TYPE.fullmatch(value.strip(" \t"))
    if found is None:
        return "", ""
    parameters = {name.lower(): text for name, text in _PARAMETERS.findall(found[2])}
    charset = parameters.get("charset", "")
    if charset.startswith('"'):
        charset = re.sub(r"\\(.)", r"\1", charset[1:-1])
    return found[1].lower(), charset.lower() or "utf-8"


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


def _read_json(text: str) -> Any:
    if text.lstrip(" \t\n\r")[:1] not in {"{", "["}:
        raise NotJson(f"Unexpected token in JSON: {text[:10]!r}")
    return jsontext.read_as_javascript(text)


def _canonical(charset: str) -> str:
    return re.sub(r":[0-9]{4}$|[^0-9a-z]", "", charset.lower())


def _decode_utf16(content: bytes, order: str) -> str:
    whole = content[: len(content) // 2 * 2]
    return whole.decode(f"utf-16-{order}", errors="surrogatepass")


def _detect_utf16(content: bytes) -> str:
    """Decode UTF-16 by its byte order mark or, without one, by where the zeros of ASCII are."""
    high, low = content[:_DETECTED_FROM:2], content[1:_DETECTED_FROM:2]
    pairs = [*zip(high, low, strict=False)]
    is_big = sum(not first and second > 0 for first, second in pairs) > sum(
        first > 0 and not second for first, second in pairs
    )
    if content.startswith((BOM_UTF16_BE, BOM_UTF16_LE)):
        is_big = content.startswith(BOM_UTF16_BE)
    return _decode_utf16(content, "be" if is_big else "le")


def _decode_utf7(content: bytes, shifted: re.Pattern[str]) -> str:
    return shifted.sub(_unshift, content.decode("ascii", errors="replace"))


def _unshift(found: re.Match[str]) -> str:
    shift, letters, end = found.groups()
    if not letters:
        return shift if end else ""
    padded = b64decode(letters.replace(",", "/") + "A" * (-len(letters) % 4))
    return _decode_utf16(padded[: len(letters) * 6 // 8], "be")


_UTF7 = re.compile(r"(\+)([A-Za-z0-9/+]*)(-?)")
_UTF7_IMAP = re.compile(r"(&)([A-Za-z0-9/+,]*)(-?)")
_DECODERS: Mapping[str, Callable[[bytes], str]] = {
    "utf8": partial(str, encoding="utf-8", errors="replace"),
    "utf16": _detect_utf16,
    "utf16le": partial(_decode_utf16, order="le"),
    "utf16be": partial(_decode_utf16, order="be"),
    "utf7": partial(_decode_utf7, shifted=_UTF7),
    "utf7imap": partial(_decode_utf7, shifted=_UTF7_IMAP),
}
