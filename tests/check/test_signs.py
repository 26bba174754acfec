"""How calls that run into a deviation are recognized: no more is excused than the table lists."""

from dataclasses import replace

import pytest
from tests.conftest import Serve

from xclade_store_mock.check import signs
from xclade_store_mock.check.backend import Backend, Interaction, Request, Response
from xclade_store_mock.check.discovery import CREATE, INITIALIZE, LIST
from xclade_store_mock.check.signs import Evidence, Recognizer
from xclade_store_mock.check.situations import explain
from xclade_store_mock.contract import load_contract
from xclade_store_mock.dialects import DOCUMENTED, MEDUSA

CONTRACT = load_contract("store.yaml")
EVIDENCE = Evidence(
    "pk_demo", {"pay_col_demo", "pay_col_free"}, CONTRACT, free_collections={"pay_col_free"}
)
BASE = "http://127.0.0.1:4010/store"
KEY = {"X-Publishable-Api-Key": "pk_demo"}
LISTED = Interaction(LIST, "GET", f"{BASE}/payment-providers?region_id=reg_demo", KEY, b"", None)
CREATED = Interaction(
    CREATE, "POST", f"{BASE}/payment-collections", KEY, b'{"cart_id": "cart_demo"}', None
)
INITIALIZED = Interaction(
    INITIALIZE,
    "POST",
    f"{BASE}/payment-collections/pay_col_demo/payment-sessions",
    KEY,
    b'{"provider_id": "pp_stripe_stripe"}',
    Response(500, {}, b""),
)
VALID = "valid"


def with_query(text: str, call: Interaction = LISTED) -> Interaction:
    """Add query parameters to a call."""
    return replace(call, url=f"{call.url}{'&' if '?' in call.url else '?'}{text}")


def with_key(key: str, call: Interaction = INITIALIZED) -> Interaction:
    """Add an idempotency key to a call."""
    return replace(call, headers={**KEY, "Idempotency-Key": key})


def for_collection(collection: str) -> Interaction:
    """Initialize a session for another payment collection."""
    return replace(INITIALIZED, url=INITIALIZED.url.replace("pay_col_demo", collection))


CALLS = {
    VALID: [LISTED, CREATED, INITIALIZED, with_query("limit=5&offset=0"), with_key("k-1")],
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
        # Digits to Python, but not to the contract.
        with_query("limit=%D9%A3"),
        with_query("limit=2147483648&=0"),
    ],
    "negative_paging": [with_query("offset=-1"), with_query("limit=%20-x")],
    "dropped_parameter": [
        with_query("fields=&=0"),
        with_query("=0&=1"),
        with_query("toString=1"),
        with_query("=0", with_key("a b")),
    ],
    "unknown_collection": [for_collection("0"), for_collection("a%2Fb")],
    "unstorable_data": [
        replace(INITIALIZED, body=b'{"provider_id": "pp_system_default", "data": {"x": "\\u0000"}}')
    ],
    "third_party_refusal": [
        replace(INITIALIZED, body=b'{"provider_id": "pp_stripe_stripe", "data": {"x": 1}}'),
        for_collection("pay_col_free"),
    ],
    "malformed_idempotency_key": [
        with_key(""),
        with_key("a b"),
        with_query("=0", with_key("")),
    ],
}


@pytest.mark.parametrize("name", [name for name in CALLS if name != VALID])
def test_recognizes_its_calls(name: str) -> None:
    """It recognizes its own calls, and none that keep the contract."""
    recognizes: Recognizer = getattr(signs, name)

    assert [] == [call for call in CALLS[name] if not recognizes(call, EVIDENCE)]
    assert [] == [call for call in CALLS[VALID] if recognizes(call, EVIDENCE)]


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("odd_paging", replace(LISTED, url=f"{BASE}/payment-providers?limit=1.5")),
        ("odd_paging", with_query("limit=1.5&sort=id")),
        ("negative_paging", with_query("limit=1.5")),
        ("dropped_parameter", with_query("=0&sort=id")),
        ("dropped_parameter", replace(with_query("=0", INITIALIZED), body=b"{}")),
        ("malformed_idempotency_key", with_key("", replace(INITIALIZED, body=b"{}"))),
        ("malformed_idempotency_key", with_query("sort=id", with_key(""))),
    ],
)
def test_excuses_nothing_else(name: str, call: Interaction) -> None:
    """A deviation that accepts one invalid part does not excuse another one."""
    recognizes: Recognizer = getattr(signs, name)

    assert not recognizes(call, EVIDENCE)


# The call that made --seed 4122610936, 2934505823 and 369801242 report a finding, and its kin.
@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({"fields": "", "": "0"}, ["query"]),
        ({"": "", "limit": "1.5"}, ["query", "paging"]),
        ({"": "0", "limit": "-1"}, ["paging"]),
    ],
)
def test_explains_each_invalid_part(serve: Serve, query: dict[str, str], rows: list[str]) -> None:
    """The medusa dialect accepts or fails at what the documented one refuses, as listed."""
    request = Request(LIST, "GET", "/store/payment-providers", {"region_id": "reg_demo", **query})
    calls = {}
    for dialect in (DOCUMENTED, MEDUSA):
        with Backend(serve(dialect=dialect), "pk_demo", None, 10) as backend:
            calls[dialect.name] = backend.send(request)

    refused, deviates = calls[DOCUMENTED.name], calls[MEDUSA.name]
    assert refused.response
    assert 400 == refused.response.status
    assert [] == [*explain(refused, EVIDENCE)]
    assert rows == [situation.id for situation in explain(deviates, EVIDENCE)]
