"""Fuzz the server in either dialect, or the client: one harness for all, with one contract.

Schemathesis makes the calls and judges the answers, as schemathesis.toml tells it. The calls that
fail are kept in tests/contract/regressions, and replayed by the tests ever after.
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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
CRASHES = Path(".schemathesis/default/cache/crashes")
"""Where Schemathesis keeps the calls that failed, below the folder that it runs in."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is fuzzed: a command that serves it, and prints its URL first."""

    name: str
    command: tuple[str, ...]
    contract: str = str(ROOT / "openapi/store.yaml")
    hooks: str = ""

    @property
    def regressions(self) -> Path:
        """The folder of the calls that once failed."""
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
    """Serve a subject, what it logs in a file; answer its URL."""
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
    """Have Schemathesis fuzz what is served there, and leave in the folder what failed."""
    contract = subject.contract.format(url=url)
    # What is kept is replayed, and has to be whole for that.
    whole = ("--output-sanitize", "false")
    return _schemathesis(
        subject, folder, "run", contract, "--url", url, *whole, *options, capture=capture
    )


def replay(subject: Subject, url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Have Schemathesis repeat the calls that once failed."""
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
        # Importing Connexion warns of what Starlette will want one day.
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
    """Answer what was logged, if it tells of a bug: its answer may look like an expected one."""
    logged = log.read_text("utf-8")
    return logged if "Traceback" in logged else ""


def keep_failures(subject: Subject, folder: Path) -> Iterator[Path]:
    """Copy the calls that failed to where the tests replay them; answer the new files."""
    subject.regressions.mkdir(parents=True, exist_ok=True)
    for crash in sorted((folder / CRASHES).glob("*_*.json")):
        call = json.loads(crash.read_text("utf-8"))["case_id"]
        kept = subject.regressions / f"{crash.stem}_{call}.json"
        shutil.copy(crash, kept)
        yield kept


def main() -> int:
    """Fuzz for some time; answer the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("--hours", type=float, default=1.0, help="for how long (default: 1)")
    parser.add_argument("--seed", type=int, help="repeat a run (default: a new one)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--dialect",
        choices=("documented", "medusa"),
        default="documented",
        help="of the server that is fuzzed (default: documented)",
    )
    what.add_argument("--client", action="store_true", help="fuzz the client, not the server")
    arguments = parser.parse_args()
    subject = SUBJECTS["client" if arguments.client else arguments.dialect]
    seed = random.SystemRandom().getrandbits(32) if arguments.seed is None else arguments.seed
    seconds = max(1, round(arguments.hours * 3600))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        log = folder / "log"
        with serving(subject, log) as url:
            options = ("--seed", str(seed), "--max-time", str(seconds))
            result = run(subject, url, folder, *options, capture=False)
        kept = [*keep_failures(subject, folder)]
        bugs = bugs_in(log)
    for path in kept:
        print(f"kept: {path.relative_to(ROOT)}")
    print(bugs, end="")
    return 1 if bugs else result.returncode


if __name__ == "__main__":
    sys.exit(main())
