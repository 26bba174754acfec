"""Schemathesis finds no failures in the server or the client, in any phase, with any check."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contract.expected_failures import COMMON
from tests.contract.fuzz import SUBJECTS, Subject, bugs_in, run, serving

SEED = ("--seed", "20261122")


@pytest.mark.parametrize("name", SUBJECTS)
def test_no_failures(name: str, tmp_path: Path) -> None:
    """All phases pass, no phase and no link is skipped, and no bug is logged."""
    log = tmp_path / "log"
    with serving(SUBJECTS[name], log) as url:
        result = run(SUBJECTS[name], url, tmp_path, *SEED)

    assert 0 == result.returncode, result.stdout[-5000:]
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert re.search(rf"✅ {phase}$", result.stdout, re.MULTILINE), result.stdout[-2000:]
    assert "2 covered / 2 selected / 2 total" in result.stdout
    assert "" == bugs_in(log)


def run_examples(subject: Subject, folder: Path) -> str:
    """Run a phase that must fail; return what Schemathesis printed."""
    with serving(subject, folder / "log") as url:
        result = run(subject, url, folder, *SEED, "--phases", "examples")
    assert 1 == result.returncode
    return result.stdout


def test_unexplained_failure_fails(tmp_path: Path) -> None:
    """Without its explanations, the medusa dialect breaks the contract."""
    printed = run_examples(replace(SUBJECTS["medusa"], hooks=""), tmp_path)

    assert "got `400 Bad Request`" in printed


def test_vanished_failure_fails(tmp_path: Path) -> None:
    """In the documented dialect, which needs no explanations, the unused ones are reported."""
    hooks = SUBJECTS["medusa"].hooks
    printed = run_examples(replace(SUBJECTS["documented"], hooks=hooks), tmp_path)

    assert f"explained, but never seen: {', '.join(COMMON)}" in printed
