"""`Prefer`: ask for one of the contract's documented answers, as one asks Prism.

How preferences are read and combined, and what is answered to those that cannot be met, is Prism's
way (5.16); tests/contract/test_prefer.py holds the mock against it.
"""

import json
import re
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from string import punctuation, whitespace
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock import jsontext
from xclade_store_mock.contract import Operation
from xclade_store_mock.contract.documented import compile_dynamic
from xclade_store_mock.web.dialect import Dialect, json_type
from xclade_store_mock.web.guard import read_header

_PREFERENCES = "xclade_store_mock.preferences"

# What a preference must be, and Prism's word for it; in the order in which Prism complains.
_FORMS = {
    "code": (re.compile(r"[0-9]{3}"), "a number"),
    "dynamic": (re.compile(r"true|false"), "a boolean"),
    "seed": (re.compile(r".*", re.DOTALL), "string"),
    "example": (re.compile(r".*", re.DOTALL), "string"),
}
_PARAMETERS = {f"__{name}": name for name in _FORMS}

_ERRORS = "https://stoplight.io/prism/errors#"
_NOT_FOUND = "The server cannot find the requested content"


@dataclass(frozen=True, slots=True)
class Preferences:
    """Which documented answer is wanted; without a code, the success."""

    code: int | None
    example: str | None
    dynamic: bool
    seed: str | None


class PreferenceNotMet(Exception):
    """What is preferred cannot be answered; Prism's problem says why."""

    def __init__(self, status: int, kind: str, title: str, detail: str) -> None:
        super().__init__(title)
        self._problem = {
            "type": _ERRORS + kind,
            "title": title,
            "detail": detail,
            "status": status,
        }
        self._status = status

    def response(self) -> Response:
        """Answer with the problem (RFC 9457)."""
        headers = {"content-type": "application/problem+json"}
        return Response(jsontext.write(self._problem), self._status, headers)


class Prefer:
    """Reads what a request prefers, and takes it out of the query."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on; raise PreferenceNotMet for a malformed preference."""
        header = read_header(scope, "prefer") if scope["type"] == "http" else None
        if not header and not scope.get("query_string"):
            return self._app(scope, receive, send)
        query_string, stated = _stated(scope)
        preferences = _read(stated)
        understood = {**scope, "query_string": query_string, _PREFERENCES: preferences}
        return self._app(understood, receive, send)


def has_preferences(scope: Scope) -> bool:
    """Tell whether a request prefers a documented answer, be it to be had or not."""
    _, stated = _stated(scope)
    return not _FORMS.keys().isdisjoint(stated)


def _stated(scope: Scope) -> tuple[bytes, Mapping[str, Any]]:
    """Answer the query without preferences, and what is preferred."""
    query_string, parameters = split_query(scope["query_string"])
    header = read_header(scope, "prefer")
    # Any header silences the query, even one that prefers none of this.
    return query_string, _parse(header) if header else parameters


def split_query(query_string: bytes) -> tuple[bytes, Mapping[str, Any]]:
    """Answer the query without preferences, to the letter, and the preferences."""
    others: list[bytes] = []
    stated: dict[str, list[str]] = {}
    for parameter in query_string.split(b"&"):
        pairs = parse_qsl(parameter.decode("latin-1"), keep_blank_values=True)
        key, value = pairs[0] if pairs else ("", "")
        if key in _PARAMETERS:
            stated.setdefault(_PARAMETERS[key], []).append(value)
        else:
            others.append(parameter)
    return b"&".join(others), {
        name: values[0] if len(values) == 1 else values for name, values in stated.items()
    }


def _parse(header: str) -> Mapping[str, Any]:
    """Answer preferences by name, the first of each; True for one without a value.

    A parameter (`a; b=c`) is a preference `a-b`.
    """
    stated: dict[str, Any] = {}
    for preference in _split(header, ","):
        base = ""
        for segment in _split(preference, ";"):
            token, _, value = segment.partition("=")
            name = f"{base}-{token.strip().lower()}"
            stated.setdefault(name.strip(punctuation + whitespace), _unquote(value.strip()) or True)
            base = base or name
    return stated


def _split(text: str, separator: str) -> Iterator[str]:
    """Split where no quotes are open; what has unclosed ones is lost."""
    piece = ""
    is_open = False
    for part in text.split(separator):
        piece += part
        is_open ^= part.count('"') % 2 == 1
        if is_open:
            piece += separator
        else:
            yield piece
            piece = ""


def _unquote(value: str) -> str:
    return value[1:-1] if value.startswith('"') and value.endswith('"') else value


def _read(stated: Mapping[str, Any]) -> Preferences | None:
    """Answer what is preferred, or None; raise PreferenceNotMet for a malformed preference."""
    known = {name: stated[name] for name in _FORMS if name in stated}
    faults = [fault for name in known for fault in _faults(name, known[name])]
    if faults:
        raise PreferenceNotMet(422, "UNPROCESSABLE_ENTITY", "Invalid request", "\n".join(faults))
    if not known:
        return None
    return Preferences(
        code=int(known.get("code", 0)) or None,
        example=known.get("example") or None,
        dynamic=known.get("dynamic") == "true",
        seed=known.get("seed") or None,
    )


def _faults(name: str, value: Any) -> Iterator[str]:
    form, word = _FORMS[name]
    if not isinstance(value, str):
        word = "string"
    elif form.fullmatch(value):
        return
    shown = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    yield f'optional property "{name}"\n└─ cannot decode {shown}, should be {word}'


def preferences(scope: Scope) -> Preferences | None:
    """Answer what a request prefers; None where nothing is, or nothing may be."""
    found: Preferences | None = scope.get(_PREFERENCES)
    return found


class DocumentedAnswers:
    """All that an operation is documented to answer."""

    def __init__(self, operation: Operation, dialect: Dialect) -> None:
        self._documented = {
            status: (media_type, response)
            for (status, media_type), response in operation.responses.items()
        }
        self._success = min(self._documented)
        self._json_type = json_type(dialect)

    def answer(self, preferred: Preferences) -> Response:
        """Answer what is preferred; raise PreferenceNotMet."""
        status, media_type, value = self._choose(preferred)
        is_json = media_type == "application/json"
        content = jsontext.write(value) if is_json else value.encode()
        headers = {"content-type": self._json_type if is_json else media_type}
        return Response(content, status, headers)

    def _choose(self, preferences: Preferences) -> tuple[int, str, Any]:
        """Answer status, media type and value; an example may be the success's, too."""
        code = preferences.code
        if code is not None and code not in self._documented:
            detail = f"Requested status code {code} is not defined in the document."
            raise PreferenceNotMet(404, "NOT_FOUND", _NOT_FOUND, detail)
        name = preferences.example
        for status in (code or self._success, self._success):
            media_type, documented = self._documented[status]
            examples = documented.examples
            if name is None and (preferences.dynamic or not examples):
                # Not for secrets, but to be the same again.
                random = Random(preferences.seed)  # noqa: S311
                return status, media_type, compile_dynamic(documented.schema)(random)
            if name is None:
                return status, media_type, next(iter(examples.values()))
            if name in examples:
                return status, media_type, examples[name]
        if code is not None:
            found = f"{_ERRORS}NOT_FOUND: {_NOT_FOUND}"
            title = f"{found}. We tried default response, but we got {found}"
            raise PreferenceNotMet(500, "UNKNOWN", title, "")
        detail = f"Response for contentType: {media_type} and exampleKey: {name} does not exist."
        raise PreferenceNotMet(404, "NOT_FOUND", _NOT_FOUND, detail)
