"""`Prefer`: request one of the contract's documented answers, as with Prism.

Preferences are read, combined and refused as by Prism 5.16, with which
tests/contract/test_prefer.py compares the mock.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from random import Random
from string import punctuation, whitespace
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock import jsontext
from xclade_store_mock.contract import Contract, Operation
from xclade_store_mock.contract.dynamic import compile_dynamic
from xclade_store_mock.web import read_header

_PREFERRED = "xclade_store_mock.preferred"

# The form of each preference, and Prism's word for it; in the order of Prism's complaints.
_FORMS = {
    "code": (re.compile(r"[0-9]{3}"), "a number"),
    "dynamic": (re.compile(r"true|false"), "a boolean"),
    "seed": (re.compile(r".*", re.DOTALL), "string"),
    "example": (re.compile(r".*", re.DOTALL), "string"),
}
_PARAMETERS = {f"__{name}": name for name in _FORMS}

_ERRORS = "https://stoplight.io/prism/errors#"
_NOT_FOUND = "The server cannot find the requested content"


class PreferenceNotMet(Exception):
    """No documented answer is like the preferred one; Prism's problem details (RFC 9457) say so."""

    def __init__(self, status: int, kind: str, title: str, detail: str) -> None:
        super().__init__(title)
        self._problem = {"type": _ERRORS + kind, "title": title, "detail": detail, "status": status}
        self._status = status

    def response(self) -> Response:
        headers = {"content-type": "application/problem+json"}
        return Response(jsontext.write(self._problem), self._status, headers)


class Prefer:
    """Reads a request's preferences and removes them from its query."""

    def __init__(self, app: ASGIApp, *, contract: Contract, json_type: str) -> None:
        self._app = app
        self._documented = {
            operation.id: DocumentedAnswers(operation, json_type)
            for operation in contract.operations.values()
        }

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on; raise PreferenceNotMet for a malformed preference."""
        header = read_header(scope, "prefer") if scope["type"] == "http" else None
        if not header and not scope.get("query_string"):
            return self._app(scope, receive, send)
        query_string, stated = _stated(scope)
        preferences = _known(stated)
        answer = partial(self._answer, preferences) if preferences else None
        return self._app({**scope, "query_string": query_string, _PREFERRED: answer}, receive, send)

    def _answer(self, preferences: Mapping[str, str], operation: Operation) -> Response:
        return self._documented[operation.id].answer(preferences)


def preferred(scope: Scope) -> Callable[[Operation], Response] | None:
    """Return what makes the documented answer that a request prefers; None without preferences.

    It raises PreferenceNotMet.
    """
    found: Callable[[Operation], Response] | None = scope.get(_PREFERRED)
    return found


def has_preferences(scope: Scope) -> bool:
    """Return whether a request states a preference, met or not."""
    _, stated = _stated(scope)
    return not _FORMS.keys().isdisjoint(stated)


def _stated(scope: Scope) -> tuple[bytes, Mapping[str, Any]]:
    """Return the query without preferences, and the preferences stated."""
    query_string, parameters = split_query(scope["query_string"])
    header = read_header(scope, "prefer")
    # Any header overrides the query, even one without a known preference.
    return query_string, _parse(header) if header else parameters


def split_query(query_string: bytes) -> tuple[bytes, Mapping[str, Any]]:
    """Return the query without preferences, otherwise unchanged, and the preferences."""
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
    """Return preferences by name, the first of each; True for one without a value.

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
    """Split outside quotes; a part with unclosed quotes is dropped."""
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


def _known(stated: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the known preferences; raise PreferenceNotMet for a malformed one."""
    known = {name: stated[name] for name in _FORMS if name in stated}
    faults = [fault for name in known for fault in _faults(name, known[name])]
    if faults:
        raise PreferenceNotMet(422, "UNPROCESSABLE_ENTITY", "Invalid request", "\n".join(faults))
    return known


def _faults(name: str, value: Any) -> Iterator[str]:
    form, word = _FORMS[name]
    if not isinstance(value, str):
        word = "string"
    elif form.fullmatch(value):
        return
    shown = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    yield f'optional property "{name}"\n└─ cannot decode {shown}, should be {word}'


class DocumentedAnswers:
    """The answers that an operation is documented to give.

    Raises UnknownKeywords for a schema that random answers could not satisfy.
    """

    def __init__(self, operation: Operation, json_type: str) -> None:
        self._documented = {
            status: (media_type, response)
            for (status, media_type), response in operation.responses.items()
        }
        self._dynamic = {
            status: compile_dynamic(response.schema)
            for status, (_, response) in self._documented.items()
        }
        self._success = min(self._documented)
        self._json_type = json_type

    def answer(self, preferences: Mapping[str, str]) -> Response:
        status, media_type, value = self._choose(preferences)
        is_json = media_type == "application/json"
        content = jsontext.write(value) if is_json else value.encode()
        headers = {"content-type": self._json_type if is_json else media_type}
        return Response(content, status, headers)

    def _choose(self, preferences: Mapping[str, str]) -> tuple[int, str, Any]:
        """Return status, media type and value; the success's examples are tried last."""
        code = int(preferences.get("code", 0))
        if code and code not in self._documented:
            detail = f"Requested status code {code} is not defined in the document."
            raise PreferenceNotMet(404, "NOT_FOUND", _NOT_FOUND, detail)
        name = preferences.get("example")
        for status in (code or self._success, self._success):
            media_type, documented = self._documented[status]
            examples = documented.examples
            if not name and (preferences.get("dynamic") == "true" or not examples):
                # Random numbers that can be repeated, not secrets.
                random = Random(preferences.get("seed") or None)  # noqa: S311
                return status, media_type, self._dynamic[status](random)
            if not name:
                return status, media_type, next(iter(examples.values()))
            if name in examples:
                return status, media_type, examples[name]
        if code:
            found = f"{_ERRORS}NOT_FOUND: {_NOT_FOUND}"
            title = f"{found}. We tried default response, but we got {found}"
            raise PreferenceNotMet(500, "UNKNOWN", title, "")
        detail = f"Response for contentType: {media_type} and exampleKey: {name} does not exist."
        raise PreferenceNotMet(404, "NOT_FOUND", _NOT_FOUND, detail)
