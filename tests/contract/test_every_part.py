"""Parts of the contract that no other test covers."""

from typing import Any, NoReturn

import httpx
import pytest
from tests.conftest import KEY, Serve
from tests.contract.relay_contract import property_names

CREATE = ("/store/payment-collections", {"cart_id": "cart_demo"})
INITIALIZE = (
    "/store/payment-collections/pay_col_demo/payment-sessions",
    {"provider_id": "pp_system_default"},
)
CAPTURE = (
    INITIALIZE[0],
    {
        "provider_id": "pp_stripe_stripe",
        "data": {"payment_method": "pm_card_visa", "confirm": True, "capture_method": "automatic"},
    },
)


@pytest.mark.parametrize(("path", "body"), [CREATE, INITIALIZE])
def test_every_field_can_be_selected(store: httpx.Client, path: str, body: Any) -> None:
    """A collection and its session have all the fields that the contract describes."""
    store.post(INITIALIZE[0], json=INITIALIZE[1]).raise_for_status()
    wanted = {
        "+": property_names("StorePaymentCollection"),
        "+payment_sessions.": property_names("StorePaymentSession"),
    }
    fields = ",".join(f"{prefix}{name}" for prefix, names in wanted.items() for name in names)

    response = store.post(path, params={"fields": fields}, json=body)
    collection = response.json()["payment_collection"]

    assert wanted["+"] == collection.keys()
    assert wanted["+payment_sessions."] == collection["payment_sessions"][0].keys()


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [("application/json", b" " * 102_401, 413), ("text/plain", b"{}", 415)],
)
def test_creating_refuses_too_large_and_untyped_bodies(
    store: httpx.Client, content_type: str, body: bytes, status: int
) -> None:
    """Creating a collection refuses the same bodies as initializing a session."""
    response = store.post(CREATE[0], headers={"content-type": content_type}, content=body)

    assert (status, "invalid_data") == (response.status_code, response.json()["type"])


def test_every_field_of_a_payment_can_be_selected(store: httpx.Client) -> None:
    """A captured payment has all the fields that the contract describes."""
    names, capture_names = property_names("StorePayment"), property_names("StoreCapture")
    fields = ",".join(
        f"+{payment}.{name}"
        for payment in ("payments", "payment_sessions.payment")
        for name in (*names, *(f"captures.{name}" for name in capture_names))
    )

    for path, body in (CAPTURE, CREATE):
        response = store.post(path, params={"fields": fields}, json=body)
        collection = response.json()["payment_collection"]

        for payment in (collection["payments"][0], collection["payment_sessions"][0]["payment"]):
            assert names == payment.keys()
            assert capture_names == payment["captures"][0].keys()


def test_bug_while_creating(serve: Serve) -> None:
    """A bug returns the contract's 500, without details."""

    def new_id(prefix: str) -> NoReturn:
        raise RuntimeError(prefix)

    url = f"{serve(new_id=new_id)}{CREATE[0]}"
    response = httpx.post(url, headers=KEY, json={"cart_id": "cart_new"})

    assert (500, "unknown_error") == (response.status_code, response.json()["type"])
