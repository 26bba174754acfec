"""JSON as the mock reads and writes it."""

import json
import math
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import orjson

from xclade_store_mock import javascript
from xclade_store_mock.errors import NotJson

MAX_DEPTH = 200
"""How deep arrays and objects may nest in a request; the validator gives up at 256."""

_SAFE_INTEGER = 2**53
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def read(text: str) -> Any:
    """Parse a request's JSON; raise NotJson for what could not be answered again as it came.

    That is, beside broken JSON: NaN and infinities, numbers that a double does not hold digit by
    digit, other than whole ones, NUL and lone surrogates in strings, and nesting beyond MAX_DEPTH.
    """
    value = _parse(text, _EXACT)
    # Without an escape in UTF-8 there can be neither.
    fault = find_unstorable(value) if "\\u" in text else None
    if fault is not None:
        message = f"The body {fault}."
        raise NotJson(message)
    return value


def read_as_javascript(text: str) -> Any:
    """Parse JSON as JavaScript does: numbers are doubles, and those beyond their range null."""
    return _parse(text, _JAVASCRIPT)


def require_json(value: Any) -> None:
    """Raise TypeError or ValueError for what JSON has no word for."""
    _ENCODER.encode(value)


def write(value: Any) -> bytes:
    """Serialize to compact UTF-8; NaN and infinities, as JavaScript does, to null."""
    try:
        # Copied, since it keeps the kilobytes of room in which it was written.
        return bytes(memoryview(orjson.dumps(value)))
    except orjson.JSONEncodeError:
        # It takes no integers beyond 64 bits, no lone surrogates and no deep nesting.
        return _ENCODER.encode(value).encode("utf-8", errors="backslashreplace")


def read_written(content: bytes) -> Any:
    """Parse JSON that the mock has written."""
    return orjson.loads(content)


def find_unstorable(value: Any) -> str | None:
    """Tell what a database could not keep of a value: NUL and lone surrogates in strings."""
    level = [value]
    while level:
        for item in level:
            if isinstance(item, str):
                if "\0" in item:
                    return "has a NUL character in a string"
                if not item.isascii() and any("\ud800" <= each <= "\udfff" for each in item):
                    return "has a lone surrogate in a string"
        level = list(_children(level))
    return None


def _children(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from value
        elif isinstance(value, dict):
            yield from value.keys()
            yield from value.values()


def _parse(text: str, decoder: json.JSONDecoder) -> Any:
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        message = f"The body is not valid JSON: {error}"
        raise NotJson(message) from error
    except (RecursionError, ValueError) as error:
        # A ValueError of its own: an integer longer than Python converts (4,300 digits).
        message = "The body is nested too deeply or holds a number that is too long."
        raise NotJson(message) from error
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _require_shallow(value)
    return value


def _require_shallow(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = list(_children(level))
        if not level:
            return
    message = f"The body is nested more than {MAX_DEPTH} levels deep."
    raise NotJson(message)


def _refuse_constant(name: str) -> NoReturn:
    message = f"The body is not valid JSON: {name} is not a JSON number."
    raise NotJson(message)


def _read_float(digits: str) -> float:
    value = _read_in_range(digits)
    if not _names(digits, value):
        message = f"The number {digits[:40]} has more digits than can be kept."
        raise NotJson(message)
    return value


def _read_whole(digits: str) -> int:
    _read_in_range(digits)
    return int(digits)


def _read_in_range(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        message = f"The number {digits[:40]} is too large."
        raise NotJson(message)
    return value


def _names(digits: str, value: float) -> bool:
    """Tell whether a number is the one that the double is written as."""
    try:
        return Decimal(digits) == Decimal(repr(value))
    except InvalidOperation:  # an exponent beyond Decimal's
        return False


def _read_double(digits: str) -> float | None:
    value = float(digits)
    return None if math.isinf(value) else javascript.number(value)


def _read_integer(digits: str) -> float | None:
    value = float(digits)
    return int(digits) if abs(value) < _SAFE_INTEGER else _read_double(digits)


_EXACT = json.JSONDecoder(
    parse_float=_read_float, parse_int=_read_whole, parse_constant=_refuse_constant
)
_JAVASCRIPT = json.JSONDecoder(
    parse_float=_read_double, parse_int=_read_integer, parse_constant=_refuse_constant
)
