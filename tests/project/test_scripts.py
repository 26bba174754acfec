"""The scripts in scripts/."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


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
