"""HTTP: from a request to an operation, and from a refusal to a response.

May import: contract, payments, storage and the leaves. It knows the `Dialect` protocol, and never
an implementation of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from starlette.types import Scope

Headers = Sequence[tuple[bytes, bytes]]
"""Headers as ASGI has them."""

REASON = "xclade_store_mock.reason"
"""An extension of ASGI: a function that sets the response's reason phrase."""


class Call(NamedTuple):
    """A valid request to an operation, defaults filled in."""

    scope: Scope
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any

    def header(self, name: str) -> str | None:
        return read_header(self.scope, name)


def read_header(scope: Scope, name: str) -> str | None:
    """Return a request header, named in lower case, or None; repeated ones joined by commas."""
    wanted = name.encode()
    headers: Headers = scope["headers"]
    last = dict(headers)  # made in C; a loop here would take 5 % of a call
    if len(last) == len(headers):
        value = last.get(wanted)
        return None if value is None else value.strip().decode("latin-1")
    found = [value.strip() for key, value in headers if key == wanted]
    return b", ".join(found).decode("latin-1") if found else None


def is_preflight(scope: Scope) -> bool:
    """Return whether a browser asks if a page may send a request."""
    return (
        scope["method"] == "OPTIONS"
        and read_header(scope, "access-control-request-method") is not None
    )


def read_first_header(scope: Scope, name: str) -> str | None:
    """Return the first request header of a name in lower case, or None."""
    wanted = name.encode()
    headers: Headers = scope["headers"]
    if wanted not in dict(headers):
        return None
    return next(value.decode("latin-1") for key, value in headers if key == wanted)


def read_headers(scope: Scope, names: Iterable[str]) -> dict[str, str]:
    """Return those of the named headers that were sent."""
    headers = {}
    for name in names:
        value = read_header(scope, name.lower())
        if value is not None:
            headers[name] = value
    return headers
