"""Checks of arguments, before anything is sent: TypeError and ValueError with a clear text."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

_VISIBLE = re.compile(r"[!-~]+")
# Bare, or a quoted string: as the contract has it.
_IDEMPOTENCY_KEY = re.compile(r'[!#-~][!-~]{0,254}|"([!#-\[\]-~]|\\["\\]){1,255}"')
_LARGEST = 2**31 - 1


def text(name: str, value: object) -> str:
    """Answer a string that can be sent."""
    if not isinstance(value, str):
        message = f"{name} must be a string, not {type(value).__name__}"
        raise TypeError(message)
    if not value.isascii() and any("\ud800" <= each <= "\udfff" for each in value):
        message = f"{name} has a lone surrogate, which UTF-8 cannot carry"
        raise ValueError(message)
    return value


def identifier(name: str, value: object) -> str:
    """Answer an id: not empty, and no step in a path."""
    checked = text(name, value)
    if checked in {"", ".", ".."}:
        message = f"{name} is no id: {checked!r}"
        raise ValueError(message)
    return checked


def token(name: str, value: object, longest: int = 255) -> str:
    """Answer what a header can carry; the text of the error does not repeat it."""
    checked = text(name, value)
    if not _VISIBLE.fullmatch(checked) or len(checked) > longest:
        message = f"{name} must be 1 to {longest} visible ASCII characters"
        raise ValueError(message)
    return checked


def idempotency_key(value: object) -> str:
    """Answer an idempotency key."""
    checked = text("idempotency_key", value)
    if not _IDEMPOTENCY_KEY.fullmatch(checked):
        message = "idempotency_key must be 1 to 255 visible ASCII characters, bare or quoted"
        raise ValueError(message)
    return checked


def whole_number(name: str, value: object) -> int:
    """Answer a number of things."""
    if not isinstance(value, int) or isinstance(value, bool):
        message = f"{name} must be a whole number, not {type(value).__name__}"
        raise TypeError(message)
    if not 0 <= value <= _LARGEST:
        message = f"{name} must be 0 to {_LARGEST}"
        raise ValueError(message)
    return value


def instance(name: str, value: object, expected: type[object]) -> None:
    """Refuse what is of another class."""
    if not isinstance(value, expected):
        message = f"{name} must be an httpx.{expected.__name__}, not {type(value).__name__}"
        raise TypeError(message)


def positive(name: str, value: object) -> int:
    """Answer a number of things, at least one."""
    checked = whole_number(name, value)
    if checked == 0:
        message = f"{name} must be at least 1"
        raise ValueError(message)
    return checked


def seconds(name: str, value: object) -> float:
    """Answer a time that one can wait."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        message = f"{name} must be a number of seconds, not {type(value).__name__}"
        raise TypeError(message)
    if not 0 <= value < math.inf:
        message = f"{name} must be a finite number of seconds: {value}"
        raise ValueError(message)
    return value


def timeout(value: object) -> float:
    """Answer a time after which to give up."""
    checked = seconds("timeout", value)
    if checked == 0:
        message = "timeout must be more than 0 seconds; None is the default"
        raise ValueError(message)
    return checked


def json_object(name: str, value: object) -> dict[str, Any]:
    """Answer an object that JSON can carry."""
    if not isinstance(value, Mapping):
        message = f"{name} must be a mapping, not {type(value).__name__}"
        raise TypeError(message)
    try:
        written = json.dumps(value, allow_nan=False, ensure_ascii=False, default=_plain)
        written.encode()
    except TypeError as error:
        message = f"{name} is not JSON: {error}"
        raise TypeError(message) from error
    except (ValueError, RecursionError) as error:
        message = f"{name} is not JSON: {error}"
        raise ValueError(message) from error
    plain: dict[str, Any] = json.loads(written)
    return plain


def _plain(value: object) -> dict[str, object]:
    """Let mappings that are no dict through, such as the data of an earlier session."""
    if isinstance(value, Mapping):
        return {**value}
    message = f"{type(value).__name__} has no place in JSON"
    raise TypeError(message)
