"""What can go wrong with a call.

StoreError
├── ConnectionFailed    no answer: refused, broken off or too slow
├── ErrorAnswer         the store answered with an error
└── BrokenAnswer        the store answered what the contract does not know
"""

from dataclasses import dataclass


class StoreError(Exception):
    """A call that did not get its result."""


class ConnectionFailed(StoreError):
    """The store could not be reached, or broke off, or took too long."""


class BrokenAnswer(StoreError):
    """The store's answer is not one that the contract knows, such as a proxy's HTML page."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"The store answered {status} with an unexpected body.")
        self.status = status
        self.body = body


@dataclass(eq=False)
class ErrorAnswer(StoreError):
    """The store answered with an error; `type` and `code` are open vocabularies."""

    status: int
    type: str
    message: str
    code: str | None = None

    def __str__(self) -> str:
        return f"{self.status} {self.type}: {self.message}"
