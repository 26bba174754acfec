"""The generated files match their sources."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODEL = "client/xclade_store/generated/models/error_response.py"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy the files that scripts/generate needs."""
    for name in ("client", "docs", "openapi", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


def check(checkout: Path) -> subprocess.CompletedProcess[str]:
    """Run the drift check."""
    return subprocess.run(
        [checkout / ".venv/bin/python", checkout / "scripts/generate", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )


def test_generated_client_is_current(checkout: Path) -> None:
    """Generating again changes nothing."""
    result = check(checkout)

    assert (0, "") == (result.returncode, result.stdout)


def edit(checkout: Path, name: str, old: str, new: str) -> None:
    """Replace the first occurrence of a text in a file."""
    text = (checkout / name).read_text("utf-8")
    assert old in text
    (checkout / name).write_text(text.replace(old, new, 1), "utf-8")


def test_changed_contract_is_found(checkout: Path) -> None:
    """A contract whose client was not generated again fails, and the file is named."""
    edit(checkout, "openapi/store.yaml", "        message:\n", "        message_text:\n")

    result = check(checkout)

    assert 1 == result.returncode
    assert f"drift: {MODEL}\n" in result.stdout


def test_edited_results_are_found(checkout: Path) -> None:
    """Each generated file that was edited by hand is named, and each that does not belong there."""
    edited = {
        MODEL: ("class Error", "class Errors"),
        "docs/deviations.md": (" the ", " another "),
        "docs/control-api.md": (" the ", " another "),
        "client/xclade_store/async_client.py": (" the ", " another "),
        "openapi/operations.txt": ("query limit?", "query limit"),
    }
    for name, (old, new) in edited.items():
        edit(checkout, name, old, new)
    stray = "client/xclade_store/generated/models/stray.py"
    (checkout / stray).touch()

    result = check(checkout)

    assert 1 == result.returncode
    *found, _ = result.stdout.splitlines()
    assert {f"drift: {name}" for name in (*edited, stray)} == {*found}
