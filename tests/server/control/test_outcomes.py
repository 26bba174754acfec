"""Planned outcomes of a payment provider's calls."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from tests.server.control.served import Served
from tests.server.wire import COLLECTIONS, SESSIONS, STRIPE, SYSTEM, session_of

OUTCOME = "/payment-providers/pp_stripe_stripe/outcome"


def plan(mock: Served, **outcome: Any) -> Any:
    """Plan an outcome for Stripe."""
    return mock.control.put(OUTCOME, json=outcome).raise_for_status().json()


def initialize(mock: Served, provider: Mapping[str, Any] = STRIPE) -> httpx.Response:
    """Try to initialize a session."""
    return mock.store.post(SESSIONS, json=provider)


@pytest.mark.parametrize("message", ["Your card was declined.", "Insufficient funds."])
def test_declined(either: Served, message: str) -> None:
    """A declined call is refused as in the dialect, for as many calls as planned."""
    plan(either, result="declined", message=message, times=2)

    answers = [initialize(either) for _ in range(2)]

    for answer in answers:
        if "documented" == either.control.get("/state").json()["dialect"]:
            assert (422, message) == (answer.status_code, answer.json()["message"])
        else:
            assert 500 == answer.status_code
    assert 200 == initialize(either).status_code


def test_unreachable(either: Served) -> None:
    """An unreachable provider fails for every call; others work."""
    plan(either, result="unreachable")

    assert [500] * 3 == [initialize(either).status_code for _ in range(3)]
    assert 200 == initialize(either, SYSTEM).status_code
    assert 204 == either.control.delete(OUTCOME).status_code
    assert 200 == initialize(either).status_code
    assert 204 == either.control.delete(OUTCOME).status_code


def test_indeterminate(either: Served) -> None:
    """A result that is unknown is a pending session, without a secret, in either dialect."""
    plan(either, result="indeterminate", times=1)

    session = session_of(initialize(either, {**STRIPE, "data": {"note": "hi"}}))

    assert "pending" == session["status"]
    assert {"note": "hi", "indeterminate_due_to": "stripe_api_error"} == session["data"]
    assert "client_secret" in session_of(initialize(either))["data"]


def test_card_error(either: Served) -> None:
    """A payment whose card fails at once is a session with the status `error`."""
    plan(either, result="card_error", message="Insufficient funds.", times=1)

    session = session_of(initialize(either))

    error = {"type": "card_error", "message": "Insufficient funds."}
    assert ("error", error) == (session["status"], session["data"]["last_payment_error"])
    assert session["data"]["id"].startswith("pi_")


def test_slow_provider(mock: Served) -> None:
    """A slow provider returns the usual session, later."""
    plan(mock, result="accepted", delay=80)

    assert 200 == initialize(mock).status_code
    (entry,) = mock.journal()
    assert entry["milliseconds"] >= 79  # a timer may be early by a millisecond


def test_delayed_call_is_listed(mock: Served) -> None:
    """A call that an outcome delays is listed until it goes on; cancelling releases it."""

    def held() -> Any:
        providers = mock.control.get("/state").json()["payment_providers"]
        return [each["held"] for each in providers if each["id"] == "pp_stripe_stripe"]

    plan(mock, result="accepted", delay=600_000, times=1)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(initialize, mock)
        while [[]] == (listed := held()):
            assert not answer.done()
        mock.control.delete(OUTCOME).raise_for_status()
        session = session_of(answer.result())

    assert [[{"session_id": session["id"], "amount": 25.5, "currency_code": "usd"}]] == listed
    assert [[]] == held()


def test_provider_without_a_simulator(mock: Served) -> None:
    """Outcomes apply to providers without a simulator, too."""
    mock.control.put("/payment-providers/pp_acme_one", json={}).raise_for_status()
    mock.control.put("/payment-providers/pp_acme_one/outcome", json={"result": "declined"})
    collection = {"currency_code": "usd", "amount": 1}
    mock.control.put("/payment-collections/pay_col_mine", json=collection)

    response = mock.store.post(
        f"{COLLECTIONS}/pay_col_mine/payment-sessions", json={"provider_id": "pp_acme_one"}
    )

    assert 422 == response.status_code


def test_outcome_document(mock: Served) -> None:
    """An outcome is returned with defaults and the remaining count; the last plan wins."""
    plan(mock, result="unreachable")
    planned = plan(mock, result="declined", times=3)
    initialize(mock)

    defaults = {"message": "Your card was declined.", "delay": 0}
    assert {"result": "declined", "times": 3, **defaults} == planned
    result = {each["id"]: each for each in mock.control.get("/state").json()["payment_providers"]}
    assert {**planned, "times": 2} == result["pp_stripe_stripe"]["outcome"]
    assert None is result["pp_system_default"]["outcome"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_unknown_provider(mock: Served, method: str) -> None:
    """Nothing can be planned for a provider that the store does not list."""
    path = "/payment-providers/pp_x/outcome"

    response = mock.control.request(method, path, json={"result": "declined"})

    assert (404, "There is no payment provider 'pp_x'.") == (
        response.status_code,
        response.json()["message"],
    )
