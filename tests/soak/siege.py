"""Attack the server, and measure its effect on other clients during and after the attack."""

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from tests.bench.figures import table
from tests.bench.tools import ROOT
from tests.soak.attacks import ATTACKS
from tests.soak.probe import Probe, Times
from tests.soak.target import Target

USUALLY = 5
"""Seconds for which other clients are measured before an attack, and after it."""
SLOWER = 2.0
"""How many times the usual time other clients may wait during an attack."""
RECOVERED = 1.5
GROWTH = 1.05
REHEARSALS = 4
"""Unmeasured runs of an attack, since memory grows in irregular steps."""
PATIENCE = 15
"""Seconds until the descriptors must be released."""


class Outcome(NamedTuple):
    """The result of an attack; memory in MB."""

    name: str
    before: Times
    during: Times
    after: Times
    memory: tuple[float, float]
    open_files: tuple[int, int]
    counts: Mapping[str, int]
    missed: list[str]

    def row(self) -> tuple[str, ...]:
        """Return the row of a table."""
        times = (self.before, self.during, self.after)
        cells = [f"{each.p50:.1f} / {each.p99:.1f}" for each in times]
        memory = " → ".join(f"{each:.0f}" for each in self.memory)
        files = " → ".join(map(str, self.open_files))
        counted = ", ".join(f"{count:,} {name}" for name, count in self.counts.items())
        return (self.name, *cells, memory, files, counted, ", ".join(self.missed) or "met")


HEADER = ("attack", "before", "during", "after", "MB", "descriptors", "counted", "")


def report(outcomes: list[Outcome]) -> str:
    """Return a table of all outcomes."""
    return table(HEADER, (outcome.row() for outcome in outcomes))


def besiege(target: Target, names: Iterable[str] = ATTACKS) -> Iterator[Outcome]:
    """Run each attack several times to warm the server up, and once to measure; yield outcomes."""
    for name in names:
        _rehearse(target, name)
        yield _measure(target, name)


def _rehearse(target: Target, name: str) -> None:
    for _ in range(REHEARSALS):
        with attacking(target, name) as rehearsal:
            rehearsal.wait()


def _measure(target: Target, name: str) -> Outcome:
    probe = Probe(target.server)
    before = probe.watch(USUALLY)
    memory, open_files = target.server.resident(), target.open_files()
    with attacking(target, name) as attack:
        during = probe.watch(ATTACKS[name].seconds)
        assert attack.stdout
        counts = json.loads(attack.stdout.read())
    files_after = _wait_for_files(target, open_files)
    after = probe.watch(USUALLY)
    memories = (memory, target.server.resident())
    files = (open_files, files_after)
    outcome = Outcome(name, before, during, after, memories, files, counts, [])
    outcome.missed.extend(_judge(target, outcome))
    return outcome


@contextmanager
def attacking(target: Target, name: str) -> Iterator["subprocess.Popen[str]"]:
    """Attack from another process for a while, at a lower priority than the probe."""
    command = ["nice", sys.executable, "-W", "ignore", "-m", "tests.soak.attacks", name]
    command += [target.server.url, str(ATTACKS[name].seconds)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process


def _wait_for_files(target: Target, wanted: int) -> int:
    deadline = time.monotonic() + PATIENCE
    while target.open_files() > wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    return target.open_files()


def _judge(target: Target, outcome: Outcome) -> Iterator[str]:
    if not target.is_alive():
        yield "dead"
    failed = outcome.before.failed + outcome.during.failed + outcome.after.failed
    if failed:
        yield f"{failed} calls failed"
    is_slow = outcome.during.p50 > SLOWER * outcome.before.p50
    if is_slow and not ATTACKS[outcome.name].is_flood:
        yield "others wait"
    if outcome.after.p50 > RECOVERED * outcome.before.p50:
        yield "not recovered"
    if outcome.memory[1] > GROWTH * outcome.memory[0]:
        yield "memory kept"
    if outcome.open_files[1] > outcome.open_files[0]:
        yield "descriptors kept"
