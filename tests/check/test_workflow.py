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

from xclade_store_mock.cli import main
from xclade_store_mock.control.access import Access
from xclade_store_mock.dialects import MEDUSA

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


def run_step(
    workflow: dict[Any, Any], name: str, folder: Path, variables: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub does: in bash, with each of its variables set."""
    (step,) = [each for each in workflow["jobs"]["check"]["steps"] if each.get("name") == name]
    assert not variables.keys() - step["env"].keys()
    environment = {each: variables.get(each, "") for each in step["env"]}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        env={**environment, "PATH": f"{folder}:{os.environ['PATH']}"},
        cwd=folder,
        capture_output=True,
        check=False,
        text=True,
    )


@pytest.fixture
def spy(tmp_path: Path) -> Path:
    """Return a folder of commands that print their arguments."""
    for name in ("xclade-store-mock", "python"):
        command = tmp_path / name
        program = "import json, sys\njson.dump(sys.argv[1:], sys.stdout)"
        command.write_text(f"#!{sys.executable}\n{program}", "utf-8")
        command.chmod(0o700)
    return tmp_path


def test_requirement_is_installed(workflow: dict[Any, Any], spy: Path) -> None:
    """The requirement is one argument, whatever is in it."""
    requirement = "xclade-store[check] @ git+https://example.com/x@main"

    printed = run_step(workflow, "Install", spy, {"REQUIREMENT": requirement})

    assert ["-m", "pip", "install", requirement] == json.loads(printed.stdout)


REQUIRED = {
    "URL": "https://staging.example.com",
    "DIALECT": "medusa",
    "RATE": "5/s",
    "MAX_EXAMPLES": "10",
    "TIME_LIMIT": "60",
}


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ({"CREATE_CART": "false", "ALLOW_UNTESTED": "false"}, []),
        (
            {
                "REGION_ID": "reg_1",
                "CART_ID": "$(touch it) `id` 'x'",
                "COLLECTION_ID": "col_1",
                "PROVIDER_ID": "pp_1",
                "SEED": "7",
                "HEADER": "X-Gateway: let me in",
            },
            [
                *("--region-id=reg_1", "--cart-id=$(touch it) `id` 'x'", "--collection-id=col_1"),
                *("--provider-id=pp_1", "--seed=7", "--header=X-Gateway: let me in"),
            ],
        ),
        ({"CREATE_CART": "true", "ALLOW_UNTESTED": "true"}, ["--create-cart", "--allow-untested"]),
    ],
)
def test_inputs_become_options(
    workflow: dict[Any, Any], spy: Path, given: dict[str, str], options: list[str]
) -> None:
    """The script passes each given input unchanged, and omits the others."""
    printed = run_step(workflow, "Check", spy, {**REQUIRED, **given})

    assert [
        *("check", "--yes", *options),
        *("--dialect=medusa", "--rate=5/s", "--max-examples=10", "--time-limit=60", "--github"),
        *("--junit=contract-check.xml", "--html=contract-check.html"),
        *("--", "https://staging.example.com"),
    ] == json.loads(printed.stdout)
    assert ["python", "xclade-store-mock"] == sorted(each.name for each in spy.iterdir())


@pytest.mark.parametrize(("dialect", "code"), [("medusa", 0), ("documented", 1)])
def test_steps_check_a_backend(
    workflow: dict[Any, Any], serve: Serve, tmp_path: Path, dialect: str, code: int
) -> None:
    """The script checks a real backend: it fails if the check does, and leaves both reports."""
    (tmp_path / "xclade-store-mock").symlink_to(Path(sys.executable).with_name("xclade-store-mock"))
    given = {
        **REQUIRED,
        "URL": serve(dialect=MEDUSA),
        "DIALECT": dialect,
        "RATE": "999/s",
        "MAX_EXAMPLES": "1",
        "SEED": "1",
        "REGION_ID": "reg_demo",
        "CART_ID": "cart_demo",
        "XCLADE_PUBLISHABLE_KEY": "pk_demo",
    }

    result = run_step(workflow, "Check", tmp_path, given)

    assert code == result.returncode, result.stdout + result.stderr
    written = sorted(each.name for each in tmp_path.glob("contract-check.*"))
    assert ["contract-check.html", "contract-check.xml"] == written
    annotations = re.findall("^::error title=(.+?)::", result.stdout, re.MULTILINE)
    assert (dialect == "documented") == ("create_payment_collection%3A wrong method" in annotations)


def test_documented_command_works(check: Check, serve: Serve) -> None:
    """The documented command has no findings with the demo store."""
    page = (ROOT / "docs/contract-testing.md").read_text("utf-8")
    found = re.search(rf"^\$ \S*xclade-store-mock check {ADVERTISED} (.+)$", page, re.MULTILINE)
    assert found

    outcome = check(serve(control=Access()), *shlex.split(found[1]))

    assert (0, "") == (outcome.code, outcome.err)
    assert re.search(r"^No findings", outcome.out, re.MULTILINE)


def test_documented_options_exist(capsys: pytest.CaptureFixture[str]) -> None:
    """The commands of each CI system use options that the command has."""
    page = (ROOT / "docs/contract-testing.md").read_text("utf-8")
    commands = re.findall(r"xclade-store-mock check https?:.+(?:\n +--.+)*", page)
    used = {word for command in commands for word in re.findall("--[a-z-]+", command)}

    with pytest.raises(SystemExit):
        main(["check", "--help"])

    assert len(commands) >= 8
    assert used <= {*re.findall("--[a-z-]+", capsys.readouterr().out)}
