"""How calls that run into a deviation are recognized: no more is excused than the table lists."""

from dataclasses import replace

import pytest
from tests.conftest import Serve

from xclade_store_mock.check.backend import Backend
from xclade_store_mock.check.calls import CREATE, INITIALIZE, LIST, Interaction, Request, Response
from xclade_store_mock.check.signs import SIGNS, Evidence
from xclade_store_mock.check.situations import SITUATIONS, explain
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
    "PublishableKeyMissing": [
        replace(LISTED, headers={}),
        replace(LISTED, headers={"x-publishable-api-key": " "}),
    ],
    "PublishableKeyInvalid": [replace(CREATED, headers={"x-publishable-api-key": "pk_other"})],
    "MethodNotAllowed": [replace(CREATED, method="GET"), replace(LISTED, method="OPTIONS")],
    "options": [replace(LISTED, method="OPTIONS")],
    "QueryKeyTooDeep": [with_query("a.b.c=1")],
    "paging": [
        with_query("limit=1.5"),
        with_query("offset=2x&limit=%201"),
        with_query("limit=2147483648&=0"),
    ],
    "negative-paging": [with_query("offset=-1"), with_query("limit=%20-1x&=0")],
    "query": [
        with_query("fields=&=0"),
        with_query("=0&=1"),
        with_query("toString=1"),
        with_query("=0", with_key("a b")),
        with_query("locale=de&with_deleted=true"),
    ],
    "CollectionNotFound": [for_collection("0"), for_collection("a%2Fb")],
    "unstorable-data": [
        replace(INITIALIZED, body=b'{"provider_id": "pp_system_default", "data": {"x": "\\u0000"}}')
    ],
    "ProviderRefused": [
        replace(INITIALIZED, body=b'{"provider_id": "pp_stripe_stripe", "data": {"x": 1}}'),
        for_collection("pay_col_free"),
    ],
    "idempotency-key": [with_key(""), with_key("a b"), with_query("=0", with_key(""))],
}


def test_each_sign_is_tested_and_used() -> None:
    """Each is the sign of a situation, and has calls here."""
    assert CALLS.keys() - {VALID} == SIGNS.keys()
    assert SIGNS.keys() <= {situation.sign or situation.id for situation in SITUATIONS}


@pytest.mark.parametrize("name", SIGNS)
def test_recognizes_its_calls(name: str) -> None:
    """It recognizes its own calls, and none that keep the contract."""
    assert [] == [call for call in CALLS[name] if not SIGNS[name](call, EVIDENCE)]
    assert [] == [call for call in CALLS[VALID] if SIGNS[name](call, EVIDENCE)]


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("paging", replace(LISTED, url=f"{BASE}/payment-providers?limit=1.5")),
        ("paging", with_query("limit=1.5&sort=id")),
        ("paging", with_query("limit=x")),
        ("negative-paging", with_query("limit=1.5")),
        ("query", with_query("=0&sort=id")),
        ("query", replace(with_query("=0", INITIALIZED), body=b"{}")),
        ("idempotency-key", with_key("", replace(INITIALIZED, body=b"{}"))),
        ("idempotency-key", with_query("sort=id", with_key(""))),
    ],
)
def test_excuses_nothing_else(name: str, call: Interaction) -> None:
    """A deviation that accepts one invalid part does not excuse another one."""
    assert not SIGNS[name](call, EVIDENCE)


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
        backend = Backend(serve(dialect=dialect), "pk_demo", None, 10)
        calls[dialect.name] = backend.send(request)

    refused, deviates = calls[DOCUMENTED.name], calls[MEDUSA.name]
    assert refused.response
    assert 400 == refused.response.status
    assert [] == [*explain(refused, EVIDENCE)]
    assert rows == [situation.id for situation in explain(deviates, EVIDENCE)]
