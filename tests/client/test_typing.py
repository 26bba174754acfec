"""What type checkers see of the client in a user's project, of which typing_cases is made."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

BIN = Path(sys.executable).parent
CASES = Path(__file__).parent / "typing_cases"
LOOK_AWAY = re.compile(r" +# type: ignore.*")

Findings = Mapping[str, set[int]]
"""The lines with errors, by the name of the file."""


def run(command: list[str | Path], where: Path) -> str:
    """Run a checker."""
    return subprocess.run(command, cwd=where, capture_output=True, text=True, check=False).stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a user's project of the cases, in which nobody looks away."""
    project = tmp_path_factory.mktemp("project")
    for case in CASES.glob("*.py"):
        text = LOOK_AWAY.sub("", case.read_text("utf-8"))
        (project / case.name).write_text(text, "utf-8")
    return project


@pytest.fixture(scope="module")
def mypy(project: Path, pytestconfig: pytest.Config) -> Findings:
    """Run mypy over the project."""
    cache = pytestconfig.cache
    assert cache is not None
    options = ["--strict", "--config-file=", "--no-error-summary", "--output=json"]
    output = run([BIN / "mypy", *options, "--cache-dir", cache.mkdir("mypy"), "."], project)
    found = [json.loads(line) for line in output.splitlines()]
    return by_file([(each["file"], each["line"]) for each in found if each["severity"] == "error"])


@pytest.fixture(scope="module")
def pyright(project: Path) -> Findings:
    """Run pyright over the project."""
    settings = {"typeCheckingMode": "strict", "include": ["."], "pythonVersion": "3.11"}
    (project / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    output = run([BIN / "pyright", "--outputjson", "--pythonpath", sys.executable], project)
    report: Any = json.loads(output)
    assert 2 == report["summary"]["filesAnalyzed"]
    return by_file(
        [
            (Path(each["file"]).name, each["range"]["start"]["line"] + 1)
            for each in report["generalDiagnostics"]
            if each["severity"] == "error"
        ]
    )


def by_file(errors: list[tuple[str, int]]) -> Findings:
    """Group errors."""
    return {name: {line for each, line in errors if each == name} for name, _ in errors}


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_right_use_needs_no_help(checker: str, request: pytest.FixtureRequest) -> None:
    """A user's code passes the strict modes, without a cast, an ignore or an isinstance."""
    text = (CASES / "right.py").read_text("utf-8")
    assert not re.search(r"\bcast\b|# *(type|pyright) *:|isinstance", text)

    findings: Findings = request.getfixturevalue(checker)
    assert set() == findings.get("right.py", set())


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_wrong_use_is_seen(checker: str, request: pytest.FixtureRequest) -> None:
    """Each line that is marked as wrong is an error, and no other line is."""
    lines = (CASES / "wrong.py").read_text("utf-8").splitlines()
    wrong = {number for number, line in enumerate(lines, start=1) if LOOK_AWAY.search(line)}
    assert 20 <= len(wrong)

    findings: Findings = request.getfixturevalue(checker)
    assert wrong == findings["wrong.py"]
