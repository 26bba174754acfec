"""Rules of the house that a machine can hold us to."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def tracked() -> list[Path]:
    """List the files that git tracks, or would."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in names.stdout.splitlines() if (ROOT / name).is_file()]


def test_modules_stay_short() -> None:
    """No hand-written module has more than 300 lines."""
    long = [
        path.name
        for path in tracked()
        if path.suffix == ".py"
        and "generated" not in path.parts
        and len(path.read_text("utf-8").splitlines()) > 300
    ]

    assert [] == long


def test_readme_stays_short() -> None:
    """The README has at most 500 words."""
    assert len((ROOT / "README.md").read_text("utf-8").split()) <= 500


def test_lock_files_name_no_registry() -> None:
    """Locks pin hashes, not addresses."""
    locks = [*ROOT.glob("requirements/*.txt"), *ROOT.glob("tests/**/package-lock.json")]

    assert len(locks) >= 3
    for lock in locks:
        assert not re.search(r'"resolved"|--(extra-)?index-url', lock.read_text("utf-8"))
        assert "sha" in lock.read_text("utf-8")


def test_client_never_imports_the_server() -> None:
    """The client's half knows nothing of the mock."""
    for path in (ROOT / "client").rglob("*.py"):
        assert "xclade_store_mock" not in path.read_text("utf-8")


def test_every_dependency_has_its_reason() -> None:
    """docs/architecture.md says why each dependency of the distribution is there."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    section = project[project.index("dependencies = [") : project.index("[project.scripts]")]
    reasons = (ROOT / "docs/architecture.md").read_text("utf-8")
    for name in re.findall(r'^    "([A-Za-z0-9-]+)', section, re.MULTILINE):
        assert name == "xclade-store" or f"| `{name}`" in reasons
