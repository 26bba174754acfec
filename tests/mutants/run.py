"""Plant each mutant in a copy of the project, and report which test finds it.

Tests import the copy instead of the installed packages.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from tests.mutants import catalogue, client, console, storage
from tests.mutants.mutant import Mutant

GROUPS = {
    "core": catalogue.MUTANTS,
    "client": client.MUTANTS,
    "console": console.MUTANTS,
    "storage": storage.MUTANTS,
}
MUTANTS = tuple(mutant for group in GROUPS.values() for mutant in group)
ROOT = Path(__file__).parents[2]
FIRST_FAILURE = re.compile(r"^(?:FAILED|ERROR) (tests/.+?)(?: - .*)?$", re.MULTILINE)


def copy_project(folder: Path) -> Path:
    """Copy tracked files, and new ones that are not ignored."""
    listed = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, names.decode().split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, target, follow_symlinks=False)
    # Scripts find their tools here; scripts/setup must not install the copy.
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / "scripts/setup").write_text("#!/bin/sh\n", "utf-8")
    return folder


@contextmanager
def planted(mutant: Mutant, folder: Path) -> Iterator[None]:
    """Plant a mutant, and restore the file afterwards."""
    path = folder / mutant.path
    text = path.read_text("utf-8")
    if text.count(mutant.present) != 1:
        raise ValueError(
            f"{mutant.name!r}: its text occurs {text.count(mutant.present)} times in {mutant.path}"
        )
    _write(path, text.replace(mutant.present, mutant.faulty))
    try:
        yield
    finally:
        _write(path, text)


def _write(path: Path, text: str) -> None:
    """Write a file that is a second newer: Python takes one of equal length for compiled else."""
    newer = path.stat().st_mtime + 1
    path.write_text(text, "utf-8")
    os.utime(path, (newer, newer))


def run_tests(tests: Sequence[str], folder: Path) -> str | None:
    """Return the first test that fails, or None."""
    path = os.pathsep.join(str(folder / each) for each in ("client", "mock_server"))
    command = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests)
    done = subprocess.run(
        command,
        cwd=folder,
        # Some faults make a test wait for what never comes.
        env={**os.environ, "PYTHONPATH": path, "PATIENCE": "20"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return None
    found = FIRST_FAILURE.search(done.stdout)
    return found[1] if found else f"{' '.join(tests)} (cannot be run)"


def find(mutant: Mutant, folders: SimpleQueue[Path]) -> str | None:
    """Return the test that finds a mutant, or None."""
    folder = folders.get()
    try:
        with planted(mutant, folder):
            return run_tests(mutant.tests, folder)
    finally:
        folders.put(folder)


def main() -> int:
    """Run the named mutants, or all; return 1 if one survives."""
    parser = argparse.ArgumentParser(prog="scripts/mutants", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        choices=[*GROUPS, *(each.name for each in MUTANTS), []],
        metavar="NAME",
        help=f"a mutant, or a group of them: {', '.join(GROUPS)}; all if none is named",
    )
    names = parser.parse_args().names or [*GROUPS]
    chosen = [
        mutant
        for group, mutants in GROUPS.items()
        for mutant in mutants
        if {group, mutant.name} & {*names}
    ]
    jobs = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(jobs) as pool:
        folders: SimpleQueue[Path] = SimpleQueue()
        for number in range(jobs):
            folders.put(copy_project(Path(temporary, str(number))))
        width = max(len(each.name) for each in chosen)
        survivors = 0
        for mutant, test in zip(
            chosen, pool.map(lambda it: find(it, folders), chosen), strict=True
        ):
            survivors += test is None
            print(f"{mutant.name:{width}}  {test or 'SURVIVED'}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants were found.")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
