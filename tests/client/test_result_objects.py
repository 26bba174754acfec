"""Results are ordinary attrs objects: made by hand, compared, evolved and sent around."""

import copy
import datetime as dt
import json
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs
import pytest
from tests.client.wire import COLLECTION, INITIALIZE, PROVIDERS, SESSION, Desk, call_sync
from tests.client.wire import collection as answer_with

import xclade_store
from xclade_store import (
    UNSET,
    AsyncStoreClient,
    FieldNotAnswered,
    JsonObject,
    RawAmount,
    ShapeError,
    StoreClient,
    StoreError,
    StorePaymentCollection,
    StorePaymentCollectionSelection,
    StorePaymentProvider,
    StorePaymentProviderListResponse,
    StorePaymentSession,
)

CREATED = dt.datetime(2026, 1, 15, 9, 30, tzinfo=dt.UTC)


def session(**changes: Any) -> StorePaymentSession:
    """Make a session of the required fields."""
    fields = {
        "id": "payses_1",
        "amount": Decimal("10.50"),
        "currency_code": "eur",
        "provider_id": "pp_stripe_stripe",
        "data": {"client_secret": "pi_1_secret"},
        "status": "pending",
    }
    return StorePaymentSession(**{**fields, **changes})


def make(**changes: Any) -> StorePaymentCollection:
    """Make a collection of the required fields, with one session."""
    fields = {
        "id": "pay_col_1",
        "currency_code": "eur",
        "amount": Decimal("10.50"),
        "payment_sessions": [session()],
    }
    return StorePaymentCollection(**{**fields, **changes})


def through_json(result: StorePaymentCollection, **options: Any) -> StorePaymentCollection:
    """Write a result as JSON text and read it again."""
    return StorePaymentCollection.from_dict(json.loads(json.dumps(result.to_dict()), **options))


RESULTS = [
    make(status="a new one", metadata={"a": [1]}, created_at=CREATED),
    session(raw_amount=RawAmount(value="10.50")),
    StorePaymentCollection.from_dict({**COLLECTION, "total": 5, "completed_at": None}),
    StorePaymentCollectionSelection.from_dict({"id": "pay_col_1"}),
    StorePaymentProviderListResponse.from_dict(PROVIDERS),
    StorePaymentProvider(id="pp_x"),
    JsonObject({"a": {"b": [1]}}),
]
ERRORS = [
    *(
        error("No.", type="x", code="y", idempotency_key="order-1")
        for name in xclade_store.__all__
        if isinstance(error := getattr(xclade_store, name), type) and issubclass(error, StoreError)
    ),
    FieldNotAnswered("the store returned …", "status"),
    ShapeError("id: is missing", "amount: is missing"),
]
DUPLICATES: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    lambda each: pickle.loads(pickle.dumps(each)),  # noqa: S301 - the test's own
]


def test_made_by_hand() -> None:
    """The required fields are enough; lists and dicts become values that do not change."""
    made = make()

    assert (session(),) == made.payment_sessions
    assert JsonObject({"client_secret": "pi_1_secret"}) == made.payment_sessions[0].data
    assert {"id", "currency_code", "amount", "payment_sessions"} == made.to_dict().keys()
    assert (False, None) == (hasattr(made, "status"), getattr(made, "status", None))
    assert "status=" not in repr(make(payment_sessions=[]))
    with pytest.raises(TypeError, match="'id', 'currency_code', and 'amount'"):
        StorePaymentCollection()  # type: ignore[call-arg]


def test_reading_names_every_fault() -> None:
    """One error has the path of each key that is missing or of another type."""
    with pytest.raises(ShapeError) as raised:
        StorePaymentCollection.from_dict(
            {
                "id": 5,
                "status": None,
                "payment_sessions": [{**SESSION, "amount": "1"}, {"data": {}}, 7],
            }
        )

    assert (
        "id: expected a string, got int",
        "status: expected a string, got NoneType",
        "payment_sessions[0].amount: expected a number, got str",
        "payment_sessions[1].amount: is missing",
        "payment_sessions[1].currency_code: is missing",
        "payment_sessions[1].id: is missing",
        "payment_sessions[1].provider_id: is missing",
        "payment_sessions[1].status: is missing",
        "payment_sessions[2]: expected an object, got int",
        "amount: is missing",
        "currency_code: is missing",
    ) == raised.value.faults
    assert all(fault in str(raised.value) for fault in raised.value.faults)


