"""The `fields` parameter."""

from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest
from tests.contract.relay_contract import property_names
from tests.server.wire import COLLECTIONS, SESSIONS, SYSTEM, answer, ok, session_of

from xclade_store_mock import jsontext
from xclade_store_mock.payments.documents import (
    COLLECTION,
    Selection,
    collection_document,
    default_document,
    pick,
    select,
)
from xclade_store_mock.payments.model import PaymentCollection, PaymentSession
from xclade_store_mock.payments.rules import settle_session

SESSION = {
    "payment.id" if name == "payment" else name
    for name in property_names("StorePaymentSession") - {"payment_collection"}
}
SESSIONS_WHOLE = [f"payment_sessions.{name}" for name in SESSION]
DEFAULTS = {"id", "currency_code", "amount", *SESSIONS_WHOLE}
PROVIDERS_WHOLE = {"payment_providers.id", "payment_providers.is_enabled"}
REFUNDS_WHOLE = {
    f"payments.refunds.{name}"
    for name in ("id", "amount", "refund_reason_id", "note", "created_at", "created_by")
}


NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


def paths(selection: Selection, above: str = "") -> set[str]:
    """Return a selection as dotted names."""
    return {
        path
        for name, part in selection.items()
        for path in (paths(part, f"{above}{name}.") if part else [f"{above}{name}"])
    }


def selected(fields: str | None) -> set[str]:
    """Return the names that `fields` selects of a payment collection."""
    return paths(select(fields, COLLECTION))


@pytest.mark.parametrize("status", ["pending", "authorized", "captured", "error"])
def test_defaults_are_what_they_select(status: str) -> None:
    """`default_document` is exactly what the defaults select of the whole document."""
    session = PaymentSession("payses_1", Decimal("25.5"), "usd", "pp_a_a", {"a": 1}, NOW, NOW)
    collection = settle_session(
        PaymentCollection("pay_col_1", None, "usd", Decimal(51), NOW, NOW, sessions=(session,) * 2),
        session.id,
        status=status,
        data={},
        now=NOW,
    )

    picked = pick(collection_document(collection), select(None, COLLECTION))

    assert jsontext.write(picked) == jsontext.write(default_document(collection))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (None, DEFAULTS),
        ("+status", DEFAULTS | {"status"}),
        ("+status,+metadata", DEFAULTS | {"status", "metadata"}),
        ("+id", DEFAULTS),
        (" status", DEFAULTS | {"status"}),
        ("  status ,  metadata ", DEFAULTS | {"status", "metadata"}),
        (
            "+payment_sessions.payment_collection.id",
            DEFAULTS | {"payment_sessions.payment_collection.id"},
        ),
    ],
)
def test_plus_adds_to_the_defaults(fields: str | None, expected: set[str]) -> None:
    """`+name`, or the space that `+` arrives as, adds to the defaults."""
    assert expected == selected(fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("-amount", DEFAULTS - {"amount"}),
        ("-amount,-currency_code", DEFAULTS - {"amount", "currency_code"}),
        ("-payment_sessions", {"id", "currency_code", "amount"}),
        ("-payment_sessions.data", DEFAULTS - {"payment_sessions.data"}),
        ("-payment_sessions.payment", DEFAULTS - {"payment_sessions.payment.id"}),
        ("-payment_sessions.d", DEFAULTS),
        ("-payment_session", DEFAULTS),
        ("-status", DEFAULTS),
    ],
)
def test_minus_removes_from_the_defaults(fields: str, expected: set[str]) -> None:
    """`-name` removes a field, a relation or a part of a relation, by its full path."""
    assert expected == selected(fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("status", {"id", "status"}),
        ("amount,status,amount", {"id", "amount", "status"}),
        ("id", {"id"}),
        ("payment_sessions", {"id", *SESSIONS_WHOLE}),
        ("payment_sessions.status", {"id", "payment_sessions.id", "payment_sessions.status"}),
        ("payment_providers", {"id"} | PROVIDERS_WHOLE),
        ("payments.refunds", {"id", "payments.id"} | REFUNDS_WHOLE),
        (
            "payments.refunds.refund_reason.label",
            {
                "id",
                "payments.id",
                "payments.refunds.id",
                "payments.refunds.refund_reason.id",
                "payments.refunds.refund_reason.label",
            },
        ),
    ],
)
def test_plain_names_replace_the_defaults(fields: str, expected: set[str]) -> None:
    """Plain names select only themselves and the id of every object on the path."""
    assert expected == selected(fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("+status,-amount", (DEFAULTS | {"status"}) - {"amount"}),
        ("-status,+status", DEFAULTS),
        ("amount,+status", {"id", "amount", "status"}),
        ("amount,-amount", {"id"}),
        (
            "payment_sessions,-payment_sessions.data",
            {"id", *SESSIONS_WHOLE} - {"payment_sessions.data"},
        ),
        ("-payment_sessions,+payment_sessions.status", {"id", "currency_code", "amount"}),
    ],
)
def test_signs_mix(fields: str, expected: set[str]) -> None:
    """Plain names and additions are combined before removals apply."""
    assert expected == selected(fields)


