"""One call: what to send, what was sent, and what came back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """A request of an operation; a header that is None is left out, the key's too."""

    operation: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type without its parameters, or an empty text."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def document(self) -> Any:
        """The body as JSON, or None."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of an operation and its answer; or why there is none."""

    operation: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    answer: Answer | None
    trouble: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the answer is a success."""
        return self.answer is not None and self.answer.status // 100 == 2  # noqa: PLR2004 - 2xx

    def header(self, name: str) -> str | None:
        """Answer a header that was sent, or None."""
        return next((value for key, value in self.headers.items() if key.lower() == name), None)