def test_attrs_functions_work() -> None:
    """They know all fields; those without a value are UNSET."""
    read = call_sync(Desk(answer_with(total=5)), *INITIALIZE)
    changed = attrs.evolve(read, amount=Decimal(5), status="authorized")

    assert (Decimal(5), "authorized") == (changed.amount, changed.status)
    assert {**COLLECTION, "amount": 5, "status": "authorized", "total": 5} == changed.to_dict()
    assert read == attrs.evolve(read)
    assert read != changed
    assert "status" in [field.name for field in attrs.fields(StorePaymentCollection)]
    as_dict = attrs.asdict(read)
    assert (Decimal("25.5"), UNSET) == (as_dict["amount"], as_dict["status"])
    assert "pp_stripe_stripe" == as_dict["payment_sessions"][0]["provider_id"]


def test_match() -> None:
    """Class patterns match by attributes, and none that has no value."""
    match make():
        case StorePaymentCollection(status=_):
            pytest.fail("there is no status")
        case StorePaymentCollection(payment_sessions=[StorePaymentSession(id=found)]):
            assert "payses_1" == found


def test_hashes() -> None:
    """Equal results are one in a set, unless what they hold cannot be hashed."""
    assert 1 == len({make(), make(amount=Decimal("10.5")), through_json(make())})
    hash(StorePaymentCollection.from_dict({**COLLECTION, "an unknown list": []}))
    with pytest.raises(TypeError, match="unhashable"):
        hash(session(data={"list": []}))


@pytest.mark.parametrize("duplicate", DUPLICATES)
@pytest.mark.parametrize("result", RESULTS, ids=lambda each: type(each).__name__)
def test_results_survive_copying(result: Any, duplicate: Callable[[Any], Any]) -> None:
    """By copy, deepcopy and pickle, with what they would be written as."""
    twin = duplicate(result)

    assert (type(result), result, repr(result)) == (type(twin), twin, repr(twin))
    assert json.dumps(result.to_dict()) == json.dumps(twin.to_dict())


@pytest.mark.parametrize("duplicate", DUPLICATES)
@pytest.mark.parametrize("face", [StoreClient, AsyncStoreClient])
def test_clients_are_not_copied(face: Any, duplicate: Callable[[Any], Any]) -> None:
    """A client belongs to its process; the error says what to do instead."""
    store = face("http://store.test", publishable_key="pk_test")
    with pytest.raises(TypeError, match=f"a {face.__name__} cannot be pickled .* in each process"):
        duplicate(store)


@pytest.mark.parametrize("duplicate", DUPLICATES)
@pytest.mark.parametrize("error", ERRORS, ids=lambda each: type(each).__name__)
def test_errors_survive_copying(error: Exception, duplicate: Callable[[Any], Any]) -> None:
    """By copy, deepcopy and pickle, with all that they tell."""
    twin = duplicate(error)

    assert (type(error), str(error), error.args) == (type(twin), str(twin), twin.args)
    assert vars(error) == vars(twin)


@pytest.mark.parametrize("duplicate", DUPLICATES)
def test_the_key_survives_copying(duplicate: Callable[[Any], Any]) -> None:
    """The idempotency key, and why a field is absent, too; an evolved copy is of no call."""
    read = call_sync(Desk(answer_with()), *INITIALIZE, idempotency_key="order-1")
    twin = duplicate(read)

    assert "order-1" == twin.idempotency_key
    with pytest.raises(FieldNotAnswered, match=r"fields='\+status'"):
        _ = twin.status
    assert attrs.evolve(read, amount=Decimal(1)).idempotency_key is None


def test_unset_is_one() -> None:
    """Every copy of UNSET is UNSET itself."""
    assert all(duplicate(UNSET) is UNSET for duplicate in DUPLICATES)
    assert ("UNSET", False) == (repr(UNSET), bool(UNSET))


@pytest.mark.parametrize(
    "digits",
    [
        *("10.50", "0", "-0.01", "40", "1E+2", "1e400", "1e-400", "1e9999", "9" * 400),
        *("0.1000000000000000055511151231257827", "9007199254740993", "9007199254740993.5"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"parse_float": Decimal}])
