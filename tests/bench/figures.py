"""How figures are told: medians with their spread, and whether they reach their bars."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure, measured once in each round, is to reach in the median."""

    figure: str
    values: Sequence[float]
    limit: float
    at_least: bool = False
    by_core: Sequence[float] = ()
    """The same figure by the time that servers had their core, as if nothing else were running."""

    def row(self) -> tuple[str, ...]:
        """Tell whether it does."""
        aim = f"{'≥' if self.at_least else '≤'} {self.limit:g}"
        if not self.values:
            return (self.figure, "not measured", aim, "")
        value = statistics.median(self.values)
        met = value >= self.limit if self.at_least else value <= self.limit
        measured = spread(self.values, 2)
        if self.by_core:
            measured += f", by core {statistics.median(self.by_core):.2f}"
        return (self.figure, measured, aim, "met" if met else "**missed**")


def bars(*rows: Bar) -> str:
    """Write what is to be reached."""
    return table(("figure", "measured", "bar", ""), (bar.row() for bar in rows))


def ratios(values: Sequence[float], base: Sequence[float]) -> list[float]:
    """Divide round by round: what slows a machine down for a while slows both down."""
    return [value / of for value, of in zip(values, base, strict=True)]


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Write the median, and the least and the most."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table."""
    lines = (header, ["---"] * len(header), *rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
