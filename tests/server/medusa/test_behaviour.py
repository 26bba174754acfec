"""What the medusa dialect does, beyond the recordings: its rules, not its cases."""

from typing import Any

import httpx
import pytest

SESSIONS = "/store/payment-collections/pay_col_1/payment-sessions"
SYSTEM = {"provider_id": "pp_system_default"}
HIDDEN = {
    "code": "unknown_error",
    "type": "unknown_error",
    "message": "An unknown error occurred.",
}


def sessions(medusa: httpx.Client) -> Any:
    """Answer the collection's sessions as they are now."""
    answer = medusa.post("/store/payment-collections", json={"cart_id": "cart_1"})
    return answer.json()["payment_collection"]["payment_sessions"]


def test_failure_brings_the_earlier_session_back(medusa: httpx.Client) -> None:
    """The earlier session returns with another id and no metadata, its data as it was."""
    medusa.post(SESSIONS, json={**SYSTEM, "data": {"note": "hi"}})
    (before,) = sessions(medusa)

    answer = medusa.post(SESSIONS, json={"provider_id": "pp_gone_gone"})

    (after,) = sessions(medusa)
    assert (500, HIDDEN) == (answer.status_code, answer.json())
    assert before["id"] != after["id"]
    assert (None, {"note": "hi"}) == (after["metadata"], after["data"])


def test_restored_stripe_session_has_a_new_intent(medusa: httpx.Client) -> None:
    """Its provider is asked again, with what the session had stored."""
    body = {"provider_id": "pp_stripe_stripe", "data": {"capture_method": "automatic"}}
    medusa.post(SESSIONS, json=body)
    (before,) = sessions(medusa)

    medusa.post(SESSIONS, json={"provider_id": "pp_system_default", "data": {"x": "\0"}})

    (after,) = sessions(medusa)
    assert before["data"]["id"] != after["data"]["id"]
    assert after["id"] == after["data"]["metadata"]["session_id"]
    assert "automatic" == after["data"]["capture_method"]


def test_refusal_by_region_changes_nothing(medusa: httpx.Client) -> None:
    """A provider that is not linked is refused before anything is deleted."""
    medusa.post(SESSIONS, json=SYSTEM)
    before = sessions(medusa)

    assert 400 == medusa.post(SESSIONS, json={"provider_id": "pp_paypal_paypal"}).status_code
    assert before == sessions(medusa)


def test_disabled_variant_of_stripe_works(medusa: httpx.Client) -> None:
    """A linked provider takes sessions though it is switched off; a variant has its own method."""
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
def test_without_a_cart_no_region_is_asked(
    medusa: httpx.Client, provider_id: str, status: int
) -> None:
    """An unknown provider fails only where it is looked for."""
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
def test_key_comes_before_the_route(
    medusa: httpx.Client, key: dict[str, str], message: str
) -> None:
    """Below /store a missing key beats an unknown path; elsewhere nobody asks for one."""
    del medusa.headers["x-publishable-api-key"]

    assert message in medusa.post("/STORE/nope", headers=key).json()["message"]
    assert 404 == medusa.post("/storefront", headers=key).status_code


def test_an_id_with_an_encoded_slash_is_unknown(medusa: httpx.Client) -> None:
    """It is an id like any other, not another path."""
    answer = medusa.post("/store/payment-collections/a%2Fb/payment-sessions", json=SYSTEM)

    assert (500, HIDDEN) == (answer.status_code, answer.json())


def test_idempotency_key_is_ignored(medusa: httpx.Client) -> None:
    """The same key makes two sessions, and a malformed one is none of the backend's business."""
    ids = {
        medusa.post(SESSIONS, json=SYSTEM, headers={"idempotency-key": "not a key"}).json()[
            "payment_collection"
        ]["payment_sessions"][0]["id"]
        for _ in range(2)
    }

    assert 2 == len(ids)


def test_other_origins_get_no_permission(medusa: httpx.Client) -> None:
    """The store's origins are echoed, also on errors behind a route; others are not."""
    for origin, echoed in (("http://shop.test", "http://shop.test"), ("http://evil.test", None)):
        answer = medusa.post(SESSIONS, json={}, headers={"origin": origin})
        assert echoed == answer.headers.get("access-control-allow-origin")
