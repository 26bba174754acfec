"""The contract's version number reflects the changes since the last release."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.contract.contract_changes import changes, verdict

ROOT = Path(__file__).parents[2]
RELEASES = sorted(
    (ROOT / "openapi/released").glob("store-*.yaml"),
    key=lambda path: [int(number) for number in path.stem.removeprefix("store-").split(".")],
)

Json = Any

GONE = object()
"""Stands for a value that is removed."""

LISTING = "paths /store/payment-providers get"
LIMIT = f"{LISTING} parameters 1"
INITIALIZING = "paths /store/payment-collections/{id}/payment-sessions post"
SCHEMAS = "components schemas"
REQUEST = f"{SCHEMAS} InitializePaymentSessionRequest"
DATA = f"{REQUEST} properties data"
COLLECTION = f"{SCHEMAS} StorePaymentCollection"
SESSION = f"{SCHEMAS} StorePaymentSessionSelection"
UNAUTHORIZED = "components responses Unauthorized content"

BREAKS = [
    # Operations and their responses.
    ("paths /store/payment-providers", GONE),
    (f"{LISTING} operationId", "providers"),
    (f"{INITIALIZING} responses 409", GONE),
    (f"{LISTING} responses 204", {"description": "None."}),
    (f"{UNAUTHORIZED} text/plain", GONE),
    (f"{UNAUTHORIZED} application/json", {"schema": {"type": "string"}}),
    (f"{INITIALIZING} responses 422 headers", GONE),
    ("components headers IdempotentReplayed schema enum +", "false"),
    (f"{INITIALIZING} responses 200 links", GONE),
    # Requests: less is allowed.
    (LIMIT, GONE),
    (f"{LIMIT} required", True),
    (f"{LISTING} parameters +", {"name": "sort", "in": "query", "required": True}),
    (f"{LIMIT} explode", False),
    (f"{LIMIT} schema default", 50),
    (f"{LIMIT} schema maximum", 100),
    (f"{LIMIT} schema minimum", 1),
    (f"{LIMIT} schema enum", [20]),
    ("components parameters Fields schema pattern", "^[a-z]"),
    (f"{REQUEST} required +", "data"),
    (DATA, GONE),
    (f"{DATA} type", "string"),
    (f"{DATA} additionalProperties", False),
    (f"{REQUEST} properties provider_id maxLength", 20),
    (f"{INITIALIZING} requestBody content", {}),
    # Responses: more is allowed.
    (f"{COLLECTION} properties status", GONE),
    (f"{COLLECTION} required", ["id"]),
    (f"{SCHEMAS} CurrencyCode nullable", True),
    (f"{SCHEMAS} Amount type", "string"),
    (f"{SCHEMAS} StorePaymentProviderListResponse properties count type", "number"),
    (f"{SESSION} properties data type", "array"),
    (f"{SESSION} properties payment anyOf +", {"$ref": "#/components/schemas/StoreRefund"}),
    (f"{SCHEMAS} Timestamp format", GONE),
    (f"{SCHEMAS} Timestamp format", "date"),
    # Security and servers.
    ("security 0", GONE),
    ("components securitySchemes publishableKey name", "x-key"),
    ("servers 0", GONE),
    ("servers 0 variables tenant default", "main"),
]
"""Changes that break clients or the store: the names on the way to a place, and its value."""

ADDS = [
    ("paths /store/carts", {"delete": {"operationId": "empty", "responses": {}}}),
    (f"{LISTING} responses 429", {"description": "No."}),
    (f"{LISTING} parameters +", {"name": "sort", "in": "query"}),
    (f"{LISTING} parameters 0 required", GONE),
    (f"{LIMIT} schema minimum", -1),
    (f"{DATA} nullable", True),
    (f"{REQUEST} properties note", {}),
    (f"{REQUEST} required", []),
    (f"{REQUEST} additionalProperties", True),
    (f"{INITIALIZING} requestBody content application/cbor", {"schema": {}}),
    (f"{COLLECTION} properties note", {}),
    (f"{SCHEMAS} StorePaymentSession allOf 1 required +", "metadata"),
    (f"{SCHEMAS} NullableAmount nullable", False),
    (f"{SCHEMAS} ErrorResponse properties type enum", ["invalid_data"]),
    ("components responses ServerError headers", {"Retry-After": {"schema": {"type": "integer"}}}),
    ("security +", {}),
    ("servers +", {"url": "https://eu.test"}),
]
"""Compatible changes."""

REWORDED = [
    (f"{SCHEMAS} Amount description", "In other words."),
    (f"{SCHEMAS} Amount example", 1),
    (f"{LISTING} summary", "List them"),
    (f"{LISTING} deprecated", True),
    (f"{LISTING} responses 500 $ref", "#/components/responses/New"),
]
"""Changes of words, and a component that moves."""


@pytest.fixture(scope="session")
def released() -> Json:
    """Return the contract of the last release."""
    return yaml.safe_load(RELEASES[-1].read_text("utf-8"))


def changed(released: Json, place: str, value: Json) -> Json:
    """Return the contract with a value changed, or, if the last name is `+`, added to a list."""
    document = copy.deepcopy(released)
    responses = document["components"]["responses"]
    responses["New"] = responses["ServerError"]
    *way, last = place.split()
    part = document
    for name in way:
        part = part[int(name) if isinstance(part, list) else name]
    key: Json = int(last) if isinstance(part, list) and last != "+" else last
    if last == "+":
        part.append(value)
    elif value is GONE:
        del part[key]
    else:
        part[key] = value
    return document


def test_version_reflects_changes_since_last_release(released: Json, contract: Json) -> None:
    """A breaking change requires a new major version, an addition a new minor version."""
    message = verdict(released, contract)

    assert not message, message


def test_releases_are_named_by_their_version() -> None:
    """The file of a release is named after its version."""
    versions = [yaml.safe_load(path.read_text("utf-8"))["info"]["version"] for path in RELEASES]

    assert [path.stem for path in RELEASES] == [f"store-{version}" for version in versions]


@pytest.mark.parametrize(("place", "value"), BREAKS)
def test_breaking_changes_require_a_major_version(released: Json, place: str, value: Json) -> None:
    """A change that breaks clients or the store is listed first."""
    document = changed(released, place, value)

    assert changes(released, document)[0].breaks
    assert "It must be 2.0.0" in verdict(released, document)


@pytest.mark.parametrize(("place", "value"), ADDS)
def test_additions_require_a_minor_version(released: Json, place: str, value: Json) -> None:
    """A compatible change does not require a major version."""
    document = changed(released, place, value)

    assert "It must be 1.1.0" in verdict(released, document)


@pytest.mark.parametrize(("place", "value"), REWORDED)
def test_wording_requires_no_new_version(released: Json, place: str, value: Json) -> None:
    """Descriptions and examples may change, and components may move."""
    assert "" == verdict(released, changed(released, place, value))


def test_changes_are_described(released: Json) -> None:
    """The message has the place of each change, and what to do."""
    document = changed(released, f"{LIMIT} schema maximum", 100)

    assert (
        "The contract's version is 1.0.0, but since 1.0.0 it changed:\n"
        "  breaks: GET /store/payment-providers query parameter limit maximum was 2147483647,"
        " and is 100\n"
        "It must be 2.0.0: set info.version, or revert the change."
    ) == verdict(released, document)


@pytest.mark.parametrize(
    ("version", "sufficient"),
    [("1.0.1", False), ("1.1.0", False), ("2.0.0", True), ("2.1.3", True), ("10.0.0", True)],
)
def test_major_version_is_sufficient(released: Json, version: str, *, sufficient: bool) -> None:
    """A breaking change requires a higher major number, compared as a number."""
    document = changed(released, "paths /store/payment-providers", GONE)
    document["info"]["version"] = version

    assert sufficient == (verdict(released, document) == "")


def test_version_never_decreases(released: Json) -> None:
    """A contract's version is not lower than that of the last release."""
    document = changed(released, "info version", "0.9.0")

    assert "The version went back, from 1.0.0 to 0.9.0." == verdict(released, document)
