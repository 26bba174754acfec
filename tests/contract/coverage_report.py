"""Report which parts of the contract the tests cover; fail if a gap has no explanation."""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.contract.contract_coverage import FOLDER, contract_parts


class OutOfReach(NamedTuple):
    """Parts that a side cannot cover, and why."""

    parts: str
    reason: str


OUT_OF_REACH = {
    "server": (
        OutOfReach(r".* 200\..*\.refunds\[\]\..*", "the mock refunds no payments"),
        OutOfReach(
            r".* 200\.payment_collection\.payment_providers\[\]\..*",
            "the mock links no providers to a collection",
        ),
        OutOfReach(r".* (400|404|413|415)\.code", "the mock sets no code on these errors"),
        OutOfReach(
            "create_payment_collection 400 header idempotent-replayed",
            "the operation takes no idempotency key",
        ),
    ),
    "client": (
        OutOfReach(".* header idempotent-replayed", "the client does not read this header"),
    ),
}


@dataclass(frozen=True, slots=True)
class Side:
    """The server or the client: the parts it can cover, and those it covered."""

    name: str
    parts: tuple[str, ...]
    covered: frozenset[str]
    out_of_reach: tuple[OutOfReach, ...]

    def is_out_of_reach(self, part: str) -> bool:
        """Return whether a reason explains that a part is not covered."""
        return any(re.fullmatch(each.parts, part) for each in self.out_of_reach)

    def gaps(self) -> Iterator[str]:
        """Yield a message for each uncovered part and each invalid reason."""
        for part in self.parts:
            if part not in self.covered and not self.is_out_of_reach(part):
                yield f"No test covers {part} on the {self.name}."
        for each in self.out_of_reach:
            matched = {part for part in self.parts if re.fullmatch(each.parts, part)}
            if not matched:
                yield f"No part of the {self.name} is {each.parts}: remove it from OUT_OF_REACH."
            for part in sorted(matched & self.covered):
                yield f"The {self.name} covers {part}: remove it from OUT_OF_REACH."

    def count(self, operation_id: str) -> str:
        """Return the cells of an operation: covered parts of those in reach, and out of reach."""
        own = {part for part in self.parts if part.partition(" ")[0] == operation_id}
        within = {part for part in own if not self.is_out_of_reach(part)}
        return f"{len(within & self.covered):>12}/{len(within):<3}{len(own - within):>14}"


def read_side(name: str, folder: Path) -> Side:
    """Read what the processes of a run recorded for a side."""
    files = folder.glob(f"{name}-*")
    covered = {line for path in files for line in path.read_text("utf-8").splitlines()}
    # Clients must parse nulls, but a store need not send them.
    parts = (part for part in contract_parts() if name == "client" or " = null" not in part)
    return Side(name, tuple(dict.fromkeys(parts)), frozenset(covered), OUT_OF_REACH[name])


def table(sides: Iterable[Side]) -> Iterator[str]:
    """Yield the lines of the report: counts by operation, and reasons."""
    sides = [*sides]
    heads = "".join(f"{f'{side.name} covered':>16}{'out of reach':>14}" for side in sides)
    yield f"{'operation':<28}{heads}"
    for name in dict.fromkeys(part.partition(" ")[0] for part in sides[0].parts):
        yield f"{name:<28}" + "".join(side.count(name) for side in sides)
    for side in sides:
        for each in side.out_of_reach:
            yield f"Out of reach of the {side.name}: {each.parts} ({each.reason})."


def main() -> int:
    """Print the table and the gaps; write them and all covered parts to report.txt."""
    folder = Path(os.environ[FOLDER])
    sides = [read_side(name, folder) for name in OUT_OF_REACH]
    gaps = [gap for side in sides for gap in side.gaps()]
    lines = [*table(sides), *gaps]
    parts = [f"{side.name}: {part}" for side in sides for part in sorted(side.covered)]
    (folder / "report.txt").write_text("\n".join([*lines, "", "Covered:", *parts, ""]), "utf-8")
    print("\n".join(lines))
    return 1 if gaps else 0


if __name__ == "__main__":
    sys.exit(main())
