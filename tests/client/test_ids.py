"""A result about another collection, or with another provider's session, is not believed."""

from typing import Any

import pytest
from tests.client.wire import (
    CREATE,
    FACES,
    INITIALIZE,
    SESSION,
    Call,
    Desk,
    call_sync,
    collection,
    initialized,
)

from xclade_store import BrokenAnswer
from xclade_store_mock.testing import StoreMock

EARLIER, LATER = "2026-01-15T09:30:00Z", "2026-01-15T09:30:01Z"


def session(provider_id: str, **changes: Any) -> dict[str, Any]:
    """Describe a session of a provider."""
    return {**SESSION, "provider_id": provider_id, **changes}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("fields", [None, "status,payment_sessions.provider_id"])
def test_another_collection(face: Call, fields: str | None) -> None:
    """The error names both collections and carries the key and the answer."""
    desk = Desk(collection(id="pay_col_OTHER"))
    with pytest.raises(BrokenAnswer) as raised:
        face(desk, *INITIALIZE, fields=fields, idempotency_key="order-1")

    error = raised.value
    assert "about payment collection 'pay_col_OTHER', not 'pay_col_demo'" in error.message
    assert ("order-1", 200, False) == (error.idempotency_key, error.status, error.retryable)
    assert error.body is not None
    assert b"pay_col_OTHER" in error.body


@pytest.mark.parametrize(
    "sessions",
    [
        [session("pp_other")],
        [session("pp_other"), session("pp_another")],
        [session("pp_stripe_stripe", created_at=EARLIER), session("pp_other", created_at=LATER)],
        [session("pp_other", created_at=LATER), session("pp_stripe_stripe", created_at=EARLIER)],
    ],
)
def test_another_provider(sessions: list[Any]) -> None:
    """The newest session is of the provider that was asked for."""
    with pytest.raises(BrokenAnswer, match=r"of provider 'pp_.*other', not 'pp_stripe_stripe'"):
        call_sync(Desk(collection(payment_sessions=sessions)), *INITIALIZE)


@pytest.mark.parametrize(
    "sessions",
    [
        [],
        [session("pp_stripe_stripe")],
        [session("pp_other"), session("pp_stripe_stripe")],
        [session("pp_other", created_at=EARLIER), session("pp_stripe_stripe", created_at=LATER)],
        [session("pp_other", created_at=LATER), session("pp_stripe_stripe", created_at=LATER)],
        [session("pp_other", created_at=LATER), session("pp_stripe_stripe")],
    ],
)
def test_sessions_that_fit(sessions: list[Any]) -> None:
    """A backend may return older sessions too, in any order, and some do not say how old."""
    result = call_sync(Desk(collection(payment_sessions=sessions)), *INITIALIZE)

    assert len(sessions) == len(result.payment_sessions)


@pytest.mark.parametrize(
    "document",
    [
        {"payment_sessions": [{"id": "payses_1"}]},
        {"payment_sessions": [{"id": "payses_1"}, {"id": "payses_2", "provider_id": "pp_other"}]},
    ],
)
def test_providers_that_fields_left_out(document: Any) -> None:
    """A session without its provider contradicts nothing."""
    call_sync(Desk(collection(**document)), *INITIALIZE, fields="id")


def test_sessions_that_fields_left_out() -> None:
    """Nor does a collection without its sessions."""
    answer = initialized("pay_col_demo", "pp_other")
    document = answer._replace(content=b'{"payment_collection": {"id": "pay_col_demo"}}')

    call_sync(Desk(document), *INITIALIZE, fields="id")


def test_a_replay_of_an_earlier_provider(store_mock: StoreMock) -> None:
    """A replayed call returns its own session, though another provider's came after it."""
    with store_mock.client() as store:
        first = store.initialize_payment_session(
            "pay_col_demo", "pp_system_default", idempotency_key="order-1"
        )
        store.initialize_payment_session("pay_col_demo", "pp_stripe_stripe")
        again = store.initialize_payment_session(
            "pay_col_demo", "pp_system_default", idempotency_key="order-1"
        )

    assert first == again


def test_create_payment_collection_names_no_collection() -> None:
    """The id of a cart's collection is the store's to say."""
    assert "pay_col_x" == call_sync(Desk(collection(id="pay_col_x")), *CREATE).id
