"""Secrets, left out of what the control API answers.

They are known by the names that they go by, in headers, in JSON, in queries and forms, or by their
looks. In any other text everything is left out that stands behind the name `client_secret`.
"""

import json
import re
from typing import Any
from urllib.parse import unquote_plus

from xclade_store_mock.redaction import HIDDEN, NAMES, hide_by_looks

_SECRET = re.compile(r"client(?:[\W_]|%[0-9a-f]{2}|\\+u005f)?secret", re.IGNORECASE)
_NAMES = re.compile(rf"{_SECRET.pattern}|{NAMES}", re.IGNORECASE)


def hide_header(name: str, value: str) -> str:
    """Answer a header's value, unless it is a secret."""
    return HIDDEN if _NAMES.search(name) else hide_text(value)


def hide_query(query: str) -> str:
    """Answer a query, or a form, without the values of parameters that are secrets."""
    return "&".join(map(_hide_parameter, query.split("&")))


def _hide_parameter(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    if equals and _NAMES.search(unquote_plus(name)):
        return f"{name}={HIDDEN}"
    return hide_text(parameter)


def hide_body(text: str) -> str:
    """Answer a body without its secrets; to the letter, if it has none."""
    try:
        value = json.loads(text, object_pairs_hook=_read_object)
        hidden = hide(value)
    except (ValueError, RecursionError):
        return hide_query(text)
    if hidden == value:
        return text
    return json.dumps(hidden, ensure_ascii=False, separators=(",", ":"))


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        message = "a name is there twice, and a secret may hide behind the second"
        raise ValueError(message)
    return read


def hide(value: Any) -> Any:
    """Answer a JSON value without the secrets in it."""
    match value:
        case dict():
            return {name: _hide_member(name, each) for name, each in value.items()}
        case list():
            return [hide(each) for each in value]
        case str():
            return hide_text(value)
        case _:
            return value


def _hide_member(name: str, value: Any) -> Any:
    return HIDDEN if value is not None and _NAMES.search(name) else hide(value)


def hide_text(text: str) -> str:
    """Answer a text up to the name of a secret, and without what looks like one."""
    text = hide_by_looks(text)
    found = _find(text)
    if found is not None:
        return text[: found.end()] + HIDDEN
    return HIDDEN if "%" in text and _find(unquote_plus(text)) else text


def _find(text: str) -> re.Match[str] | None:
    # Most texts are long, and hold none.
    return _SECRET.search(text) if "secret" in text.lower() else None
