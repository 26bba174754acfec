"""The steps of docs/change-the-contract.md lead to a green build."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.mutants.run import copy_project, run_tests

PAGE = Path(__file__).parents[2] / "docs/change-the-contract.md"
FOLLOWING = (
    "tests/contract/test_every_part.py::test_every_field_can_be_selected",
    "tests/contract/test_contract_changes.py::test_version_reflects_changes_since_last_release",
    "tests/contract/test_drift.py::test_generated_client_is_current",
    "tests/contract/test_openapi.py",
    "tests/server/medusa/test_behaviour.py::test_session_has_the_recorded_fields",
    "tests/server/test_fields.py",
    "tests/server/test_initialize.py::test_returns_the_collection_with_its_session",
)
"""The tests that look at the fields of a session."""


def follow(step: str, folder: Path) -> None:
    """Change a file as a diff shows, or generate, in a copy of the project."""
    if "$ scripts/generate\n" == step:
        path = os.pathsep.join(str(folder / each) for each in ("client", "mock_server"))
        command = (sys.executable, folder / "scripts/generate")
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": path})
        return
    head, _, *lines = step.splitlines(keepends=True)
    file = folder / head.split()[1]
    old, new = ("".join(each[1:] for each in lines if each[0] in kept) for kept in (" -", " +"))
    text = file.read_text("utf-8")
    assert 1 == text.count(old), old
    file.write_text(text.replace(old, new), "utf-8")


def test_page_leads_to_a_green_build(tmp_path: Path) -> None:
    """After the last step no test fails; before it, the field is missing in the server."""
    folder = copy_project(tmp_path / "project")
    *steps, last = re.findall(
        r"^```(?:diff|console)\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert "$ scripts/test\n" == last

    for step in steps[:-1]:
        follow(step, folder)
    missing = run_tests(FOLLOWING[:1], folder)
    follow(steps[-1], folder)

    assert "test_every_field_can_be_selected" in str(missing)
    assert run_tests(FOLLOWING, folder) is None
