"""Parts of the contract that no test of the server's rooms has a reason to touch."""

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


@pytest.mark.parametrize(("path", "body"), [CREATE, INITIALIZE])
def test_every_field_can_be_asked_for(store: httpx.Client, path: str, body: Any) -> None:
    """A collection, and a session in it, have all the fields that the contract describes."""
    store.post(INITIALIZE[0], json=INITIALIZE[1]).raise_for_status()
    wanted = {
        "+": property_names("StorePaymentCollection"),
        "+payment_sessions.": property_names("StorePaymentSession"),
    }
    fields = ",".join(f"{prefix}{name}" for prefix, names in wanted.items() for name in names)

    answer = store.post(path, params={"fields": fields}, json=body).json()
    collection = answer["payment_collection"]

    assert wanted["+"] == collection.keys()
    assert wanted["+payment_sessions."] == collection["payment_sessions"][0].keys()


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [("application/json", b" " * 102_401, 413), ("text/plain", b"{}", 415)],
)
def test_bodies_are_refused_wherever_one_is_read(
    store: httpx.Client, content_type: str, body: bytes, status: int
) -> None:
    """What initializing refuses of a body, creating refuses, too."""
    response = store.post(CREATE[0], headers={"content-type": content_type}, content=body)

    assert (status, "invalid_data") == (response.status_code, response.json()["type"])


def test_bug_while_creating(serve: Serve) -> None:
    """A bug is answered as the contract says, and tells nothing of itself."""

    def new_id(prefix: str) -> NoReturn:
        raise RuntimeError(prefix)

    url = f"{serve(new_id=new_id)}{CREATE[0]}"
    response = httpx.post(url, headers=KEY, json={"cart_id": "cart_new"})

    assert (500, "unknown_error") == (response.status_code, response.json()["type"])
