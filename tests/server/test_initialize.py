"""The operation initialize_payment_session."""

import re
from datetime import UTC, datetime

import httpx
import pytest
from tests.conftest import KEY, Serve
from tests.server.providers import Scripted
from tests.server.wire import (
    COLLECTIONS,
    FREE_SESSIONS,
    SESSIONS,
    STRIPE,
    SYSTEM,
    answer,
    error,
    ok,
    read_collection,
    session_of,
)

from xclade_store_mock.errors import ProviderRefused
from xclade_store_mock.payments.providers import ProviderSession

MOMENT = datetime(2026, 1, 15, 9, 30, 0, 7_900, UTC)


def test_returns_the_collection_with_its_session(serve: Serve) -> None:
    """The default fields are the recorded backend's, at least; ids and times are injected."""
    url = serve(clock=lambda: MOMENT, new_id=lambda prefix: f"{prefix}1")

    response = httpx.post(url + SESSIONS, headers=KEY, json=SYSTEM)

    session = session_of(response) | {
        "id": "payses_1",
        "currency_code": "usd",
        "provider_id": "pp_system_default",
        "data": {},
        "context": {},
        "status": "pending",
        "authorized_at": None,
        "payment_collection_id": "pay_col_demo",
        "payment": None,
        "metadata": {},
        "raw_amount": {"value": "25.5", "precision": 20},
        "created_at": "2026-01-15T09:30:00.007Z",
        "updated_at": "2026-01-15T09:30:00.007Z",
        "deleted_at": None,
        "amount": 25.5,
    }
    collection = {
        "id": "pay_col_demo",
        "currency_code": "usd",
        "amount": 25.5,
        "payment_sessions": [session],
    }
    assert ok({"payment_collection": collection}) == answer(response)


def test_replaces_the_earlier_session(shared: httpx.Client) -> None:
    """A collection has only its last session."""
    earlier = session_of(shared.post(SESSIONS, json=STRIPE))
    later = session_of(shared.post(SESSIONS, json=SYSTEM))

    assert earlier["id"] != later["id"]
    assert [later] == read_collection(shared)["payment_sessions"]


def test_leaves_other_collections_alone(shared: httpx.Client) -> None:
    """Other collections keep their sessions."""
    demo = session_of(shared.post(SESSIONS, json=SYSTEM))
    free = session_of(shared.post(FREE_SESSIONS, json=SYSTEM))

    assert [demo] == read_collection(shared, "cart_demo")["payment_sessions"]
    assert [free] == read_collection(shared, "cart_free")["payment_sessions"]


def test_initializes_a_session_of_a_new_collection(store: httpx.Client) -> None:
    """The main flow: a session of a new collection has the cart's total."""
    created = store.post(COLLECTIONS, json={"cart_id": "cart_new"}).json()["payment_collection"]

    session = session_of(store.post(f"{COLLECTIONS}/{created['id']}/payment-sessions", json=STRIPE))

    assert (40, created["id"]) == (session["amount"], session["payment_collection_id"])


def test_ids_are_ulids(shared: httpx.Client) -> None:
    """A session's id is a ULID, as in Medusa."""
    session = session_of(shared.post(SESSIONS, json=SYSTEM))

    assert re.fullmatch(r"payses_[0-7][0-9A-HJKMNP-TV-Z]{25}", session["id"])


def test_times_are_utc_with_milliseconds(shared: httpx.Client) -> None:
    """`created_at` is the time of the request, with milliseconds."""
    before = datetime.now(UTC)
    session = session_of(shared.post(SESSIONS, json=SYSTEM))
    after = datetime.now(UTC)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", session["created_at"])
    created_at = datetime.fromisoformat(session["created_at"])
    assert before.replace(microsecond=before.microsecond // 1000 * 1000) <= created_at <= after
    assert session["created_at"] == session["updated_at"]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"": None, "a": [1, 2.5, -0.0, True, {"b": []}], "ключ": "🛒 \u2028"},
        {"large": 2**53 + 1, "small": 5e-324, "id": "mine", "amount": 1},
    ],
)
def test_system_provider_keeps_data_as_sent(shared: httpx.Client, data: dict[str, object]) -> None:
    """The manual provider returns the request's data unchanged."""
    session = session_of(shared.post(SESSIONS, json={**SYSTEM, "data": data}))

    assert data == session["data"]


def test_provider_overrides_the_data(scripted: Scripted) -> None:
    """The provider's data overrides the request's."""
    answered = ProviderSession(data={"id": "theirs", "secret": "s"}, status="requires_more")
    scripted.provider.play(answered)
    data = {"id": "mine", "note": {"kept": True}}

    session = session_of(scripted.client.post(SESSIONS, json={**SYSTEM, "data": data}))

    assert {"id": "theirs", "secret": "s", "note": {"kept": True}} == session["data"]
    assert "requires_more" == session["status"]


def test_refused_call_leaves_the_earlier_session(scripted: Scripted) -> None:
    """After a refusal, the collection is unchanged and keeps its session."""
    scripted.provider.play(ProviderSession({}), ProviderRefused("No."))
    scripted.client.post(SESSIONS, json=SYSTEM).raise_for_status()
    before = read_collection(scripted.client)

    refused = scripted.client.post(SESSIONS, json=SYSTEM)

    expected = error(422, "payment_authorization_error", "No.", "invalid_request_error")
    assert expected == answer(refused)
    assert before == read_collection(scripted.client)
