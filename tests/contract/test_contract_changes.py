"""The contract's version number reflects the changes since the last release."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.contract.contract_changes import changes, verdict
from tests.contract.planted_changes import ADDS, BREAKS, PROVIDERS, REWORDED, Planted

ROOT = Path(__file__).parents[2]
RELEASES = sorted(
    (ROOT / "openapi/released").glob("store-*.yaml"),
    key=lambda path: [int(number) for number in path.stem.removeprefix("store-").split(".")],
)

Json = Any


@pytest.fixture(scope="session")
def released() -> Json:
    """Return the contract of the last release."""
    return yaml.safe_load(RELEASES[-1].read_text("utf-8"))


def test_version_reflects_changes_since_last_release(released: Json, contract: Json) -> None:
    """A breaking change requires a new major version, an addition a new minor version."""
    message = verdict(released, contract)

    assert not message, message


def test_releases_are_named_by_their_version() -> None:
    """The file of a release is named after its version."""
    versions = [yaml.safe_load(path.read_text("utf-8"))["info"]["version"] for path in RELEASES]

    assert [path.stem for path in RELEASES] == [f"store-{version}" for version in versions]


def with_change(released: Json, change: Planted) -> Json:
    """Return the released contract with a change."""
    document = copy.deepcopy(released)
    change.apply(document)
    return document


@pytest.mark.parametrize("change", BREAKS, ids=lambda change: change.text)
def test_breaking_changes_require_a_major_version(released: Json, change: Planted) -> None:
    """A change that breaks clients or the store is described and marked as breaking."""
    document = with_change(released, change)

    assert (change.text, True) in changes(released, document)
    assert "It must be 2.0.0" in verdict(released, document)


@pytest.mark.parametrize("change", ADDS, ids=lambda change: change.text)
def test_additions_require_a_minor_version(released: Json, change: Planted) -> None:
    """A compatible change is described and does not require a major version."""
    document = with_change(released, change)

    found = changes(released, document)
    assert (change.text, False) in found
    assert not any(change.breaks for change in found)
    assert "It must be 1.1.0" in verdict(released, document)


@pytest.mark.parametrize("change", REWORDED, ids=lambda change: change.text)
def test_wording_requires_no_new_version(released: Json, change: Planted) -> None:
    """Descriptions and examples may change, and components may move."""
    document = with_change(released, change)
    responses = document["components"]["responses"]
    responses["New"] = responses["ServerError"]

    assert "" == verdict(released, document)


@pytest.mark.parametrize(
    ("version", "sufficient"),
    [("1.0.1", False), ("1.1.0", False), ("2.0.0", True), ("2.1.3", True), ("10.0.0", True)],
)
def test_major_version_is_sufficient(released: Json, version: str, *, sufficient: bool) -> None:
    """A breaking change requires a higher major number, compared as a number."""
    document = copy.deepcopy(released)
    document["info"]["version"] = version
    del document["paths"][PROVIDERS]

    assert sufficient == (verdict(released, document) == "")


def test_version_never_decreases(released: Json) -> None:
    """A contract's version is not lower than that of the last release."""
    document = copy.deepcopy(released)
    document["info"]["version"] = "0.9.0"

    assert "The version went back, from 1.0.0 to 0.9.0." == verdict(released, document)
