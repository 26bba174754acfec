"""Reading a field that the store left out says what helps, and never what does not."""

from typing import Any

import pytest
from tests.client.wire import CREATE, INITIALIZE, LIST, PROVIDERS, SESSION, Desk, call_sync, ok
from tests.client.wire import collection as answer_with

from xclade_store import FieldNotAnswered, StorePaymentSession
from xclade_store.testing import make_payment_collection

PAYMENT = {"id": "pay_1", "refunds": [{"id": "ref_1"}]}


def read(fields: str | None = None, **changes: Any) -> Any:
    """Read a collection that a call with these `fields` is answered with."""
    return call_sync(Desk(answer_with(**changes)), *CREATE, fields=fields)


def explain(model: object, field: str) -> str:
    """Read an absent field; return what is said of it."""
    with pytest.raises(FieldNotAnswered) as raised:
        getattr(model, field)
    assert isinstance(raised.value, AttributeError)
    assert field == raised.value.field
    return str(raised.value)


def test_fields_to_ask_for() -> None:
    """The advice is the whole path, wherever the field is."""
    result = read(
        "+payments.id,+payments.refunds.id",
        payments=[PAYMENT],
        payment_providers=[{"id": "pp_x"}],
        payment_sessions=[{**SESSION, "payment": {"id": "pay_1"}}],
    )
    session = result.payment_sessions[0]

    for model, field, path in [
        (result, "status", "status"),
        (session, "payment_collection", "payment_sessions.payment_collection"),
        (session.payment, "amount", "payment_sessions.payment.amount"),
        (result.payments[0], "amount", "payments.amount"),
        (result.payments[0].refunds[0], "note", "payments.refunds.note"),
    ]:
        assert explain(model, field).endswith(
            f"without {field!r}: ask for it with fields='+{path}'"
        )
        assert type(model).__name__ in explain(model, field)


def test_fields_that_a_selection_left_out() -> None:
    """A default field can be asked for, after `fields` replaced or removed the defaults."""
    replaced = read("status", payment_sessions=[{"id": "payses_1"}])
    removed = read(
        "-payment_sessions.note,-payment_sessions", payment_sessions=[{"id": "payses_1"}]
    )
    emptied = read("", payment_sessions=[{"id": "payses_1"}])

    for result in (replaced, removed, emptied):
        session = result.payment_sessions[0]
        assert "fields='+payment_sessions.data'" in explain(session, "data")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (None, "context"),
        (None, "authorized_at"),
        (None, "payment"),
        (None, "created_at"),
        ("+status", "metadata"),
        ("*payment_providers", "metadata"),
        ("payment_sessions.note, payment_sessions.metadata", "metadata"),
        ("+payment_sessions.payment_collection", "payment_collection"),
        ("*payment_sessions", "payment_collection"),
        ("id,payment_sessions.*", "deleted_at"),
    ],
)
def test_fields_that_the_store_does_not_have(fields: str | None, field: str) -> None:
    """Asking again for what was asked for, or is returned by default, would not help."""
    required = ("id", "amount", "currency_code", "provider_id", "data", "status")
    session = {name: SESSION[name] for name in required}
    message = explain(read(fields, payment_sessions=[session]).payment_sessions[0], field)

    assert "ask for it" not in message
    assert message.endswith("though the call asked for it")


def test_providers() -> None:
    """Those of a list count from the list, those of a collection from the collection."""
    page = {**PROVIDERS, "payment_providers": [{"id": "pp_x"}]}
    for fields, message in [("id", "fields='+is_enabled'"), (None, "though the call asked for it")]:
        listed = call_sync(Desk(ok(page)), *LIST, fields=fields)
        assert message in explain(listed.payment_providers[0], "is_enabled")

    result = read("payment_providers.id", payment_providers=[{"id": "pp_x"}])
    message = explain(result.payment_providers[0], "is_enabled")
    assert "fields='+payment_providers.is_enabled'" in message


def test_what_no_store_returned() -> None:
    """There is nobody to ask."""
    made = make_payment_collection()
    alone = StorePaymentSession.from_dict(SESSION)

    assert "this StorePaymentCollection was made without 'status'" == explain(made, "status")
    for session in (made.payment_sessions[0], alone):
        assert "made without 'metadata'" in explain(session, "metadata")


def test_names_that_are_no_fields() -> None:
    """A misspelt name is an AttributeError as of any object."""
    result = call_sync(Desk(answer_with()), *INITIALIZE)
    with pytest.raises(AttributeError, match="has no attribute 'provider'") as raised:
        _ = result.payment_sessions[0].provider

    assert not isinstance(raised.value, FieldNotAnswered)
