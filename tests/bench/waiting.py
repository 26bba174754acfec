"""Measure how long people wait: for a command to end, or for a server to respond."""

import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.bench import subjects
from tests.bench.calls import CONTRACT, PUBLISHABLE_KEY
from tests.bench.figures import Bar, bars, ratios, spread, table
from tests.bench.load import make_calls
from tests.bench.page import Section
from tests.bench.subjects import MEMORY, PRISM, PRISM_NAME, Command, Subject, mock, started
from tests.bench.tools import NotInstalled, install_alone, node, on_first_core

EXAMPLES = "25"
"""The generated calls of each operation, by both checks."""
IDS = ("--region-id", "reg_demo", "--cart-id", "cart_demo")
TESTS = {
    "plain.py": "def test_nothing(): pass\n",
    "fixture.py": "def test_store(store_mock): assert store_mock.url\n",
}
FINDINGS = 1
"""The exit code of a check that found something."""
HELP = "`--help`"
SERVE = "`serve`, until the first session"
SESSIONS = 1_000
"""What a run of tests may need."""
RUN = f"`serve`, until the last of {SESSIONS:,} sessions"
TEST = "pytest, one test"
CHECK = "check of an honest mock"

Wait = tuple[str, str]
"""What people wait for, and whose; ours is the first."""


class Time(NamedTuple):
    """How long something took, in milliseconds."""

    elapsed: float
    cpu: float


def measure(rounds: int) -> Section:
    """Measure one wait after the other, in rounds, and return the section of the page."""
    times: dict[Wait, list[Time]] = defaultdict(list)
    missing: dict[Wait, str] = {}
    with tempfile.TemporaryDirectory() as temporary, started(mock(), is_measured=False) as server:
        folder = Path(temporary)
        for name, text in TESTS.items():
            (folder / name).write_text(text, "utf-8")
        for number in range(rounds + 1):
            sys.stderr.write(f"Round {number} of {rounds} ...\n")
            for wait, take in waits(folder, server.url).items():
                try:
                    taken = take()
                except NotInstalled as reason:
                    missing[wait] = f"not measured: {reason}"
                else:
                    times[wait] += [taken] * (number > 0)  # the first round warms the disk cache
    rows = [row(wait, times) for wait in times]
    rows += ([*wait, reason, "", ""] for wait, reason in missing.items())
    limits = (
        bar(times, "start-up in memory", SERVE, PRISM_NAME, 0.45),
        bar(times, f"start-up and {SESSIONS:,} sessions", RUN, subjects.WIREMOCK, 0.5),
    )
    return Section(
        "Waiting times",
        f"""The time until a command ends or a server responds, on one core, in {rounds} rounds;
figures are medians, with the range in brackets. The checks generate {EXAMPLES} calls of each
operation, and more from the contract, to a mock on the other core. The mock that starts is
installed alone, as its users have it.

{bars(*limits)}

{table(("wait", "of", "ms", "ms of CPU time", "x ours"), rows)}
""",
    )


def bar(times: Mapping[Wait, list[Time]], what: str, title: str, peer: str, limit: float) -> Bar:
    """Return the bar for our own wait relative to a peer's, if both were measured."""
    pairs = [*zip(times.get((title, MEMORY), ()), times.get((title, peer), ()), strict=False)]
    elapsed, cpu = ([ours[kind] / theirs[kind] for ours, theirs in pairs] for kind in (0, 1))
    return Bar(f"{what}, relative to {peer}", elapsed, limit, by_cpu=cpu)


def row(wait: Wait, times: Mapping[Wait, list[Time]]) -> list[str]:
    """Return the cells of a wait, which the last one compares with ours."""
    ours = next(taken for (title, _), taken in times.items() if title == wait[0])
    slower = ratios([each.elapsed for each in times[wait]], [each.elapsed for each in ours])
    return [*wait, *map(spread, zip(*times[wait], strict=True)), spread(slower, 1)]


def waits(folder: Path, url: str) -> Mapping[Wait, Callable[[], Time]]:
    """Return how to measure each wait, with the checks calling the mock at a URL."""
    servers = (
        *(mock(commands=install_alone("mock")), subjects.prism()),
        *(subjects.wiremock(), subjects.specmatic()),
        *(subjects.mockoon(), subjects.stock(), subjects.bare()),
    )
    every: dict[Wait, Callable[[], Time]] = {
        wait: partial(run, command, folder) for wait, command in commands(folder, url).items()
    }
    for sessions, title in ((1, SERVE), (SESSIONS, RUN)):
        every |= {(title, each.name): partial(start, each, sessions) for each in servers}
    return every


def commands(folder: Path, url: str) -> Mapping[Wait, Callable[[], Command]]:
    """Return what returns each command that ends by itself, or raises NotInstalled."""
    scripts = Path(sys.executable).parent
    ours, schemathesis = scripts / "xclade-store-mock", scripts / "schemathesis"
    pytest = (scripts / "pytest", "-q", "-p", "no:cacheprovider")
    key, generated = PUBLISHABLE_KEY, ("--max-examples", EXAMPLES, "--seed", "1")
    check = (ours, "check", url, "--publishable-key", key, *IDS, *generated)
    run = (schemathesis, "run", CONTRACT, "--url", url, *generated)
    return {
        (HELP, "the mock"): lambda: (install_alone("mock") / ours.name, "--help"),
        (HELP, PRISM_NAME): lambda: (node(), PRISM, "--help"),
        (HELP, subjects.WIREMOCK): lambda: (*subjects.wiremock_command(), "--help"),
        (HELP, subjects.SPECMATIC): lambda: (*subjects.specmatic_command(), "--help"),
        (HELP, "schemathesis"): lambda: (schemathesis, "--help"),
        (TEST, "with `store_mock`"): lambda: (*pytest, folder / "fixture.py"),
        (TEST, "without a fixture"): lambda: (*pytest, folder / "plain.py"),
        (CHECK, "`xclade-store-mock check`"): lambda: check,
        (CHECK, "`schemathesis run`"): lambda: (*run, "--header", f"x-publishable-api-key: {key}"),
    }


def run(command: Callable[[], Command], folder: Path) -> Time:
    """Run a command in a folder without settings, on the first core."""
    line = (*on_first_core(), *command())
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
    elapsed, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode in {0, FINDINGS}, done.stdout + done.stderr
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Time(elapsed * 1e3, cpu * 1e3)


def start(subject: Subject, sessions: int) -> Time:
    """Start a server, and stop it once it has initialized so many sessions, one by one."""
    began = time.perf_counter()
    with started(subject) as server:
        make_calls(server, sessions - 1)
        return Time((time.perf_counter() - began) * 1e3, server.cpu() * 1e3)
