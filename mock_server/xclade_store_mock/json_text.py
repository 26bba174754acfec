"""JSON as the mock reads and writes it: strictly, and without ever altering a value."""

import json
import math
from typing import Any, NoReturn

from xclade_store_mock.errors import NotJson

MAX_DEPTH = 500
"""How deep arrays and objects may nest in a request."""


def read(text: str) -> Any:
    """Parse a request's JSON; raise NotJson for what could not be answered again as it came.

    That is, beside broken JSON: NaN and infinities, numbers beyond a double's range, NUL and lone
    surrogates in strings, and nesting beyond MAX_DEPTH.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_read_float)
    except json.JSONDecodeError as error:
        message = f"The body is not valid JSON: {error}"
        raise NotJson(message) from error
    except (RecursionError, ValueError) as error:
        # A ValueError of its own: an integer longer than Python converts (4,300 digits).
        message = "The body is nested too deeply or holds a number that is too long."
        raise NotJson(message) from error
    _refuse_unstorable(value)
    return value


def write(value: Any) -> bytes:
    """Serialize to compact UTF-8."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _refuse_constant(name: str) -> NoReturn:
    message = f"The body is not valid JSON: {name} is not a JSON number."
    raise NotJson(message)


def _read_float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        message = f"The number {digits[:40]} is too large."
        raise NotJson(message)
    return number


def _refuse_unstorable(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                _refuse_unstorable_text(item)
            elif isinstance(item, list):
                below += item
            elif isinstance(item, dict):
                below += item.keys()
                below += item.values()
        if not below:
            return
        level = below
    message = f"The body is nested more than {MAX_DEPTH} levels deep."
    raise NotJson(message)


def _refuse_unstorable_text(text: str) -> None:
    if "\0" in text:
        message = "The body has a NUL character in a string."
        raise NotJson(message)
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        message = "The body has a lone surrogate in a string."
        raise NotJson(message)
