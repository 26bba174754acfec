"""What only the control API refuses; app.py answers it.

Refusal
├── ControlTokenInvalid     missing, or not the server's
├── ControlForbidden        asked by a page of another site
├── NotThere                nothing has this id
│   ├── FaultNotFound
│   ├── ProviderNotFound
│   ├── ScenarioNotFound
│   └── SessionNotFound
└── InTheWay                what is there already does not allow it
"""

from xclade_store_mock.errors import Refusal


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
