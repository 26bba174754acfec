"""The contract's version says what changed since the last release."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.contract.contract_changes import changes, verdict
from tests.contract.planted_changes import (
    ADDS,
    BREAKS,
    PROVIDERS,
    Plant,
    component,
    edit,
    listing,
)

ROOT = Path(__file__).parents[2]
RELEASES = sorted(
    (ROOT / "openapi/released").glob("store-*.yaml"),
    key=lambda path: [int(number) for number in path.stem.removeprefix("store-").split(".")],
)

Json = Any


@pytest.fixture(scope="session")
def released() -> Json:
    """Answer the contract that was released last."""
    return yaml.safe_load(RELEASES[-1].read_text("utf-8"))


def test_version_says_what_changed_since_the_last_release(released: Json, contract: Json) -> None:
    """What breaks clients takes a major step, what they can use besides a minor one."""
    message = verdict(released, contract)

    assert not message, message


def test_releases_are_named_by_their_version() -> None:
    """What was released is found by the version that it has."""
    versions = [yaml.safe_load(path.read_text("utf-8"))["info"]["version"] for path in RELEASES]

    assert [path.stem for path in RELEASES] == [f"store-{version}" for version in versions]


@pytest.mark.parametrize(("text", "plant"), BREAKS)
def test_what_breaks_is_named_and_takes_a_major_step(
    released: Json, text: str, plant: Plant
) -> None:
    """A change that breaks those who rely on the contract is told in words."""
    document = copy.deepcopy(released)
    plant(document)

    assert (text, True) in changes(released, document)
    assert "That makes it 2.0.0" in verdict(released, document)


@pytest.mark.parametrize(("text", "plant"), ADDS)
def test_what_is_added_takes_a_minor_step(released: Json, text: str, plant: Plant) -> None:
    """A change that breaks nobody is told as well, and is no reason for a major step."""
    document = copy.deepcopy(released)
    plant(document)

    found = changes(released, document)
    assert (text, False) in found
    assert not any(change.breaks for change in found)
    assert "That makes it 1.1.0" in verdict(released, document)


@pytest.mark.parametrize(
    "plant",
    [
        edit("Amount", description="In words of the day.", example=1),
        lambda d: listing(d).update(summary="List them", tags=[], deprecated=True),
        lambda d: listing(d)["responses"].update({"500": {"$ref": "#/components/responses/New"}}),
    ],
)
def test_words_take_no_step(released: Json, plant: Plant) -> None:
    """Descriptions and examples may change, and parts may move."""
    document = copy.deepcopy(released)
    document["components"]["responses"]["New"] = component(document, "responses", "ServerError")
    plant(document)

    assert "" == verdict(released, document)


@pytest.mark.parametrize(
    ("version", "enough"),
    [("1.0.1", False), ("1.1.0", False), ("2.0.0", True), ("2.1.3", True), ("10.0.0", True)],
)
def test_major_step_is_enough(released: Json, version: str, *, enough: bool) -> None:
    """Only a major step is enough for what breaks; numbers are numbers."""
    document = copy.deepcopy(released)
    document["info"]["version"] = version
    del document["paths"][PROVIDERS]

    assert enough == (verdict(released, document) == "")


def test_version_goes_forward_only(released: Json) -> None:
    """A contract is not older than the one before it."""
    document = copy.deepcopy(released)
    document["info"]["version"] = "0.9.0"

    assert "The version went back, from 1.0.0 to 0.9.0." == verdict(released, document)
