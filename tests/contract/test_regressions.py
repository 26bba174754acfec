"""Calls that once failed now pass."""

import json
from pathlib import Path

import pytest
from tests.contract.fuzz import SUBJECTS, bugs_in, replay, serving

FAILED = {name: [*subject.regressions.glob("*.json")] for name, subject in SUBJECTS.items()}


@pytest.mark.parametrize("name", [name for name, files in FAILED.items() if files])
def test_calls_that_once_failed(name: str, tmp_path: Path) -> None:
    """Each of them, after the calls before it, passes the checks that it failed."""
    log = tmp_path / "log"
    with serving(SUBJECTS[name], log) as url:
        result = replay(SUBJECTS[name], url, tmp_path)

    calls = {json.loads(path.read_text("utf-8"))["case_id"] for path in FAILED[name]}
    assert 0 == result.returncode, result.stdout
    assert f"{len(calls)} fixed" in result.stdout, result.stdout
    assert "" == bugs_in(log)
