"""The workflows of GitHub: their steps run in an empty environment, as GitHub runs them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))


def jobs(name: str) -> dict[str, Any]:
    """Return the jobs of a workflow."""
    document = yaml.safe_load((ROOT / ".github/workflows" / name).read_text("utf-8"))
    found: dict[str, Any] = document["jobs"]
    return found


def run(
    workflow: str, job: str, step: str, folder: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub does: in bash, with the commands of the folder's environment."""
    (found,) = [each for each in jobs(workflow)[job]["steps"] if each.get("name") == step]
    assert variables.keys() >= {
        name for name, value in found.get("env", {}).items() if "${{" in value
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", found["run"]],
        env={
            "PATH": f"{folder / 'env/bin'}:{os.defpath}",
            "HOME": str(Path.home()),  # with pip's cache
            **variables,
        },
        cwd=folder,
        capture_output=True,
        check=False,
        text=True,
    )


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_scripts_contain_no_expressions(workflow: Path) -> None:
    """Expressions appear in variables only, so that no title of a pull request is run."""
    steps = [step for job in jobs(workflow.name).values() for step in job.get("steps", [])]

    assert [] == [step["run"] for step in steps if "${{" in step.get("run", "")]


def test_portable_tests_exist(tmp_path: Path) -> None:
    """The tests for macOS and Windows are named by paths that exist."""
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    write_command(tmp_path, "python", 'printf "%s\\n" "$@"')

    result = run("ci.yml", "portable", "Test", tmp_path)

    paths = [each for each in result.stdout.split() if each.startswith("tests/")]
    assert [] == [each for each in paths if not (ROOT / each).exists()]
    assert {"tests/client", "tests/server/test_initialize.py"} <= {*paths}


def write_command(folder: Path, name: str, script: str) -> None:
    """Write a command that a step finds before any other of this name."""
    command = folder / "env/bin" / name
    command.parent.mkdir(parents=True)
    command.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    command.chmod(0o700)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project in which the release was built."""
    folder = tmp_path_factory.mktemp("release")
    for name in ("client", "mock_server", "openapi", "docs", "requirements"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "CHANGELOG.md", "LICENSE", "README.md", "schemathesis.toml"):
        shutil.copy(ROOT / name, folder)
    uv("venv", "--seed", "--python", sys.executable, "env", cwd=folder)
    # The step's pip then has less to do: it takes half a minute otherwise.
    requirements = ("--require-hashes", "--requirement", "requirements/mock.txt")
    uv("pip", "install", "--python", "env/bin/python", *requirements, cwd=folder)

    built = run("release.yml", "build", "Build", folder)

    assert 0 == built.returncode, built.stderr
    return folder


def uv(*arguments: str | Path, cwd: Path) -> None:
    """Run uv."""
    command = Path(sys.executable).with_name("uv")
    subprocess.run([command, "--quiet", *arguments], cwd=cwd, check=True)


def version(folder: Path) -> str:
    """Return the version of the wheel that was built."""
    (wheel,) = folder.glob("dist/*.whl")
    return wheel.name.split("-")[1]


def test_release_is_checked(released: Path) -> None:
    """A wheel whose tag, changelog and repository agree is installed and its command runs."""
    changelog = released / "CHANGELOG.md"
    title = f"## {version(released)} - 2026-12-01"
    changelog.write_text(f"{title}\n{changelog.read_text('utf-8')}", "utf-8")

    result = run(
        *("release.yml", "build", "Check", released),
        TAG=f"v{version(released)}",
        REPOSITORY="OWNER/xclade-store",
    )

    assert 0 == result.returncode, result.stdout + result.stderr
    assert "usage: xclade-store-mock" in result.stdout


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"TAG": "v0.0.0"}, "The tag is v0.0.0, but the version is"),
        ({"REPOSITORY": "somebody/else"}, "pyproject.toml names another repository."),
        ({}, "CHANGELOG.md has no section"),
    ],
    ids=["tag", "repository", "changelog"],
)
def test_contradictory_release_is_refused(
    released: Path, wrong: dict[str, str], message: str
) -> None:
    """Nothing is published under another version or from another repository."""
    given = {"TAG": f"v{version(released)}", "REPOSITORY": "OWNER/xclade-store", **wrong}
    changelog = f"## {version(released)} - 2026-12-01" if wrong else "## Unreleased"
    (released / "CHANGELOG.md").write_text(changelog, "utf-8")

    result = run("release.yml", "build", "Check", released, **given)

    assert 1 == result.returncode
    assert f"::error::{message}" in result.stdout


def test_announcement_is_the_section_of_the_version(tmp_path: Path) -> None:
    """The notes of a release are its section of the changelog, without those around it."""
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n## Unreleased\n- c\n## 1.1.0 - 2027-01-01\n### Added\n- b\n"
        "## 1.1.0b1 - 2026-12-24\n- a\n",
        "utf-8",
    )
    write_command(tmp_path, "gh", "")

    result = run("release.yml", "announce", "Announce", tmp_path, TAG="v1.1.0", GH_TOKEN="")

    assert 0 == result.returncode, result.stderr
    assert "### Added\n- b\n" == (tmp_path / "notes.md").read_text("utf-8")


@pytest.mark.parametrize("upgraded", ["httpx==2", "httpx==1"])
def test_upgrade_is_proposed_if_there_is_one(tmp_path: Path, upgraded: str) -> None:
    """A changed requirement becomes a branch and a pull request; otherwise nothing happens."""

    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments]
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        return result.stdout

    git("init", "--quiet", "--bare", "origin.git")
    git("clone", "--quiet", "origin.git", "checkout")
    checkout = tmp_path / "checkout"
    (checkout / "pins.txt").write_text("httpx==1", "utf-8")
    git("-C", "checkout", "add", "pins.txt")
    git("-C", "checkout", "commit", "--quiet", "--message", "Pin")
    write_command(checkout, "gh", 'echo "$@" >>calls.txt')
    (checkout / "pins.txt").write_text(upgraded, "utf-8")

    result = run("requirements.yml", "upgrade", "Propose", checkout, GH_TOKEN="")

    assert 0 == result.returncode, result.stderr
    is_changed = upgraded != "httpx==1"
    assert is_changed == ("upgrade-requirements" in git("-C", "origin.git", "branch"))
    assert is_changed == (checkout / "calls.txt").exists()
