"""Queries and forms as the JavaScript library qs parses them for Medusa."""

import re
from typing import Any
from urllib.parse import unquote

from qs_codec import DecodeOptions, decode

from xclade_store_mock.errors import BodyTooLarge, NotJson

_FORM_PARAMETERS = 1000
_FORM_DEPTH = 32
_FORM_LIST = 100
# What every JavaScript object has: qs drops a query parameter of such a name.
_INHERITED = frozenset(
    {
        "__defineGetter__",
        "__defineSetter__",
        "__lookupGetter__",
        "__lookupSetter__",
        "__proto__",
        "constructor",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "toString",
        "valueOf",
    }
)


def read_query(query: str) -> Any:
    """Parse a query string into an object (`query/*`)."""
    options = DecodeOptions(decoder=_decode, list_limit=len(query))
    return _without(decode(query, options), _INHERITED)


def read_form(text: str) -> Any:
    """Parse a form body (`ctype/form*`); raise BodyTooLarge or NotJson beyond its limits."""
    parameters = text.count("&") + 1
    if parameters > _FORM_PARAMETERS:
        message = "too many parameters"
        raise BodyTooLarge(message)
    options = DecodeOptions(
        decoder=_decode,
        depth=_FORM_DEPTH,
        strict_depth=True,
        parameter_limit=_FORM_PARAMETERS,
        list_limit=max(_FORM_LIST, parameters),
    )
    try:
        form = decode(text, options)
    except IndexError as error:
        message = "The input exceeded the depth"
        raise NotJson(message) from error
    return _without(form, frozenset({"__proto__"}))


def _decode(text: str | None, *_: Any) -> str | None:
    """Decode percent-encoding; malformed text stays as it is (`query/bad-pct`)."""
    if text is None:
        return None
    spaced = text.replace("+", " ")
    if re.search(r"%(?![0-9A-Fa-f]{2})", spaced):
        return spaced
    try:
        return unquote(spaced, errors="strict")
    except UnicodeDecodeError:
        return spaced


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, names) for key, item in value.items() if key not in names}
    if isinstance(value, list):
        return [_without(item, names) for item in value]
    return value
