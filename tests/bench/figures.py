"""Format figures: medians with their range, and whether they meet their bars."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """A limit for the median of a figure that is measured once in each round."""

    figure: str
    values: Sequence[float]
    limit: float
    at_least: bool = False
    by_cpu: Sequence[float] = ()
    """The same figure in CPU time, which other processes on the machine affect less."""

    def row(self) -> tuple[str, ...]:
        """Return the cells of its table row."""
        limit = f"{'≥' if self.at_least else '≤'} {self.limit:g}"
        if not self.values:
            return (self.figure, "not measured", limit, "")
        value = statistics.median(self.values)
        met = value >= self.limit if self.at_least else value <= self.limit
        measured = spread(self.values, 2)
        if self.by_cpu:
            measured += f", in CPU time {statistics.median(self.by_cpu):.2f}"
        return (self.figure, measured, limit, "met" if met else "**missed**")


def bars(*rows: Bar) -> str:
    """Return a table of bars."""
    return table(("figure", "measured", "bar", ""), (bar.row() for bar in rows))


def ratios(values: Sequence[float], base: Sequence[float]) -> list[float]:
    """Divide round by round, so that a slow phase of the machine affects both values."""
    return [value / of for value, of in zip(values, base, strict=True)]


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Format the median, the minimum and the maximum."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = (header, ["---"] * len(header), *rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
