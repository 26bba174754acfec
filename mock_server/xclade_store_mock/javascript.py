"""How JavaScript writes and keys values: what a recorded backend's answers go through."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

_ARRAY_INDEX_MAX = 2**32 - 2
_EXPONENT_FROM = 1e21


def text(value: Any) -> str:
    """Write a JSON value as `String(value)` does: `[object Object]`, lists joined by commas."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "[object Object]"
        case list():
            return ",".join("" if item is None else text(item) for item in value)
        case int() | float():
            return _number_text(value)
        case _:
            return str(value)


def number(value: Decimal | float) -> int | float:
    """Answer the JSON number that JavaScript writes for a number: its nearest double."""
    double = float(value)
    if double.is_integer() and abs(double) < _EXPONENT_FROM:
        # By the shortest digits that name the double, padded with zeros.
        return int(Decimal(repr(double)))
    return double


def keys(names: Iterable[str]) -> list[str]:
    """Order an object's keys: array indices first, ascending, then as they were inserted."""
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
    return (
        name.isascii()
        and name.isdigit()
        and (name == str(int(name)) and int(name) <= _ARRAY_INDEX_MAX)
    )
