"""Replace secrets and personal data, the same value always by the same placeholder.

A value is known by its name, such as `client_secret` or `first_name`, or by its looks.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

from xclade_store_mock.redaction import read_object
from xclade_store_mock.web import Headers

_NAMES = re.compile(
    r"""
      (?P<key>      publishable | api[-_]?key )
    | (?P<token>    secret | token | password | authorization | cookie )
    | (?P<email>    e-?mail )
    | (?P<phone>    phone )
    | (?P<name>     ^(?:first|middle|last|full|given|family|customer|cardholder)[-_]?name$
                    | ^company(?:[-_]?name)?$ )
    | (?P<address>  address(?:[-_]?\d)?$ | ^line[-_]?\d$ | ^street | ^city$ | ^post(?:al[-_]?)?code$
                    | ^zip(?:[-_]?code)?$ | ^province$ | ^ip$ )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LOOKS = re.compile(
    r"""
      (?P<key>    \b(?:pk|sk|rk|whsec)_[\w-]++ )
    | (?P<secret> \b\w+_secret_\w+ )
    | (?P<token>  (?<![\w-])eyJ[\w-]++\.[\w-]++\.[\w-]*+ | (?<=://)[^/\s:@]*+:[^/\s@]++(?=@) )
    | (?P<email>  (?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)++ )
    """,
    re.VERBOSE,
)
_MEMBER = re.compile(
    r'"(?P<name>[^"\\]*+)"(?P<colon>\s*+:\s*+)"(?P<value>(?:[^"\\]|\\.)*+)"?', re.DOTALL
)
_KEY = re.compile("(?:pk|sk|rk|whsec)_")
_WORD = re.compile(r"\S++")
_SCHEME = re.compile(r"\s*+\S++\s++(?=\S)")
_PLACEHOLDERS = {
    "key": "key_recorded_{}",
    "token": "token_recorded_{}",
    "email": "customer{}@example.com",
    "phone": "+1555{:07}",
    "name": "Name {}",
    "address": "Address {}",
}
# With one of these beside it, a name is a person's.
_OF_A_PERSON = frozenset({"address", "email", "phone", "line1", "postal_code"})
_INHERITED = frozenset({"key", "token", "email", "phone"})

_REQUEST = re.compile(
    r"accept(?:-\w+)?|access-control-.*|content-(?:encoding|language|type)|idempotency-key|if-.*"
    r"|origin|prefer|x-http-method-override|x-medusa-locale|x-no-compression"
)
_RESPONSE = re.compile(
    r"access-control-.*|allow|cache-control|content-(?:language|type)|etag|idempotent-replayed"
    r"|location|retry-after|vary"
)


