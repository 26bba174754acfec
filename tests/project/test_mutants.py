"""The catalogue of planted faults keeps up with the code."""

from pathlib import Path

import pytest
from tests.mutants.mutant import Mutant
from tests.mutants.run import MUTANTS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_mutant_can_be_planted(mutant: Mutant) -> None:
    """What it changes is there, and once."""
    assert 1 == (ROOT / mutant.path).read_text("utf-8").count(mutant.present)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_tests_of_a_mutant_exist(mutant: Mutant) -> None:
    """A test that was renamed cannot be run, which would pass for finding the mutant."""
    for test in mutant.tests:
        path, _, name = test.partition("::")
        function = name.partition("[")[0].rpartition("::")[2]

        assert f"def {function}" in (ROOT / path).read_text("utf-8"), test


def test_mutants_are_told_apart() -> None:
    """Each is run by its name."""
    assert len(MUTANTS) == len({each.name for each in MUTANTS})
