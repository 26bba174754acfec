"""Rules of the medusa dialect, in addition to the recorded cases."""

import json
from asyncio import gather, run
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.server.medusa.conftest import STORE

from xclade_store_mock.app import create_app, utc_now
from xclade_store_mock.dialects import MEDUSA
from xclade_store_mock.payments.seed import parse_store

RECORDING = Path(__file__).parents[2] / "contract/recordings/medusa-2.21.2.json"
SESSIONS = "/store/payment-collections/pay_col_1/payment-sessions"
SYSTEM = {"provider_id": "pp_system_default"}
HIDDEN = {"code": "unknown_error", "type": "unknown_error", "message": "An unknown error occurred."}


def sessions(medusa: httpx.Client) -> Any:
    """Return the collection's sessions."""
    answer = medusa.post("/store/payment-collections", json={"cart_id": "cart_1"})
    return answer.json()["payment_collection"]["payment_sessions"]


def test_session_has_the_recorded_fields(medusa: httpx.Client) -> None:
    """A session has the fields of the recording, in its order, and no other."""
    cases = json.loads(RECORDING.read_text("utf-8"))["cases"]
    (recorded,) = (each["response"] for each in cases if "repeat/1-system" == each["name"])
    collection = json.loads(recorded["body"])["payment_collection"]

    medusa.post(SESSIONS, json=SYSTEM)

    assert [*collection["payment_sessions"][0]] == [*sessions(medusa)[0]]


def test_failure_restores_the_earlier_session(medusa: httpx.Client) -> None:
    """The restored session has a new id, no metadata, and the same data."""
    medusa.post(SESSIONS, json={**SYSTEM, "data": {"note": "hi"}})
    (before,) = sessions(medusa)

    answer = medusa.post(SESSIONS, json={"provider_id": "pp_gone_gone"})

    (after,) = sessions(medusa)
    assert (500, HIDDEN) == (answer.status_code, answer.json())
    assert before["id"] != after["id"]
    assert (None, {"note": "hi"}) == (after["metadata"], after["data"])


def test_restored_stripe_session_has_a_new_intent(medusa: httpx.Client) -> None:
    """The provider is called again, with the stored data of the session."""
    body = {"provider_id": "pp_stripe_stripe", "data": {"capture_method": "automatic"}}
    medusa.post(SESSIONS, json=body)
    (before,) = sessions(medusa)

    medusa.post(SESSIONS, json={"provider_id": "pp_system_default", "data": {"x": "\0"}})

    (after,) = sessions(medusa)
    assert before["data"]["id"] != after["data"]["id"]
    assert after["id"] == after["data"]["metadata"]["session_id"]
    assert "automatic" == after["data"]["capture_method"]


def test_refusal_by_region_changes_nothing(medusa: httpx.Client) -> None:
    """An unlinked provider is refused before the earlier session is deleted."""
    medusa.post(SESSIONS, json=SYSTEM)
    before = sessions(medusa)

    assert 400 == medusa.post(SESSIONS, json={"provider_id": "pp_paypal_paypal"}).status_code
    assert before == sessions(medusa)


def test_disabled_variant_of_stripe_works(medusa: httpx.Client) -> None:
    """A linked provider works even if it is disabled; a variant has its own payment method."""
    body = {"provider_id": "pp_stripe-ideal_stripe"}

    (session,) = medusa.post(SESSIONS, json=body).json()["payment_collection"]["payment_sessions"]

    assert (["ideal"], "automatic", 3297) == (
        session["data"]["payment_method_types"],
        session["data"]["capture_method"],
        session["data"]["amount"],
    )


@pytest.mark.parametrize(
    ("provider_id", "status"), [("pp_system_default", 200), ("pp_unknown_x", 500)]
)
def test_without_a_cart_no_region_is_checked(
    medusa: httpx.Client, provider_id: str, status: int
) -> None:
    """Without a cart, an unknown provider fails only when it is called."""
    path = "/store/payment-collections/pay_col_alone/payment-sessions"

    assert status == medusa.post(path, json={"provider_id": provider_id}).status_code


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ({}, "Publishable API key required"),
        ({"x-publishable-api-key": ""}, "Publishable API key required"),
        ({"x-publishable-api-key": "pk_old"}, "A valid publishable key is required"),
    ],
)
def test_key_is_checked_before_the_route(
    medusa: httpx.Client, key: dict[str, str], message: str
) -> None:
    """Under /store a missing key is reported before an unknown path; elsewhere no key is needed."""
    del medusa.headers["x-publishable-api-key"]

    assert message in medusa.post("/STORE/nope", headers=key).json()["message"]
    assert 404 == medusa.post("/storefront", headers=key).status_code


