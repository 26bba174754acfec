"""Schemathesis finds nothing: every phase and every check, on the server and on the client."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contract.expected_failures import EXPECTED
from tests.contract.fuzz import SUBJECTS, Subject, bugs_in, run, serving

from xclade_store_mock.dialects.table import BEHAVIOURS, ROWS

SEED = ("--seed", "20261122")


@pytest.mark.parametrize("name", SUBJECTS)
def test_nothing_is_found(name: str, tmp_path: Path) -> None:
    """All phases pass, no phase and no link is left out, and no bug is in the log."""
    log = tmp_path / "log"
    with serving(SUBJECTS[name], log) as url:
        result = run(SUBJECTS[name], url, tmp_path, *SEED)

    assert 0 == result.returncode, result.stdout[-5000:]
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert re.search(rf"✅ {phase}$", result.stdout, re.MULTILINE), result.stdout[-2000:]
    assert "2 covered / 2 selected / 2 total" in result.stdout
    assert "" == bugs_in(log)


def run_examples(subject: Subject, folder: Path) -> str:
    """Run a phase that must fail; answer what Schemathesis printed."""
    with serving(subject, folder / "log") as url:
        result = run(subject, url, folder, *SEED, "--phases", "examples")
    assert 1 == result.returncode
    return result.stdout


def test_unexplained_failure_fails(tmp_path: Path) -> None:
    """Without its explanations, the medusa dialect breaks the contract."""
    printed = run_examples(replace(SUBJECTS["medusa"], hooks=""), tmp_path)

    assert "got `400 Bad Request`" in printed


def test_vanished_failure_fails(tmp_path: Path) -> None:
    """Where nothing needs them any more, the explanations are named."""
    hooks = SUBJECTS["medusa"].hooks
    printed = run_examples(replace(SUBJECTS["documented"], hooks=hooks), tmp_path)

    vanished = ", ".join(each.deviation for each in EXPECTED if not each.rare)
    assert f"expected, but never seen: {vanished}" in printed


def test_explanations_are_listed_deviations() -> None:
    """Each is a row of docs/deviations.md, where the dialects differ."""
    errors = {row.situation for row in ROWS.values() if row.documented != row.medusa}
    behaviours = {each.situation for each in BEHAVIOURS.values()}

    assert {each.deviation for each in EXPECTED} <= errors | behaviours
