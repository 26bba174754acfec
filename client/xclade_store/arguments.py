"""Checks of arguments, before anything is sent. All raise TypeError or ValueError."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

_VISIBLE = re.compile(r"[!-~]+")
# Bare or a quoted string, as in the contract.
_IDEMPOTENCY_KEY = re.compile(r'[!#-~][!-~]{0,254}|(?=.{3,257}\Z)"([!#-\[\]-~]|\\["\\])+"')
_LARGEST = 2**31 - 1


def text(name: str, value: object) -> str:
    """Return the value if it is a string that UTF-8 can encode."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {type(value).__name__}")
    if not value.isascii() and any("\ud800" <= each <= "\udfff" for each in value):
        raise ValueError(f"{name} has a lone surrogate, which UTF-8 cannot encode")
    return value


def identifier(name: str, value: object) -> str:
    """Return the value if it is an id: not empty, and not a relative path segment."""
    checked = text(name, value)
    if checked in {"", ".", ".."}:
        raise ValueError(f"{name} is not a valid id: {checked!r}")
    return checked


def token(name: str, value: object, longest: int = 255) -> str:
    """Return the value if a header can hold it; the error does not repeat it."""
    checked = text(name, value)
    if not _VISIBLE.fullmatch(checked) or len(checked) > longest:
        raise ValueError(f"{name} must be 1 to {longest} visible ASCII characters")
    return checked


def customer_token(value: object) -> str:
    """Return the value if it is a customer's token; the error does not repeat it."""
    if text("customer_token", value).lower().startswith("bearer "):
        raise ValueError("customer_token must be the token alone, without 'Bearer '")
    return token("customer_token", value, longest=8192)


def idempotency_key(value: object) -> str:
    """Return the value if it is an idempotency key."""
    checked = text("idempotency_key", value)
    if not _IDEMPOTENCY_KEY.fullmatch(checked):
        message = "idempotency_key must be 1 to 255 visible ASCII characters, bare or quoted"
        raise ValueError(message)
    return checked


def whole_number(name: str, value: object) -> int:
    """Return the value if it is an integer that the contract allows."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}")
    if not 0 <= value <= _LARGEST:
        raise ValueError(f"{name} must be 0 to {_LARGEST}")
    return value


def instance(name: str, value: object, expected: type[object]) -> None:
    """Require an instance of a class."""
    if not isinstance(value, expected):
        kind = f"{expected.__module__}.{expected.__name__}"
        raise TypeError(f"{name} must be an {kind}, not {type(value).__name__}")


def positive(name: str, value: object) -> int:
    """Return the value if it is an integer of at least 1."""
    checked = whole_number(name, value)
    if checked == 0:
        raise ValueError(f"{name} must be at least 1")
    return checked


def seconds(name: str, value: object) -> float:
    """Return the value if it is a finite number of seconds, at least 0."""
    checked = _finite_seconds(name, value)
    if checked < 0:
        raise ValueError(f"{name} must be at least 0 seconds: {value}")
    return checked


def positive_seconds(name: str, value: object) -> float:
    """Return the value if it is more than 0 seconds."""
    checked = _finite_seconds(name, value)
    if checked <= 0:
        raise ValueError(f"{name} must be more than 0 seconds, or None for the default: {value}")
    return checked


def _finite_seconds(name: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__}")
    if not -math.inf < value < math.inf:
        raise ValueError(f"{name} must be a finite number of seconds: {value}")
    return value


def json_object(name: str, value: object) -> dict[str, Any]:
    """Return a copy of a mapping as plain JSON values."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a mapping, not {type(value).__name__}")
    try:
        written = json.dumps(value, allow_nan=False, ensure_ascii=False, default=_plain)
        written.encode()
    except TypeError as error:
        raise TypeError(f"{name} is not JSON: {error}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is not JSON: {error}") from error
    plain: dict[str, Any] = json.loads(written)
    return plain


def _plain(value: object) -> dict[str, object]:
    """Return a mapping as a dict, so that the data of an earlier session can be sent."""
    if isinstance(value, Mapping):
        return {**value}
    raise TypeError(f"{type(value).__name__} is not a JSON type")
