"""The scripts in scripts/."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_setup_refuses_an_unknown_profile(tmp_path: Path) -> None:
    """It is refused at once, in one line, and what is installed stays ready."""
    shutil.copytree(SCRIPTS, tmp_path / "scripts")
    ready = tmp_path / ".venv/ready-development"
    ready.parent.mkdir()
    ready.touch()

    result = subprocess.run(
        [tmp_path / "scripts/setup", "nonsense"], capture_output=True, text=True, check=False
    )

    refused = "scripts/setup: no profile 'nonsense': choose development or mock\n"
    assert (2, "", refused) == (result.returncode, result.stdout, result.stderr)
    assert ready.exists()


def test_lint_sets_up_first(tmp_path: Path) -> None:
    """In a fresh checkout the tools are installed before they are run."""
    shutil.copytree(SCRIPTS, tmp_path / "scripts")
    (tmp_path / "scripts/setup").write_text('#!/bin/sh\necho "set up $1"; exit 3\n', "utf-8")

    result = subprocess.run(
        [tmp_path / "scripts/lint"], capture_output=True, text=True, check=False
    )

    assert (3, "set up development\n") == (result.returncode, result.stdout)


@pytest.mark.parametrize("name", sorted(each.name for each in SCRIPTS.iterdir()))
def test_help_does_nothing_else(name: str, tmp_path: Path) -> None:
    """--help works in a fresh checkout with nothing installed, and changes no file."""
    shutil.copytree(SCRIPTS, tmp_path / "scripts")
    before = sorted(tmp_path.rglob("*"))
    # A Python without the packages of this environment.
    path = f"{Path(sys.base_prefix) / 'bin'}{os.pathsep}{os.defpath}"

    for option in ("--help", "-h"):
        result = subprocess.run(
            [tmp_path / "scripts" / name, option],
            env={"PATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"scripts/{name}" in result.stdout
        assert "" == result.stderr

    assert before == sorted(tmp_path.rglob("*"))