@pytest.mark.parametrize(
    "entry",
    [
        "*payment_providers",
        "payment_providers.*",
        "+payment_providers",
        "+*payment_providers",
        "+payment_providers.*",
        " payment_providers.*",
    ],
)
def test_star_adds_a_whole_relation(entry: str) -> None:
    """`*relation` and `relation.*` add all of its own fields to the defaults."""
    assert DEFAULTS | PROVIDERS_WHOLE == selected(entry)


def test_star_reaches_into_a_relation() -> None:
    """A star works for nested relations, and does not include relations of theirs."""
    assert DEFAULTS | {"payments.id"} | REFUNDS_WHOLE == selected("payments.refunds.*")


@pytest.mark.parametrize(
    "removal", ["-payment_sessions", "-*payment_sessions", "-payment_sessions.*"]
)
def test_star_removes_a_whole_relation(removal: str) -> None:
    """A removal ignores a star."""
    assert {"id", "currency_code", "amount"} == selected(removal)


@pytest.mark.parametrize(
    "fields",
    [
        "nope",
        "Amount",
        "amount.value",
        "payment_sessions.nope",
        "nope.id",
        "*",
        ".*",
        ".",
        "a.b.c.d",
    ],
)
def test_unknown_names_are_dropped(fields: str) -> None:
    """Unknown names are ignored."""
    assert DEFAULTS == selected(f"+{fields}")
    assert DEFAULTS == selected(f"-{fields}")


@pytest.mark.parametrize(
    "fields", ["", ",", ",,", "nope", "nope,Amount", "-id,id", "id,-id", "amount,-amount,-id"]
)
def test_id_is_always_there(fields: str) -> None:
    """The id is always selected, even with no valid name."""
    assert {"id"} == selected(fields)


@pytest.mark.parametrize("removal", ["-id", "-payment_sessions.id", "-id,-payment_sessions.id"])
def test_ids_of_relations_are_always_there(removal: str) -> None:
    """Nested objects keep their ids as well."""
    assert DEFAULTS == selected(removal)


@pytest.mark.parametrize(
    ("related", "expected"),
    [
        (None, None),
        ([], []),
        ({"id": 1, "a": None, "b": 2}, {"id": 1, "a": None}),
        ([{"id": 1, "a": 2, "b": 3}, {"id": 4, "a": 5}], [{"id": 1, "a": 2}, {"id": 4, "a": 5}]),
        ([None], [None]),
    ],
)
def test_projects_relations(related: object, expected: object) -> None:
    """The selection applies to each object in a list; null stays null."""
    document = {"id": 0, "related": related, "other": 7}
    selection: Selection = {"id": None, "related": {"id": None, "a": None}}

    assert {"id": 0, "related": expected} == pick(document, selection)


def test_projects_plain_values_whole() -> None:
    """A field that is not a relation is returned whole."""
    document = {"id": 1, "data": {"a": [{"b": None}]}, "metadata": None}

    assert document == pick(document, {"id": None, "data": None, "metadata": None})
    assert {"id": 1} == pick(document, {"id": None})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("fields=id,status", {"id": "pay_col_demo", "status": "not_paid"}),
        ("fields=", {"id": "pay_col_demo"}),
        (
            "fields=payments,payment_providers,completed_at",
            {"id": "pay_col_demo", "payments": [], "payment_providers": [], "completed_at": None},
        ),
        (
            "fields=+status,-payment_sessions",
            {"id": "pay_col_demo", "currency_code": "usd", "amount": 25.5, "status": "not_paid"},
        ),
        (
            "fields=%2Bstatus%2C-payment_sessions",
            {"id": "pay_col_demo", "currency_code": "usd", "amount": 25.5, "status": "not_paid"},
        ),
    ],
)
@pytest.mark.parametrize(
    ("path", "body"), [(SESSIONS, SYSTEM), (COLLECTIONS, {"cart_id": "cart_demo"})]
)
def test_both_operations_select(
    shared: httpx.Client, path: str, body: object, fields: str, expected: object
) -> None:
    """Both operations that return a collection apply `fields`, with `+` encoded or not."""
    response = shared.post(f"{path}?{fields}", json=body)

    assert ok({"payment_collection": expected}) == answer(response)


def test_reaches_into_a_session(shared: httpx.Client) -> None:
    """The fields and relations of a session can be selected."""
    fields = "payment_sessions.status,payment_sessions.payment,payment_sessions.payment_collection"
    session = session_of(shared.post(f"{SESSIONS}?fields={fields}", json=SYSTEM))

    del session["id"]
    assert {
        "status": "pending",
        "payment": None,
        "payment_collection": {"id": "pay_col_demo"},
    } == session
