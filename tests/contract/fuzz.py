"""Fuzz the server in either dialect, or the client, with one contract.

Schemathesis makes the calls and checks the responses, configured by schemathesis.toml. Calls that
fail are kept in tests/contract/regressions, which the tests replay.
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from tests.check.seeds import false_alarms
from tests.contract.raw_fuzz import ERRORS, Server, find_troubles, raw_requests

from xclade_store_mock.app import utc_now
from xclade_store_mock.payments.seed import demo_store

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
CRASHES = Path(".schemathesis/default/cache/crashes")
"""Where Schemathesis keeps failed calls, below its working directory."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What to fuzz: a command that serves it and first prints its URL."""

    name: str
    command: tuple[str, ...]
    contract: str = str(ROOT / "openapi/store.yaml")
    hooks: str = ""

    @property
    def regressions(self) -> Path:
        """The folder of calls that failed once."""
        return HERE / "regressions" / self.name


_SERVE = (str(BIN / "xclade-store-mock"), "serve", "--port", "0", "--dialect")
SUBJECTS = {
    "documented": Subject("documented", (*_SERVE, "documented")),
    "medusa": Subject("medusa", (*_SERVE, "medusa"), hooks="tests.contract.medusa_hooks"),
    "client": Subject(
        "client",
        (sys.executable, "-W", "ignore", "-m", "tests.contract.relay"),
        contract="{url}/openapi.json",
    ),
}


@contextmanager
def serving(subject: Subject, log: Path) -> Iterator[str]:
    """Serve a subject, logging to a file; yield its URL."""
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            subject.command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as process,
    ):
        assert process.stdout
        try:
            yield re.findall(r"http://\S+", process.stdout.readline())[0]
        finally:
            process.terminate()


def run(
    subject: Subject, url: str, folder: Path, *options: str, capture: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run Schemathesis in a folder, which keeps the failed calls."""
    contract = subject.contract.format(url=url)
    # Kept calls are replayed, so they must be complete.
    whole = ("--output-sanitize", "false")
    return _schemathesis(
        subject, folder, "run", contract, "--url", url, *whole, *options, capture=capture
    )


def replay(subject: Subject, url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Replay the calls that failed once."""
    contract = ("--schema-location", subject.contract.format(url=url))
    return _schemathesis(
        subject, folder, "replay", str(subject.regressions), "--keep", "--url", url, *contract
    )


def _schemathesis(
    subject: Subject, folder: Path, *arguments: str, capture: bool = True
) -> subprocess.CompletedProcess[str]:
    config = str(ROOT / "schemathesis.toml")
    command = [str(BIN / "schemathesis"), "--config-file", config, "--no-color"]
    environment = {
        **os.environ,
        # Importing Connexion causes a deprecation warning of Starlette's.
        "PYTHONWARNINGS": "ignore",
        "PYTHONPATH": os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(ROOT)))),
        "SCHEMATHESIS_HOOKS": subject.hooks,
    }
    return subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=capture,
        text=True,
    )


def bugs_in(log: Path) -> str:
    """Return the log if it has an error: a bug's 500 may look like an expected one."""
    logged = log.read_text("utf-8")
    return logged if ERRORS.search(logged) else ""


def keep_failures(subject: Subject, folder: Path) -> Iterator[Path]:
    """Copy failed calls to where the tests replay them; yield the new files."""
    subject.regressions.mkdir(parents=True, exist_ok=True)
    for crash in sorted((folder / CRASHES).glob("*_*.json")):
        call = json.loads(crash.read_text("utf-8"))["case_id"]
        kept = subject.regressions / f"{crash.stem}_{call}.json"
        shutil.copy(crash, kept)
        yield kept


def fuzz(subject: Subject, url: str, folder: Path, seed: int, hours: float) -> int:
    """Fuzz a subject for some time; keep the calls that fail, and return the exit code."""
    seconds = max(1, round(hours * 3600))
    options = ("--seed", str(seed), "--max-time", str(seconds))
    result = run(subject, url, folder, *options, capture=False)
    for path in keep_failures(subject, folder):
        print(f"kept: {path.relative_to(ROOT)}")
    return result.returncode


def check(subject: Subject, url: str, seed: int, runs: int) -> int:
    """Check a subject with one seed after another; print false alarms, and return the exit code."""
    found = 0
    for alarm in false_alarms(url, subject.name, range(seed, seed + runs)):
        print(alarm, flush=True)
        found += 1
    print(f"{found} of {runs} runs of `check` had findings")
    return min(found, 1)


def fuzz_raw(url: str, log: Path, seed: int, hours: float) -> int:
    """Send raw bytes for some time; print what breaks the server, and return the exit code."""
    end = time.monotonic() + hours * 3600
    server = Server(url, log)
    requests = raw_requests(demo_store(utc_now()), server.host, seed)
    found = 0
    for finding in find_troubles(server, takewhile(lambda _: time.monotonic() < end, requests)):
        print(finding, flush=True)
        found += 1
    print(f"seed {seed}: {server.received} requests, {found} kinds of trouble")
    return min(found, 1)


def main() -> int:
    """Fuzz for some time; return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    add = parser.add_argument
    long = parser.add_mutually_exclusive_group()
    long.add_argument("--hours", type=float, default=1.0, help="how long (default: 1)")
    long.add_argument("--minutes", type=float, help="how long, in minutes")
    add("--seed", type=int, help="repeat an earlier run (default: random)")
    add("--check", type=int, metavar="N", help="run `check` with N seeds instead, from --seed on")
    add("--raw", action="store_true", help="send raw bytes instead of calls of the contract")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--dialect",
        choices=("documented", "medusa"),
        default="documented",
        help="the server's dialect (default: documented)",
    )
    what.add_argument("--client", action="store_true", help="fuzz the client, not the server")
    arguments = parser.parse_args()
    if arguments.raw and (arguments.client or arguments.check):
        parser.error("--raw is for the server, without --client and --check")
    hours = arguments.hours if arguments.minutes is None else arguments.minutes / 60
    subject = SUBJECTS["client" if arguments.client else arguments.dialect]
    seed = random.SystemRandom().getrandbits(32) if arguments.seed is None else arguments.seed
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        log = folder / "log"
        with serving(subject, log) as url:
            if arguments.check:
                code = check(subject, url, seed, arguments.check)
            elif arguments.raw:
                code = fuzz_raw(url, log, seed, hours)
            else:
                code = fuzz(subject, url, folder, seed, hours)
        bugs = bugs_in(log)
    print(bugs, end="")
    return 1 if bugs else code


if __name__ == "__main__":
    sys.exit(main())
