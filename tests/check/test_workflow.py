"""The reusable GitHub workflow, and the documented command."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.check.conftest import Check
from tests.conftest import Serve

ROOT = Path(__file__).parents[2]
ADVERTISED = "http://127.0.0.1:4010"


@pytest.fixture(scope="module")
def workflow() -> dict[Any, Any]:
    """Return the workflow."""
    text = (ROOT / ".github/workflows/contract-check.yml").read_text("utf-8")
    document: dict[Any, Any] = yaml.safe_load(text)
    return document


def test_inputs_are_not_run_as_commands(workflow: dict[Any, Any]) -> None:
    """Expressions appear in variables only, never in a script; each input is used."""
    steps = workflow["jobs"]["check"]["steps"]

    assert [] == [step["run"] for step in steps if "${{" in step.get("run", "")]
    # PyYAML reads `on` as a boolean.
    inputs = workflow[True]["workflow_call"]["inputs"]
    used = re.findall(r"\$\{\{ inputs\.([a-z-]+) \}\}", json.dumps(steps))
    assert sorted(inputs) == sorted(used)


def test_inputs_become_options(workflow: dict[Any, Any], tmp_path: Path) -> None:
    """The script passes each given input unchanged, and omits the others."""
    command = tmp_path / "xclade-store-mock"
    command.write_text(
        f"#!{sys.executable}\nimport json, sys\njson.dump(sys.argv[1:], sys.stdout)", "utf-8"
    )
    command.chmod(0o700)
    (script,) = [step for step in workflow["jobs"]["check"]["steps"] if step.get("name") == "Check"]
    given = {
        "URL": "https://staging.example.com",
        "REGION_ID": "reg_1",
        "CART_ID": "$(touch it) `id` 'x'",
        "DIALECT": "medusa",
        "RATE": "5/s",
        "MAX_EXAMPLES": "10",
        "TIME_LIMIT": "60",
    }
    environment = {name: given.get(name, "") for name in script["env"]}

    printed = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script["run"]],
        env={**environment, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )

    assert [
        *("check", "--yes", "--region-id=reg_1", "--cart-id=$(touch it) `id` 'x'"),
        *("--dialect=medusa", "--rate=5/s", "--max-examples=10", "--time-limit=60"),
        *("--junit=contract-check.xml", "--html=contract-check.html"),
        *("--", "https://staging.example.com"),
    ] == json.loads(printed.stdout)
    assert ["xclade-store-mock"] == [each.name for each in tmp_path.iterdir()]


def test_documented_command_works(check: Check, serve: Serve) -> None:
    """The documented command has no findings with the demo store."""
    page = (ROOT / "docs/contract-testing.md").read_text("utf-8")
    found = re.search(rf"^\$ \S*xclade-store-mock check {ADVERTISED} (.+)$", page, re.MULTILINE)
    assert found

    outcome = check(serve(), *shlex.split(found[1]))

    assert (0, "") == (outcome.code, outcome.err)
    assert re.search(r"^No findings", outcome.out, re.MULTILINE)
