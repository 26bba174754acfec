"""Errors that only the control API returns.

Refusal
├── ControlTokenInvalid     the token is missing or wrong
├── ControlForbidden        the request may come from another site's page
├── NotFound                a fault, provider, scenario or session that does not exist
└── Conflict                the request contradicts the current state
"""

from xclade_store_mock.errors import InvalidData, Refusal, Violation


class ControlTokenInvalid(Refusal):
    """The server has a control token, and the request does not carry it."""

    def __init__(self) -> None:
        super().__init__("The control API requires the header Authorization: Bearer TOKEN.")


class ControlForbidden(Refusal):
    """The request may come from a web page that this machine's user merely has open."""


class NotFound(Refusal):
    """Nothing of this kind has this id."""

    def __init__(self, kind: str, id_: str) -> None:
        super().__init__(f"There is no {kind} {id_!r}.")


class Conflict(Refusal):
    """The request contradicts the current state."""


def invalid_field(field: str, problem: str) -> InvalidData:
    """Return the error for a field of the body that has the right form but an unusable value."""
    return InvalidData.of([Violation(("body", field), "value", f"Field '{field}': {problem}")])
