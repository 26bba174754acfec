"""The header `sl-violations`, in which Prism tells how a request breaks the contract.

A JSON array in ASCII, of the first violations and bounded in length; it is never cut in the middle.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from xclade_store_mock import errors
from xclade_store_mock.errors import Refusal

NAME = "sl-violations"
LONGEST = 4_000
"""How many characters the header has at most."""

_LONGEST_MESSAGE = 200


def sl_violations(error: Refusal) -> dict[str, str]:
    """Answer the header if the error is that the request breaks the contract, or nothing."""
    violations = [*_violations(error)]
    while len(value := json.dumps(violations, separators=(",", ":"))) > LONGEST:
        violations.pop()
    return {NAME: value} if violations else {}


def _violations(error: Refusal) -> Iterator[Mapping[str, Any]]:
    match error:
        case errors.InvalidData():
            for violation in error.violations:
                yield _violation(*violation)
        case errors.RegionMissing():
            yield _violation(("query", "region_id"), "minLength", error.message)
        case errors.PublishableKeyMissing() | errors.PublishableKeyInvalid():
            yield _violation((), 401, error.message)
        case errors.UnsupportedMediaType():
            yield _violation((), 415, error.message)


def _violation(location: tuple[str, ...], code: str | int, message: str) -> Mapping[str, Any]:
    shown = message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}…"
    return {
        "location": ["request", *location],
        "severity": "Error",
        "code": code,
        "message": shown,
    }
