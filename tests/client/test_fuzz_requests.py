"""Every request that the contract allows arrives unchanged."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.client.strategies import OBJECTS, SEEDED, TEXT
from tests.client.wire import (
    FACES,
    PROVIDERS,
    Call,
    Desk,
    collection,
    initialized,
    ok,
    open_store,
    path,
    query,
)

# Ids that would be steps in a path, or nothing, are refused as arguments.
ODD_IDS = [
    "a/b",
    "../admin",
    "a/../b",
    "?",
    "a?b=c",
    "#",
    "%",
    "%2F",
    "%2e%2e",
    " ",
    "+",
    "&",
    "...",
]
IDS = (
    st.sampled_from(ODD_IDS)
    | TEXT
    | st.text("/?#%&=+;:@ .\\\"'<>[]{}|^`~\u00e9\U0001f600", max_size=12)
).filter(lambda text: text not in {"", ".", ".."})
FIELDS = st.none() | TEXT | st.sampled_from(["id", "+status,-amount", "*payment_sessions", "a.b.c"])
KEYS = st.none() | st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1).filter(
    lambda text: not text.startswith('"')
)
NUMBERS = st.integers(0, 2_147_483_647)


def expected_query(**parameters: object) -> dict[str, str]:
    """Write a query without what is not given."""
    return {name: str(value) for name, value in parameters.items() if value is not None}


def check_initialize(request: httpx.Request, arguments: Mapping[str, Any]) -> None:
    """Compare a request with its arguments."""
    body = {"provider_id": arguments["provider_id"]}
    if arguments["data"] is not None:
        body["data"] = arguments["data"]
    collection_id = arguments["payment_collection_id"]
    key = arguments["idempotency_key"]
    sent_key = request.headers["idempotency-key"]

    assert "POST" == request.method
    assert ["store", "payment-collections", collection_id, "payment-sessions"] == path(request)
    assert expected_query(fields=arguments["fields"]) == query(request)
    assert json.dumps(body, sort_keys=True) == json.dumps(
        json.loads(request.content), sort_keys=True
    )
    assert "application/json" == request.headers["content-type"]
    assert key == sent_key if key is not None else len(sent_key) == 32


INITIALIZE = st.fixed_dictionaries(
    {
        "payment_collection_id": IDS,
        "provider_id": IDS,
        "data": st.none() | OBJECTS,
        "fields": FIELDS,
        "idempotency_key": KEYS,
    }
)


@pytest.mark.parametrize("face", FACES)
@settings(SEEDED, max_examples=200)
@given(INITIALIZE)
def test_initialize_payment_session(face: Call, arguments: dict[str, Any]) -> None:
    """Id, provider, data, fields and key arrive."""
    desk = Desk(initialized(arguments["payment_collection_id"], arguments["provider_id"]))
    result = face(desk, "initialize_payment_session", **arguments)

    check_initialize(desk.requests[0], arguments)
    assert desk.requests[0].headers["idempotency-key"] == result.idempotency_key


@pytest.mark.parametrize("face", FACES)
@settings(SEEDED, max_examples=100)
@given(IDS, FIELDS)
def test_create_payment_collection(face: Call, cart_id: str, fields: str | None) -> None:
    """The cart's id and fields arrive, and no idempotency key."""
    desk = Desk(collection())
    face(desk, "create_payment_collection", cart_id, fields=fields)

    (request,) = desk.requests
    assert ("POST", ["store", "payment-collections"]) == (request.method, path(request))
    assert expected_query(fields=fields) == query(request)
    assert {"cart_id": cart_id} == json.loads(request.content)
    assert "idempotency-key" not in request.headers


@pytest.mark.parametrize("face", FACES)
@settings(SEEDED, max_examples=100)
@given(
    IDS, st.fixed_dictionaries({}, optional={"limit": NUMBERS, "offset": NUMBERS, "fields": FIELDS})
)
def test_list_payment_providers(face: Call, region_id: str, page: dict[str, Any]) -> None:
    """The region's id, the page, which has defaults, and fields arrive in the query."""
    desk = Desk(ok(PROVIDERS))
    face(desk, "list_payment_providers", region_id, **page)

    (request,) = desk.requests
    assert ("GET", ["store", "payment-providers"], b"") == (
        request.method,
        path(request),
        request.content,
    )
    expected = {"limit": 20, "offset": 0, **page}
    assert expected_query(region_id=region_id, **expected) == query(request)


@settings(SEEDED, max_examples=100)
@given(st.text(st.sampled_from("xyz/%~-._é "), max_size=12), IDS)
def test_a_prefix_in_the_base_url(prefix: str, collection_id: str) -> None:
    """The path of base_url stays in front of the operation's path."""
    desk = Desk(initialized(collection_id, "pp_stripe_stripe"))
    with open_store(desk, f"http://store.test/api/{prefix}x/") as store:
        store.initialize_payment_session(collection_id, "pp_stripe_stripe")

    assert ["store", "payment-collections", collection_id, "payment-sessions"] == path(
        desk.requests[0]
    )[-4:]
