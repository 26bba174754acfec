"""The catalogue of mutants keeps up with the code."""

from pathlib import Path

import pytest
from tests.mutants.mutant import Mutant
from tests.mutants.run import MUTANTS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_mutant_can_be_planted(mutant: Mutant) -> None:
    """The text that a mutant replaces occurs exactly once."""
    assert 1 == (ROOT / mutant.path).read_text("utf-8").count(mutant.present)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_tests_of_a_mutant_exist(mutant: Mutant) -> None:
    """Each test of a mutant exists; a missing one would count as a failure that finds it."""
    for test in mutant.tests:
        path, _, name = test.partition("::")
        function = name.partition("[")[0].rpartition("::")[2]

        assert f"def {function}" in (ROOT / path).read_text("utf-8"), test


def test_mutant_names_are_unique() -> None:
    """No two mutants have the same name."""
    assert len(MUTANTS) == len({each.name for each in MUTANTS})
