"""The recorded responses of a real backend match the contract, and the client keeps them whole."""

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from xclade_store.generated.models import (
    ErrorResponse,
    StorePaymentCollectionResponse,
    StorePaymentProviderListResponse,
)
from xclade_store_mock.contract import load_contract

RECORDINGS = sorted((Path(__file__).parent / "recordings").glob("medusa-*.json"))
PATHS = {
    "list_payment_providers": r"/store/payment-providers",
    "create_payment_collection": r"/store/payment-collections",
    "initialize_payment_session": r"/store/payment-collections/[^/]+/payment-sessions",
}


def recorded() -> Iterator[Any]:
    """Yield the operation, status and body of the recorded JSON responses."""
    files = (json.loads(each.read_text("utf-8")) for each in RECORDINGS)
    for case in chain.from_iterable(each["cases"] for each in files):
        path = case["request"]["target"].partition("?")[0]
        for operation, pattern in PATHS.items():
            headers = {name.lower(): value for name, value in case["response"]["headers"]}
            if (
                re.fullmatch(f"{pattern}/?", path, re.IGNORECASE)
                and case["response"]["body"]
                and headers.get("content-type", "").startswith("application/json")
            ):
                body = json.loads(case["response"]["body"])
                yield pytest.param(operation, case["response"]["status"], body, id=case["name"])


@pytest.fixture(scope="module")
def operations() -> Any:
    """Return the compiled operations."""
    return load_contract("store.yaml").operations


@pytest.mark.parametrize(("operation", "status", "body"), [*recorded()])
def test_recorded_response_matches_the_contract(
    operations: Any, operation: str, status: int, body: Any
) -> None:
    """Every recorded status is documented, and the body matches its schema."""
    operations[operation].responses[status, "application/json"].validator.validate(body)


@pytest.mark.parametrize(("operation", "status", "body"), [*recorded()])
def test_client_keeps_recorded_response_whole(operation: str, status: int, body: Any) -> None:
    """The model of a response converts back to the same response."""
    if status != 200:
        model: Any = ErrorResponse
    elif operation == "list_payment_providers":
        model = StorePaymentProviderListResponse
    else:
        model = StorePaymentCollectionResponse

    assert body == model.from_dict(body).to_dict()


def test_there_are_enough_recorded_responses() -> None:
    """The two tests above have more than 320 cases."""
    assert len([*recorded()]) > 320