class Pseudonyms:
    """The placeholders of one recording."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def request_headers(self, headers: Headers) -> tuple[tuple[str, str], ...]:
        """Return the headers of a request that a backend may look at."""
        return tuple(self._headers(headers, _REQUEST))

    def response_headers(self, headers: Headers) -> tuple[tuple[str, str], ...]:
        """Return the headers of a response that describe it."""
        return tuple(self._headers(headers, _RESPONSE))

    def _headers(self, headers: Headers, harmless: re.Pattern[str]) -> Iterator[tuple[str, str]]:
        for raw_name, raw_value in headers:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            kind = _kind(name)
            if name in {"cookie", "set-cookie"}:
                yield name, self._cookies(value, 1 if name == "set-cookie" else -1)
            elif kind is not None:
                scheme = _SCHEME.match(value) if name.endswith("authorization") else None
                yield name, self._words(value, kind, scheme.end() if scheme else 0)
            elif harmless.fullmatch(name):
                yield name, self.target(value) if name == "location" else self.text(value)

    def _words(self, value: str, kind: str, start: int) -> str:
        """Replace each word from `start` on."""
        hidden = _WORD.sub(lambda found: self._value(found[0], kind), value[start:])
        return f"{value[:start]}{hidden}"

    def _cookies(self, value: str, count: int) -> str:
        """Replace the values of the first `count` cookies; what follows are attributes."""
        parts = value.split(";")
        for index, part in enumerate(parts[: count if count > 0 else None]):
            name, equals, secret = part.partition("=")
            parts[index] = f"{name}{equals}{self._value(secret, 'token')}"
        return ";".join(parts)

    def target(self, target: str) -> str:
        """Return a request's target, or a URL."""
        path, mark, query = target.partition("?")
        hidden = "/".join(self._encoded(part, unquote(part), None) for part in path.split("/"))
        return f"{hidden}{mark}{self._query(query)}"

    def _query(self, query: str) -> str:
        return "&".join(map(self._parameter, query.split("&")))

    def _parameter(self, parameter: str) -> str:
        name, equals, value = parameter.partition("=")
        kind = _kind(unquote_plus(name).rstrip("]").rpartition("[")[2])
        return f"{name}{equals}{self._encoded(value, unquote_plus(value), kind)}"

    def _encoded(self, text: str, plain: str, kind: str | None) -> str:
        hidden = self._value(plain, kind)
        return text if hidden == plain else quote(hidden, safe="")

    def body(self, content: bytes, media_type: str) -> bytes:
        """Return a body; one without anything to replace is returned unchanged."""
        charset = _charset(content)
        text = content.decode(charset)
        hidden = self._body_text(text, is_form=media_type.startswith("application/x-www-form"))
        return content if hidden == text else hidden.encode(charset)

    def _body_text(self, text: str, *, is_form: bool) -> str:
        with suppress(ValueError, RecursionError):
            value = json.loads(text, object_pairs_hook=read_object)
            hidden = self._json(value, None)
            if hidden == value:
                return text
            return json.dumps(hidden, separators=(",", ":"), allow_nan=False)
        return self.text(self._query(text) if is_form else _MEMBER.sub(self._member, text))

    def _member(self, found: re.Match[str]) -> str:
        """Replace a member of what is not valid JSON, whose structure is not known."""
        kind = _kind(found["name"], is_person=True)
        if kind is None and found["value"] not in self._known:
            return found[0]
        return f'"{found["name"]}"{found["colon"]}"{self._value(found["value"], kind or "token")}"'

    def _json(self, value: Any, kind: str | None) -> Any:
        match value:
            case dict():
                is_person = not _OF_A_PERSON.isdisjoint(value)
                inherited = kind if kind in _INHERITED else None
                return {
                    self.text(name): self._json(each, _kind(name, is_person=is_person) or inherited)
                    for name, each in value.items()
                }
            case list():
                return [self._json(each, kind) for each in value]
            case str():
                return self._value(value, kind)
            case bool() | None:
                return value
            case _:
                return value if kind is None else self._value(str(value), kind)

    def text(self, text: str) -> str:
        """Return a text without what looks like a secret or an e-mail address."""
        return _LOOKS.sub(lambda found: self._value(found[0], found.lastgroup), text)

    def _value(self, value: str, kind: str | None) -> str:
        if kind is None:
            return self.text(value)
        if not value.strip():
            return value
        if value not in self._known:
            self._known[value] = self._placeholder(value, kind)
        return self._known[value]

    def _placeholder(self, value: str, kind: str) -> str:
        words = value.split(" ")
        if len(words) > 1 and all(word in self._known for word in words):
            return " ".join(self._known[word] for word in words)  # a full name
        number = len(self._known) + 1
        intent, mark, _ = value.partition("_secret_")
        if mark:  # Stripe's client secret begins with the id of its intent
            return f"{intent}{mark}recorded{number}"
        if found := _KEY.match(value):
            return f"{found[0]}recorded_{number}"
        return _PLACEHOLDERS[kind].format(number)


def _kind(name: str, *, is_person: bool = False) -> str | None:
    if is_person and name in {"name", "state"}:
        return "name"
    if name.endswith(("_id", "_at")):
        return None
    found = _NAMES.search(name)
    return None if found is None else found.lastgroup


def _charset(content: bytes) -> str:
    """Return an encoding in which the bytes can be decoded: JSON's, or else Latin-1."""
    candidates = ["utf-8"] if b"\0" not in content else [json.detect_encoding(content)]
    for charset in candidates:
        with suppress(UnicodeDecodeError):
            content.decode(charset)
            return charset
    return "latin-1"