def test_an_id_with_an_encoded_slash_is_unknown(medusa: httpx.Client) -> None:
    """An encoded slash is part of the id, not of the path."""
    answer = medusa.post("/store/payment-collections/a%2Fb/payment-sessions", json=SYSTEM)

    assert (500, HIDDEN) == (answer.status_code, answer.json())


def test_idempotency_key_is_ignored(medusa: httpx.Client) -> None:
    """The same key creates two sessions, and a malformed key is accepted."""
    ids = {
        medusa.post(SESSIONS, json=SYSTEM, headers={"idempotency-key": "not a key"}).json()[
            "payment_collection"
        ]["payment_sessions"][0]["id"]
        for _ in range(2)
    }

    assert 2 == len(ids)


def test_other_origins_get_no_permission(medusa: httpx.Client) -> None:
    """The store's origins are allowed, also on errors of a route; others are not."""
    for origin, echoed in (("http://shop.test", "http://shop.test"), ("http://evil.test", None)):
        answer = medusa.post(SESSIONS, json={}, headers={"origin": origin})
        assert echoed == answer.headers.get("access-control-allow-origin")


@pytest.mark.parametrize("provider_id", ["pp_system_default", "pp_gone_gone"])
def test_simultaneous_initializations(provider_id: str) -> None:
    """Each leaves a session; one that fails restores what it has deleted, and nothing else."""
    app = create_app(store=parse_store(STORE, "store.yaml", utc_now()), dialect=MEDUSA)

    async def initialize(client: httpx.AsyncClient, provider_id: str) -> int:
        answer = await client.post(SESSIONS, json={"provider_id": provider_id})
        return answer.status_code

    async def tap_twice() -> tuple[list[int], Any, Any]:
        headers = {"x-publishable-api-key": "pk_test"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://mock.test", headers=headers
        ) as client:
            await client.post(SESSIONS, json={**SYSTEM, "data": {"first": True}})
            statuses = await gather(
                initialize(client, "pp_stripe_stripe"), initialize(client, provider_id)
            )
            answer = await client.post("/store/payment-collections", json={"cart_id": "cart_1"})
            found = answer.json()["payment_collection"]["payment_sessions"]
            await client.post(SESSIONS, json=SYSTEM)
            answer = await client.post("/store/payment-collections", json={"cart_id": "cart_1"})
            return [*statuses], found, answer.json()["payment_collection"]["payment_sessions"]

    statuses, found, left = run(tap_twice())

    is_installed = "pp_system_default" == provider_id
    assert [200, 200 if is_installed else 500] == statuses
    assert ["pp_stripe_stripe", "pp_system_default"][: 1 + is_installed] == [
        each["provider_id"] for each in found
    ]
    assert 1 == len(left)


def test_providers_are_listed_as_they_were_linked(medusa: httpx.Client) -> None:
    """`order` is the order of linking; the pages follow it."""
    linked = ["pp_system_default", "pp_stripe_stripe", "pp_stripe-ideal_stripe", "pp_gone_gone"]

    for query, expected in (
        ("", linked),
        ("&order=id", linked),
        ("&order=-id", linked[::-1]),
        ("&order=-id&offset=1&limit=2", linked[2:0:-1]),
    ):
        answer = medusa.get(f"/store/payment-providers?region_id=reg_eu{query}").json()
        assert expected == [each["id"] for each in answer["payment_providers"]]


@pytest.mark.parametrize(
    ("authorization", "is_known"),
    [
        ("bearer \t token_1", True),
        ("BEARER  token_1\ttoken_2", True),
        ("Bearer token_2 token_1", False),
        ("Bearer", False),
        ("Bearer, token_1", False),
        ("Basic token_1", False),
    ],
)
def test_two_words_authorize_a_customer(
    medusa: httpx.Client, authorization: str, *, is_known: bool
) -> None:
    """White space separates the scheme and the token, and further words do not matter."""
    headers = [("authorization", authorization), ("authorization", "Bearer token_1")]

    answer = medusa.post(SESSIONS, json=SYSTEM, headers=headers)

    (session,) = answer.json()["payment_collection"]["payment_sessions"]
    assert is_known == ("customer" in session["context"])