def test_amounts_survive_json(digits: str, options: Any) -> None:
    """However many digits they have, made by hand or read, with the usual json module."""
    amount = Decimal(digits)
    made = make(amount=amount, payment_sessions=[session(amount=amount)], captured_amount=amount)
    once = through_json(made, **options)

    for result in (once, through_json(once, **options)):
        assert amount == result.amount == result.payment_sessions[0].amount
        assert amount == result.captured_amount


@pytest.mark.parametrize("name", ["amount", "captured_amount"])
def test_amounts_made_by_hand(name: str) -> None:
    """Whole numbers and strings become decimals; floats, which may be inexact, are refused."""

    def evolved(amount: Any) -> Any:
        changes: dict[str, Any] = {name: amount}
        return getattr(attrs.evolve(make(), **changes), name)

    for given in (Decimal("30.50"), "30.50", 30):
        assert (Decimal, Decimal(given)) == (type(evolved(given)), evolved(given))
    for bad in (30.5, True, [30]):
        with pytest.raises(TypeError, match="an amount must be a Decimal, an int or a str, not"):
            evolved(bad)
    for number in ("much", "NaN", Decimal("Infinity")):
        with pytest.raises(ValueError, match="an amount must be a finite decimal number"):
            evolved(number)


def test_a_changed_amount_replaces_the_raw_one() -> None:
    """What was exact before does not win over what is exact now."""
    read = StorePaymentSession.from_dict(
        {**SESSION, "raw_amount": {"value": "25.5", "precision": 20}}
    )
    changed = attrs.evolve(read, amount=Decimal("7.25"))

    assert {"value": "7.25", "precision": 20} == changed.to_dict()["raw_amount"]
    assert Decimal("7.25") == StorePaymentSession.from_dict(changed.to_dict()).amount


def test_times_survive_json() -> None:
    """Those that were read are spelled as they were, others as ISO 8601 has them."""
    spelled = "2026-01-15T09:30:60.000Z"
    read = StorePaymentCollection.from_dict({**COLLECTION, "created_at": spelled})

    assert spelled == read.to_dict()["created_at"]
    assert CREATED == through_json(make(created_at=CREATED)).created_at


def test_reading_decimals() -> None:
    """What json.loads(parse_float=Decimal) returns is read, and json.dumps takes what is in it."""
    text = json.dumps(
        {**COLLECTION, "total": 1.5, "payment_sessions": [{**SESSION, "data": {"a": [0.1]}}]}
    )
    result = StorePaymentCollection.from_dict(json.loads(text, parse_float=Decimal))

    assert json.loads(text) == result.to_dict()
    assert '{"a": [0.1]}' == json.dumps(result.payment_sessions[0].data)
    assert '{"total": 1.5}' == json.dumps(result.additional_properties)


def test_open_objects_go_round() -> None:
    """What a session holds goes into json.dumps, and into the next call."""
    desk = Desk(answer_with(metadata={"a": 1}))
    read = call_sync(desk, *INITIALIZE)
    held = read.payment_sessions[0]
    for each in (held.data, held.context, read.metadata):
        assert each == json.loads(json.dumps(each)) == each.to_dict()
        for data in (each, {"earlier": each}):
            call_sync(desk, *INITIALIZE, data)
            assert data == json.loads(desk.requests[-1].content)["data"]


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(a=2),
        lambda data: data.pop("a"),
        lambda data: data.setdefault("b", 1),
        lambda data: data.clear(),
        lambda data: data.popitem(),
        lambda data: data.__delitem__("a"),
        lambda data: data.__setitem__("a", 2),
        lambda data: data.__ior__({"b": 1}),
    ],
)
def test_open_objects_do_not_change(change: Callable[[Any], Any]) -> None:
    """None of a dict's methods changes them; a copy may be changed."""
    data = JsonObject({"a": 1})
    with pytest.raises(TypeError, match="does not change"):
        change(data)
    with pytest.raises(AttributeError):
        data.a = 2  # type: ignore[attr-defined]

    data.to_dict()["a"] = 2
    assert {"a": 1} == data


def test_nothing_is_shared() -> None:
    """Neither what a result was made of, nor what to_dict() returns, is part of it."""
    source = {"list": [1]}
    made = session(data=source)
    source["list"].append(2)
    made.to_dict()["data"]["list"].append(3)

    made.to_dict()["amount"] = 1

    assert {"list": [1]} == made.data
    assert session(data={"list": [1]}) == made


def test_dict_of_a_result() -> None:
    """It is what to_dict() returns, for those who turn objects into JSON with dict()."""
    assert make().to_dict() == dict(make())
