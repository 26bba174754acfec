"""JSON in and out, and numbers, texts and keys as JavaScript writes them."""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from itertools import chain, islice
from typing import Any, NoReturn

import orjson

from xclade_store_mock.errors import NotJson

MAX_DEPTH = 200
"""How deep arrays and objects may nest in a request."""

_MAX_JAVASCRIPT_DEPTH = 250

WHITE_SPACE = (
    "\t\n\v\f\r \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""The characters that JavaScript counts as white space; Python counts others."""

_INDEX = re.compile("0|[1-9][0-9]{0,9}")
_MAX_INDEX = 2**32 - 2
_EXPONENT_FROM = 1e21
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def read(text: str) -> Any:
    """Parse a request's JSON; raise NotJson for what could not be returned unchanged.

    Besides malformed JSON, that is: NaN and infinities, fractions that a double does not represent
    digit by digit, NUL and lone surrogates in strings, and nesting deeper than MAX_DEPTH.
    """
    value = _parse(text, _EXACT, MAX_DEPTH)
    # Text decoded from UTF-8 can hold them only as escapes.
    fault = find_unstorable(value) if "\\u" in text else None
    if fault is not None:
        raise NotJson(f"The body {fault}.")
    return value


def read_as_javascript(text: str) -> Any:
    """Parse JSON as JavaScript does: numbers are doubles, and those beyond their range are null."""
    return _parse(text, _JAVASCRIPT, _MAX_JAVASCRIPT_DEPTH)


def require_json(value: Any) -> None:
    """Raise TypeError or ValueError for a value that JSON cannot represent."""
    _ENCODER.encode(value)


def write(value: Any) -> bytes:
    """Serialize to compact UTF-8; NaN and infinities become null, as in JavaScript."""
    try:
        # A copy, because orjson's bytes keep the kilobytes of its buffer alive.
        return bytes(memoryview(orjson.dumps(value)))
    except orjson.JSONEncodeError:
        # orjson refuses integers beyond 64 bits, lone surrogates and deep nesting.
        return _ENCODER.encode(value).encode("utf-8", errors="backslashreplace")


def read_written(content: bytes) -> Any:
    """Parse JSON that the mock has written."""
    return orjson.loads(content)


def find_unstorable(value: Any) -> str | None:
    """Return why a database could not store a value: NUL or a lone surrogate in a string."""
    for item in chain.from_iterable(_levels(value)):
        if isinstance(item, str):
            if "\0" in item:
                return "has a NUL character in a string"
            if not item.isascii() and any("\ud800" <= each <= "\udfff" for each in item):
                return "has a lone surrogate in a string"
    return None


def text_to_bytes(text: str) -> str:
    """Return a text whose characters stand for the UTF-8 bytes of another, surrogates included."""
    return text.encode("utf-8", errors="surrogatepass").decode("latin-1")


def text_of_bytes(text: str) -> str:
    """Return the text of which `text_to_bytes` made another."""
    return text.encode("latin-1").decode("utf-8", errors="surrogatepass")


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return a JSON value with every string in it, and every key, changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [map_texts(item, change) for item in value]
    if isinstance(value, dict):
        return {change(key): map_texts(item, change) for key, item in value.items()}
    return value


def _levels(value: Any) -> Iterator[list[Any]]:
    """Yield the values at each depth: the value itself, what it contains, and so on."""
    level = [value]
    while level:
        yield level
        lists = [each for each in level if isinstance(each, list)]
        objects = [each for each in level if isinstance(each, dict)]
        level = [*chain(*lists, *objects, *(each.values() for each in objects))]


def _parse(text: str, decoder: json.JSONDecoder, depth: int) -> Any:
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        raise NotJson(f"The body is not valid JSON: {error}") from error
    except (RecursionError, ValueError) as error:
        # The ValueError: an integer longer than Python converts (4,300 digits).
        message = "The body is nested too deeply or holds a number that is too long."
        raise NotJson(message) from error
    is_deep = text.count("[") + text.count("{") > depth
    if is_deep and next(islice(_levels(value), depth, None), None) is not None:
        raise NotJson(f"The body is nested more than {depth} levels deep.")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(f"The body is not valid JSON: {name} is not a JSON number.")


def _read_in_range(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise NotJson(f"The number {digits[:40]} is too large.")
    return value


def _read_integer(digits: str) -> int:
    _read_in_range(digits)
    return int(digits)


def _read_float(digits: str) -> float:
    value = _read_in_range(digits)
    with suppress(InvalidOperation):  # an exponent beyond Decimal's
        if Decimal(digits) == Decimal(repr(value)):
            return value
    raise NotJson(f"The number {digits[:40]} has more digits than can be kept.")


def _read_double(digits: str) -> float | None:
    value = float(digits)
    return None if math.isinf(value) else number(value)


_EXACT = json.JSONDecoder(
    parse_float=_read_float, parse_int=_read_integer, parse_constant=_refuse_constant
)
_JAVASCRIPT = json.JSONDecoder(
    parse_float=_read_double, parse_int=_read_double, parse_constant=_refuse_constant
)


def number(value: Decimal | float) -> int | float:
    """Return the number that JavaScript writes for a value: its nearest double."""
    double = float(value)
    if double.is_integer() and abs(double) < _EXPONENT_FROM:
        # The shortest digits that identify the double, padded with zeros.
        return int(Decimal(repr(double)))
    return double


def javascript_text(value: Any) -> str:
    """Return `String(value)`: `[object Object]` for objects, lists joined by commas."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "[object Object]"
        case list():
            return ",".join("" if item is None else javascript_text(item) for item in value)
        case int() | float():
            return _number_text(value)
        case _:
            return str(value)


def javascript_keys(names: Iterable[str]) -> list[str]:
    """Order an object's keys: array indices first, ascending, then in order of insertion."""
    listed = list(names)
    indices = [name for name in listed if _is_index(name)]
    return sorted(indices, key=int) + [name for name in listed if not _is_index(name)]


def _number_text(value: float) -> str:
    written = repr(number(value))
    mantissa, exponent, digits = written.partition("e")
    if not exponent:
        return written
    sign, power = digits[0], digits[1:].lstrip("0")
    small = 7  # 0.000001 is written out, 1e-7 is not
    if sign == "-" and int(power) < small:
        return f"{Decimal(written):f}"
    return f"{mantissa}e{sign}{power}"


def _is_index(name: str) -> bool:
    return _INDEX.fullmatch(name) is not None and int(name) <= _MAX_INDEX
