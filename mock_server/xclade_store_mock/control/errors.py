"""Errors of the control API, and its responses."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from xclade_store_mock import jsontext
from xclade_store_mock.errors import InvalidData, Refusal, Violation

Document = Mapping[str, Any]
"""What the control API writes as JSON."""


class ControlTokenInvalid(Refusal):
    """The server was given a control token, and the request does not have it."""

    def __init__(self) -> None:
        super().__init__("The control API needs the header Authorization: Bearer TOKEN.")


class ControlForbidden(Refusal):
    """The request may come from a page that the person at this machine just happens to look at."""


class NotThere(Refusal):
    """Nothing has this id."""

    kind: str

    def __init__(self, id_: str) -> None:
        super().__init__(f"There is no {self.kind} {id_!r}.")


class FaultNotFound(NotThere):
    """The fault was never planned, or has come to all that it was planned for."""

    kind = "fault"


class ProviderNotFound(NotThere):
    """The store does not list the payment provider."""

    kind = "payment provider"


class ScenarioNotFound(NotThere):
    """No scenario has this name."""

    kind = "scenario"


class SessionNotFound(NotThere):
    """The payment collection does not have the session, or not any more."""

    kind = "payment session"


class InTheWay(Refusal):
    """What is there already does not allow it."""


def respond(document: Document, status: int = 200) -> Response:
    """Answer with a document."""
    return Response(jsontext.write(document), status, media_type="application/json")


def done() -> Response:
    """Answer that it is done, and nothing else."""
    return Response(status_code=204)


def refused(field: str, fault: str) -> InvalidData:
    """Make the error for a field of the body whose form is right and whose value is not."""
    return InvalidData.of([Violation(("body", field), "value", f"Field '{field}': {fault}")])
