"""Tell which parts of the contract the tests touched; fail for a gap that nothing explains."""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.contract.contract_coverage import FOLDER, contract_parts


class OutOfReach(NamedTuple):
    """Parts that a side cannot touch, and why."""

    parts: str
    reason: str


OUT_OF_REACH = {
    "server": (
        OutOfReach(
            r".* 200\.payment_collection\.(payments\[\]|payment_sessions\[\]\.payment)\..*",
            "the mock takes no money, so there are no payments",
        ),
        OutOfReach(
            r".* 200\.payment_collection\.payment_providers\[\]\..*",
            "the mock relates no providers to a collection",
        ),
        OutOfReach(r".* (400|404|413|415)\.code", "the mock gives these errors none"),
        OutOfReach(
            "create_payment_collection 400 header idempotent-replayed",
            "the operation takes no idempotency key",
        ),
    ),
    "client": (
        OutOfReach(
            ".* header idempotent-replayed", "to the client, a kept answer is like any other"
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Side:
    """The server or the client: what of the contract it can touch, and what it touched."""

    name: str
    parts: tuple[str, ...]
    touched: frozenset[str]
    out_of_reach: tuple[OutOfReach, ...]

    def is_out_of_reach(self, part: str) -> bool:
        """Tell whether there is a reason not to touch a part."""
        return any(re.fullmatch(each.parts, part) for each in self.out_of_reach)

    def gaps(self) -> Iterator[str]:
        """Tell what nothing touched, and reasons that do not hold."""
        for part in self.parts:
            if part not in self.touched and not self.is_out_of_reach(part):
                yield f"No test has the {self.name} touch {part}."
        for each in self.out_of_reach:
            meant = {part for part in self.parts if re.fullmatch(each.parts, part)}
            if not meant:
                yield f"Nothing is out of the {self.name}'s reach as {each.parts}."
            for part in sorted(meant & self.touched):
                yield f"The {self.name} reaches {part} after all."

    def count(self, operation_id: str) -> str:
        """Count what is touched of what is within reach, and what is not."""
        own = {part for part in self.parts if part.partition(" ")[0] == operation_id}
        within = {part for part in own if not self.is_out_of_reach(part)}
        return f"{len(within & self.touched):>12}/{len(within):<3}{len(own - within):>14}"


def read_side(name: str, folder: Path) -> Side:
    """Read what the processes of a run recorded of a side."""
    files = folder.glob(f"{name}-*")
    touched = {line for path in files for line in path.read_text("utf-8").splitlines()}
    # Nulls are for clients to understand; no store has to say them.
    parts = (part for part in contract_parts() if name == "client" or " = null" not in part)
    return Side(name, tuple(dict.fromkeys(parts)), frozenset(touched), OUT_OF_REACH[name])


def table(sides: Iterable[Side]) -> Iterator[str]:
    """Count by operation, and tell what is out of reach."""
    sides = [*sides]
    heads = "".join(f"{f'{side.name} touched':>16}{'out of reach':>14}" for side in sides)
    yield f"{'operation':<28}{heads}"
    for name in dict.fromkeys(part.partition(" ")[0] for part in sides[0].parts):
        yield f"{name:<28}" + "".join(side.count(name) for side in sides)
    for side in sides:
        for each in side.out_of_reach:
            yield f"Out of the {side.name}'s reach: {each.parts}, for {each.reason}."


def main() -> int:
    """Print the table and the gaps, and write them beside the records, with every part."""
    folder = Path(os.environ[FOLDER])
    sides = [read_side(name, folder) for name in OUT_OF_REACH]
    gaps = [gap for side in sides for gap in side.gaps()]
    told = [*table(sides), *gaps]
    parts = [f"{side.name}: {part}" for side in sides for part in sorted(side.touched)]
    (folder / "report.txt").write_text("\n".join([*told, "", "Touched:", *parts, ""]), "utf-8")
    print("\n".join(told))
    return 1 if gaps else 0


if __name__ == "__main__":
    sys.exit(main())
