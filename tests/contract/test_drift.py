"""The generated files match their sources."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize(
    "drift",
    [
        pytest.param(
            (
                "client/xclade_store/generated/models/error_response.py",
                "class Error",
                "class Errors",
            ),
            id="edited by hand",
        ),
        pytest.param(
            ("openapi/store.yaml", "        message:\n", "        message_text:\n"),
            id="contract changed",
        ),
    ],
)
def test_drift_is_found(checkout: Path, drift: tuple[str, str, str]) -> None:
    """An edit of only the source or only the result fails, and the file is named."""
    name, old, new = drift
    text = (checkout / name).read_text("utf-8")
    (checkout / name).write_text(text.replace(old, new, 1), "utf-8")

    result = check(checkout)

    assert 1 == result.returncode
    assert "drift: client/xclade_store/generated/models/error_response.py" in result.stdout


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("docs/deviations.md", " the ", " another "),
        ("docs/control-api.md", " the ", " another "),
        ("client/xclade_store/async_client.py", " the ", " another "),
        ("openapi/operations.txt", "query limit?", "query limit"),
    ],
)
def test_edited_page_is_found(checkout: Path, name: str, old: str, new: str) -> None:
    """An edited page that is generated from code fails."""
    rendering = checkout / name
    rendering.write_text(rendering.read_text("utf-8").replace(old, new, 1), "utf-8")

    assert f"drift: {name}" in check(checkout).stdout


def test_stray_file_is_found(checkout: Path) -> None:
    """A file that is not generated from the contract fails."""
    (checkout / "client/xclade_store/generated/models/stray.py").touch()

    assert "stray.py" in check(checkout).stdout
