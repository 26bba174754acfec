"""Mixed traffic at full speed."""

import json
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from tests.bench.figures import table
from tests.bench.load import CONNECTIONS
from tests.bench.subjects import COLLECTIONS
from tests.soak.target import Target

SCRIPT = Path(__file__).with_name("traffic.lua")
GROWTH = 1.05
WARM_UP = 0.2
"""The part of the time that the server may take to warm up."""
STEERED_EVERY = 5
A_DAY = 24 * 60 * 60

PLANNED: tuple[Mapping[str, Any], ...] = (
    {"answer": {"status": 503, "retry_after": 1, "message": "planned by the soak"}, "times": 20},
    {"broken": "dropped", "times": 5},
    {"broken": "truncated", "when": "after", "times": 5},
    {"broken": "garbled", "times": 5},
    {"delay": 50, "times": 20},
)


class Sample(NamedTuple):
    """What the server used at one moment; memory in MB."""

    memory: float
    open_files: int


class Outcome(NamedTuple):
    """The result of a soak."""

    counts: Mapping[str, Any]
    samples: list[Sample]
    open_files: tuple[int, int]
    """Before the soak and after it."""
    problems: list[str]

    @property
    def warm(self) -> float:
        """Return the memory just after the warm-up."""
        return statistics.median(each.memory for each in self._fifths()[0])

    @property
    def final(self) -> float:
        """Return the memory at the end."""
        return statistics.median(each.memory for each in self._fifths()[1])

    def _fifths(self) -> tuple[list[Sample], list[Sample]]:
        part = max(1, int(len(self.samples) * WARM_UP))
        return self.samples[part : 2 * part] or self.samples, self.samples[-part:]

    def missed(self) -> Iterator[str]:
        """Yield the requirements that were not met."""
        for body, times in self.counts["unplanned"].items():
            yield f"answered {times} times with a 5xx that nobody planned: {body}"
        for problem in self.problems[:10]:
            yield f"on stderr: {problem}"
        if self.final > GROWTH * self.warm:
            yield f"grew from {self.warm:.1f} to {self.final:.1f} MB"
        if self.open_files[1] > self.open_files[0]:
            yield f"kept {self.open_files[1] - self.open_files[0]} descriptors"

    def report(self) -> str:
        """Return the outcome as a table."""
        seconds, requests = self.counts["us"] / 1e6, self.counts["requests"]
        statuses = sorted(self.counts["statuses"].items())
        most = max(each.open_files for each in self.samples)
        before, after = self.open_files
        rows = (
            ("seconds", f"{seconds:,.0f}"),
            ("requests", f"{requests:,} ({requests / seconds:,.0f}/s)"),
            ("statuses", ", ".join(f"{status}: {times:,}" for status, times in statuses)),
            ("5xx that nobody planned", str(sum(self.counts["unplanned"].values()))),
            ("broken connections", f"{self.counts['broken']:,}"),
            ("problems on stderr", str(len(self.problems))),
            ("MB after the warm-up", f"{self.warm:.1f}"),
            ("MB at the end", f"{self.final:.1f} ({self.final / self.warm - 1:+.1%})"),
            ("descriptors before, at most, after", f"{before}, {most}, {after}"),
        )
        return table(("soak", ""), rows)


def soak(target: Target, seconds: int) -> Outcome:
    """Send traffic, while planning faults and measuring the server."""
    with httpx.Client(base_url=f"{target.server.url}/_mock", timeout=30) as control:
        _drive(target, control, seconds=3)
        before = _resting(target)
        counts, samples = _drive(target, control, seconds)
        after = _resting(target)
    return Outcome(counts, samples, (before, after), target.problems())


def _drive(
    target: Target, control: httpx.Client, seconds: int
) -> tuple[Mapping[str, Any], list[Sample]]:
    command = ["wrk", "-t1", "--timeout", "30s", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    command += ["-s", str(SCRIPT), target.server.url, "--", str(COLLECTIONS)]
    samples = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as wrk:
        assert wrk.stdout
        for second in count():
            if second % STEERED_EVERY == 0:
                _steer(control, PLANNED[second // STEERED_EVERY % len(PLANNED)])
            if wrk.poll() is not None:
                break
            samples.append(Sample(target.server.resident(), target.open_files()))
            time.sleep(1)
        counts = json.loads(wrk.stdout.read().splitlines()[-1])
    return counts, samples


def _steer(control: httpx.Client, fault: Mapping[str, Any]) -> None:
    """Plan a fault, read the journal, and advance the clock by a day.

    Idempotency keys live for a day, so the server keeps only those of a few seconds.
    """
    control.post("/faults", json=fault).raise_for_status()
    control.get("/journal", params={"limit": 20}).raise_for_status()
    control.post("/clock/advance", json={"seconds": A_DAY}).raise_for_status()


def _resting(target: Target) -> int:
    """Return the number of descriptors when no request is being served."""
    least = target.open_files()
    for _ in range(100):
        time.sleep(0.1)
        least = min(least, target.open_files())
    return least
