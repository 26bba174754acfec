"""Checks of arguments, before anything is sent: TypeError and ValueError with a clear text."""

import json
import re
from collections.abc import Mapping
from typing import Any

_VISIBLE = re.compile(r"[!-~]+")


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


def whole_number(name: str, value: object) -> int:
    """Answer a number of things."""
    if not isinstance(value, int) or isinstance(value, bool):
        message = f"{name} must be a whole number, not {type(value).__name__}"
        raise TypeError(message)
    if value < 0:
        message = f"{name} must not be negative: {value}"
        raise ValueError(message)
    return value


def json_object(name: str, value: object) -> dict[str, Any]:
    """Answer an object that JSON can carry."""
    if not isinstance(value, Mapping):
        message = f"{name} must be a mapping, not {type(value).__name__}"
        raise TypeError(message)
    copy: dict[str, Any] = {**value}
    try:
        json.dumps(copy, allow_nan=False, ensure_ascii=False).encode()
    except TypeError as error:
        message = f"{name} is not JSON: {error}"
        raise TypeError(message) from error
    except (ValueError, RecursionError) as error:
        message = f"{name} is not JSON: {error}"
        raise ValueError(message) from error
    return copy
