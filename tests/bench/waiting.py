"""Measure how long people wait for commands that end by themselves."""

import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from tests.bench.calls import CONTRACT
from tests.bench.figures import spread, table
from tests.bench.page import Section
from tests.bench.startup import Start
from tests.bench.subjects import PRISM, Command, mock, started
from tests.bench.tools import node, on_first_core

KEY = "pk_demo"
EXAMPLES = "25"
"""The generated calls of each operation, by both checks."""
IDS = ("--region-id", "reg_demo", "--cart-id", "cart_demo")
TESTS = {
    "plain.py": "def test_nothing(): pass\n",
    "fixture.py": "def test_store(store_mock): assert store_mock.url\n",
}
FINDINGS = 1
"""The exit code of a check that found something."""


def measure(rounds: int) -> Section:
    """Run one command after the other, in rounds, and return the section of the page."""
    runs: dict[str, list[Start]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as temporary, started(mock(), is_measured=False) as server:
        folder = Path(temporary)
        for name, text in TESTS.items():
            (folder / name).write_text(text, "utf-8")
        for number in range(rounds + 1):
            for name, command in commands(folder, server.url).items():
                measured = run(command, folder)
                if number:  # the first round warms the disk cache
                    runs[name].append(measured)
    rows = [
        (name, *(spread(values) for values in zip(*measured, strict=True)))
        for name, measured in runs.items()
    ]
    return Section(
        "Waiting times",
        f"""The time until a command ends, on one core, in {rounds} rounds; figures are medians,
with the range in brackets. The checks generate {EXAMPLES} calls of each operation, and more from
the contract, to a mock on the other core.

{table(("command", "ms", "ms of CPU time"), rows)}
""",
    )


def commands(folder: Path, url: str) -> dict[str, Command]:
    """Return the commands by what they are called on the page."""
    scripts = Path(sys.executable).parent
    ours, schemathesis = scripts / "xclade-store-mock", scripts / "schemathesis"
    pytest = (scripts / "pytest", "-q", "-p", "no:cacheprovider")
    check = ("--publishable-key", KEY, *IDS, "--max-examples", EXAMPLES, "--seed", "1")
    run = ("--header", f"x-publishable-api-key: {KEY}", "--max-examples", EXAMPLES, "--seed", "1")
    return {
        "`xclade-store-mock --help`": (ours, "--help"),
        "`prism --help`": (node(), PRISM, "--help"),
        "`schemathesis --help`": (schemathesis, "--help"),
        "pytest, one test that uses `store_mock`": (*pytest, folder / "fixture.py"),
        "pytest, one test that uses nothing": (*pytest, folder / "plain.py"),
        "`xclade-store-mock check`, honest mock": (ours, "check", url, *check),
        "`schemathesis run`, same mock": (schemathesis, "run", CONTRACT, "--url", url, *run),
    }


def run(command: Command, folder: Path) -> Start:
    """Run a command in a folder without settings, on the first core."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        (*on_first_core(), *command), cwd=folder, capture_output=True, text=True, check=False
    )
    elapsed, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode in {0, FINDINGS}, done.stdout + done.stderr
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Start(elapsed * 1e3, cpu * 1e3)
