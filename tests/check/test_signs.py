"""By which signs a call is known to be in a situation: no more is explained than the table says."""

from dataclasses import replace

import pytest

from xclade_store_mock.check import signs
from xclade_store_mock.check.backend import Answer, Exchange
from xclade_store_mock.check.discovery import CREATE, INITIALIZE, LIST
from xclade_store_mock.check.signs import Known, Sign
from xclade_store_mock.contract import load_contract

KNOWN = Known("pk_demo", frozenset({"pay_col_demo"}), load_contract("store.yaml"))
BASE = "http://127.0.0.1:4010/store"
KEY = {"X-Publishable-Api-Key": "pk_demo"}
LISTED = Exchange(LIST, "GET", f"{BASE}/payment-providers?region_id=reg_demo", KEY, b"", None)
CREATED = Exchange(
    CREATE, "POST", f"{BASE}/payment-collections", KEY, b'{"cart_id": "cart_demo"}', None
)
INITIALIZED = Exchange(
    INITIALIZE,
    "POST",
    f"{BASE}/payment-collections/pay_col_demo/payment-sessions",
    KEY,
    b'{"provider_id": "pp_stripe_stripe"}',
    Answer(500, {}, b""),
)
NONE = "keeps the contract"


def with_query(text: str) -> Exchange:
    """List the providers with more query."""
    return replace(LISTED, url=f"{LISTED.url}&{text}")


def with_key(key: str, exchange: Exchange = INITIALIZED) -> Exchange:
    """Make a call with an idempotency key."""
    return replace(exchange, headers={**KEY, "Idempotency-Key": key})


CALLS = {
    NONE: [LISTED, CREATED, INITIALIZED, with_query("limit=5&offset=0"), with_key("k-1")],
    "no_key": [
        replace(LISTED, headers={}),
        replace(LISTED, headers={"x-publishable-api-key": " "}),
    ],
    "other_key": [replace(CREATED, headers={"x-publishable-api-key": "pk_other"})],
    "other_method": [replace(CREATED, method="GET"), replace(LISTED, method="OPTIONS")],
    "deep_query": [with_query("a.b.c=1")],
    "odd_paging": [
        with_query("limit=1.5"),
        with_query("offset=-1"),
        with_query("limit=&offset=x"),
    ],
    "unknown_collection": [
        replace(INITIALIZED, url=INITIALIZED.url.replace("pay_col_demo", "0")),
        replace(INITIALIZED, url=INITIALIZED.url.replace("pay_col_demo", "a%2Fb")),
    ],
    "unstorable_data": [
        replace(INITIALIZED, body=b'{"provider_id": "pp_system_default", "data": {"x": "\\u0000"}}')
    ],
    "data_for_a_third_party": [
        replace(INITIALIZED, body=b'{"provider_id": "pp_stripe_stripe", "data": {"x": 1}}')
    ],
    "malformed_idempotency_key": [with_key(""), with_key("a b")],
}


@pytest.mark.parametrize("name", [name for name in CALLS if name != NONE])
def test_sign_tells_its_calls_from_others(name: str) -> None:
    """It is there in its own calls; not in those that keep the contract, nor with more wrong."""
    sign: Sign = getattr(signs, name)

    assert [] == [call for call in CALLS[name] if not sign(call, KNOWN)]
    assert [] == [call for call in CALLS[NONE] if sign(call, KNOWN)]


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("odd_paging", replace(LISTED, url=f"{BASE}/payment-providers?limit=1.5")),
        ("odd_paging", with_query("limit=1.5&sort=id")),
        ("malformed_idempotency_key", with_key("", replace(INITIALIZED, body=b"{}"))),
        (
            "malformed_idempotency_key",
            with_key("", replace(INITIALIZED, url=f"{INITIALIZED.url}?sort=id")),
        ),
    ],
)
def test_what_is_accepted_must_have_nothing_else_wrong(name: str, call: Exchange) -> None:
    """A row that lists an acceptance does not excuse another fault of the same call."""
    sign: Sign = getattr(signs, name)

    assert not sign(call, KNOWN)
