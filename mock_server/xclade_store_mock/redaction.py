"""What a secret is, and how it is cut out of texts, JSON and HTTP messages.

A secret is known by its name, or by its looks whatever its name is. The texts come from strangers,
so every pattern has to be linear: a possessive quantifier (`++`) never returns what it matched.
"""

import json
import re
from typing import Any
from urllib.parse import unquote_plus

HIDDEN = "[redacted]"

_WORDS = "secret|token|password|authorization|cookie|publishable|api[-_]?key"
_NAME = re.compile(_WORDS, re.IGNORECASE)
_PUBLISHABLE_KEY = re.compile(r"pk_\w+")
_CLIENT_SECRET = re.compile(r"client(?:[\W_]|%[0-9a-f]{2}|\\+u005f)?secret", re.IGNORECASE)
_STRIPE_SECRET = re.compile(r"\b\w+_secret_\w+", re.IGNORECASE)
_LOOKS = re.compile(
    rf"""
      (?P<user>  ://[^/\s:@]*: )  [^/\s@]+ (?=@)
    | \b(?:pk|sk|rk|whsec)_[\w-]+
    | {_STRIPE_SECRET.pattern}
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MEMBER = re.compile(
    rf"""
      (?P<name>  " (?=[^"]*?(?:{_WORDS})) [^"]*+ " \s*+ : \s*+ )
      (?P<value> " (?:[^"\\]|\\.)*+ "? )
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_ASSIGNMENT = re.compile(
    rf"""
      (?P<name>  (?<![\w-]) (?=[\w-]*?(?:{_WORDS})) [\w-]++
                 (?:["'\\\]]|%22|%5D)*+ \s*+ (?:[:=]|%3A|%3D) \s*+ )
      (?P<value> b?" (?:[^"\\]|\\.)++ "?
               | b?' (?:[^'\\]|\\.)++ '?
               | \\++["'] [^"'\\]++ (?:\\++["'])?
               | ["'\\]*+ (?:(?:bearer|basic)\s++)? [^\s"'\\&;,}}]++ )
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def hide_key(token: str) -> str:
    """Return a publishable key, which is public, and nothing else that is sent in its place."""
    return token if _PUBLISHABLE_KEY.fullmatch(token) else HIDDEN


def hide_header(name: str, value: str) -> str:
    """Return a header's value without secrets."""
    return HIDDEN if _NAME.search(name) else hide_text(value)


def hide_query(query: str) -> str:
    """Return a query string or a form without secrets."""
    return "&".join(map(_hide_parameter, query.split("&")))


def _hide_parameter(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    if equals and _NAME.search(unquote_plus(name)):
        return f"{name}={HIDDEN}"
    return hide_text(parameter)


def hide_body(text: str) -> str:
    """Return a body without secrets; one that has none is returned unchanged."""
    try:
        value = json.loads(text, object_pairs_hook=read_object)
        hidden = hide(value)
    except (ValueError, RecursionError):
        return hide_query(text)
    if hidden == value:
        return text
    return json.dumps(hidden, ensure_ascii=False, separators=(",", ":"))


def read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members of a JSON object; raise ValueError if a name occurs twice."""
    members = dict(pairs)
    if len(members) < len(pairs):
        message = "a name occurs twice, so the first value would be lost, and may be a secret"
        raise ValueError(message)
    return members


def hide(value: Any) -> Any:
    """Return a JSON value without secrets."""
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
    return HIDDEN if value is not None and _NAME.search(name) else hide(value)


def hide_text(text: str) -> str:
    """Return a text without secrets, and without all that follows the name `client_secret`."""
    text = _LOOKS.sub(_hide_looks, text)
    found = _find_client_secret(text)
    if found is not None:
        return text[: found.end()] + HIDDEN
    return HIDDEN if "%" in text and _find_client_secret(unquote_plus(text)) else text


def _find_client_secret(text: str) -> re.Match[str] | None:
    # Most texts are long and have none; the substring test is faster than the pattern.
    return _CLIENT_SECRET.search(text) if "secret" in text.lower() else None


def hide_message(text: str) -> str:
    """Return a log message without secrets: `token=…`, `"client_secret": "…"`, `sk_…`."""
    return _LOOKS.sub(_hide_looks, _ASSIGNMENT.sub(_hide_value, text))


def hide_members(text: str) -> str:
    """Return a text without the secrets in the JSON, whole or not, that it quotes."""
    return _STRIPE_SECRET.sub(HIDDEN, _MEMBER.sub(_hide_value, text))


def _hide_looks(found: re.Match[str]) -> str:
    return f"{found['user'] or ''}{HIDDEN}"


def _hide_value(found: re.Match[str]) -> str:
    quote = found["value"][0] if found["value"][0] in "\"'" else ""
    return f"{found['name']}{quote}{HIDDEN}{quote}"
