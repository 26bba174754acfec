"""How the dialects differ, as one table: the reply to each refusal, and other behaviour.

It is what the dialects answer, what docs/deviations.md shows, and what `check` provokes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import msgspec

from xclade_store_mock import errors
from xclade_store_mock.errors import Refusal
from xclade_store_mock.web.dialect import Reply


@dataclass(frozen=True, slots=True)
class Row:
    """The reply to a refusal in either dialect; None where it cannot arise."""

    situation: str
    documented: Reply | None = None
    medusa: Reply | None = None

    @property
    def differs(self) -> bool:
        return self.documented != self.medusa


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A difference that is more than a reply."""

    situation: str
    documented: str
    medusa: str
    source: str


def _read(name: str, kind: Any) -> Mapping[str, Any]:
    text = resources.files(__package__).joinpath(name).read_text("utf-8")
    entries: Mapping[str, Any] = msgspec.yaml.decode(text, type=dict[str, kind])
    return entries


ROWS: Mapping[type[Refusal], Row] = {
    getattr(errors, name): row for name, row in _read("replies.yaml", Row).items()
}
BEHAVIOURS: Mapping[str, Behaviour] = _read("behaviours.yaml", Behaviour)
"""The differences by id."""
