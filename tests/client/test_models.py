"""What a result is: typed, exact, unchanging, and open about what was left out."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs
import pytest
from tests.client.wire import (
    COLLECTION,
    CREATE,
    LIST,
    PROVIDERS,
    SESSION,
    Answer,
    Desk,
    call_sync,
    collection,
    ok,
)

from xclade_store import BrokenAnswer


def read(answer: Answer) -> Any:
    """Read a collection from an answer."""
    return call_sync(Desk(answer), *CREATE)


def with_amount(digits: str, **session: Any) -> Any:
    """Read a collection whose amount, and its session's, is written so."""
    content = collection(payment_sessions=[{**SESSION, **session}]).content
    return read(Answer(200, content.replace(b"25.5", digits.encode())))


def with_session(**changes: Any) -> Any:
    """Read the session of a collection."""
    return read(collection(payment_sessions=[{**SESSION, **changes}])).payment_sessions[0]


@pytest.mark.parametrize(
    "digits",
    [
        *("0", "40", "25.5", "0.1", "-0.01", "0.10", "1e2", "1E-7", "1e400", "123456789012345.67"),
        *("0.1000000000000000055511151231257827", "9007199254740993", "9" * 400),
    ],
)
def test_amounts_are_exact(digits: str) -> None:
    """All digits that the store wrote are there."""
    result = with_amount(digits)

    assert Decimal(digits) == result.amount == result.payment_sessions[0].amount
    assert Decimal(digits).as_tuple() == result.amount.as_tuple()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"value": "123456789012345678.91", "precision": 20}, "123456789012345678.91"),
        ({"value": "25.50"}, "25.50"),
        ({"value": "1e-30"}, "1e-30"),
        ({"value": "a lot"}, "25.5"),
        ({"value": ""}, "25.5"),
        ({"value": "NaN"}, "25.5"),
        ({"value": "-Infinity"}, "25.5"),
        ({"value": "1e99999999999999999999"}, "25.5"),
    ],
)
def test_the_raw_amount_is_preferred(raw: Any, expected: str) -> None:
    """Beside an amount that was rounded on its way, the exact one counts, if it is a number."""
    session = with_session(raw_amount=raw)

    assert Decimal(expected).as_tuple() == session.amount.as_tuple()
    assert raw["value"] == session.raw_amount.value


@pytest.mark.parametrize("digits", ["true", '"25.5"', "null", "[25.5]", "{}"])
def test_an_amount_is_a_number(digits: str) -> None:
    """Nothing else is taken for an amount."""
    with pytest.raises(BrokenAnswer, match="amount: expected a number"):
        with_amount(digits)


@pytest.mark.parametrize("digits", ["NaN", "-Infinity", "1e1000000000000000000"])
def test_numbers_that_are_no_json_or_no_decimals(digits: str) -> None:
    """Neither constants of JavaScript nor exponents that no decimal has are numbers."""
    with pytest.raises(BrokenAnswer):
        with_amount(digits)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-15T09:30:00.000Z", dt.datetime(2026, 1, 15, 9, 30, tzinfo=dt.UTC)),
        ("2026-01-15t09:30:00z", dt.datetime(2026, 1, 15, 9, 30, tzinfo=dt.UTC)),
        ("2026-01-15T11:30:00.25+02:00", dt.datetime(2026, 1, 15, 9, 30, 0, 250_000, dt.UTC)),
    ],
)
def test_times(text: str, expected: dt.datetime) -> None:
    """A time, in any spelling of RFC 3339, knows its offset, and is written as it was."""
    result = read(collection(created_at=text, completed_at=None))

    assert expected == result.created_at
    assert text == result.to_dict()["created_at"]
    assert result.completed_at is None


@pytest.mark.parametrize("text", ["2026-01-15T09:30:00", "2026-01-15", "yesterday", "", 5, None])
def test_what_is_no_time(text: object) -> None:
    """A time without an offset, among others, is not what the contract says."""
    with pytest.raises(BrokenAnswer, match="created_at: expected"):
        read(collection(created_at=text))


@pytest.mark.parametrize(("number", "expected"), [("5", 5), ("5.0", 5), ("1e1", 10), ("-0.0", 0)])
def test_whole_numbers(number: str, expected: int) -> None:
    """A whole number is one however it is written."""
    content = ok(PROVIDERS).content.replace(b'"count": 1', f'"count": {number}'.encode())
    result = call_sync(Desk(Answer(200, content)), *LIST)

    assert (expected, int) == (result.count, type(result.count))


@pytest.mark.parametrize("number", ["5.5", "true", '"5"', "null", "1e400"])
def test_what_is_no_whole_number(number: str) -> None:
    """Nothing else is."""
    content = ok(PROVIDERS).content.replace(b'"count": 1', f'"count": {number}'.encode())
    with pytest.raises(BrokenAnswer, match="count: expected a whole number"):
        call_sync(Desk(Answer(200, content)), *LIST)


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        ({"payment_sessions": [SESSION, {**SESSION, "id": 5}]}, "payment_sessions[1].id"),
        ({"payment_sessions": [{"id": "a"}]}, "payment_sessions[0].amount"),
        ({"payment_sessions": {}}, "payment_sessions"),
        ({"payments": [{"id": "a", "captures": [{"id": None}]}]}, "payments[0].captures[0].id"),
        ({"metadata": []}, "metadata"),
    ],
)
def test_a_broken_answer_tells_the_place(broken: dict[str, Any], place: str) -> None:
    """The error leads to the value that is not as it should be."""
    with pytest.raises(BrokenAnswer) as raised:
        read(collection(**broken))

    assert f"not what the contract says: ShapeError: {place}: " in raised.value.message


def test_only_what_medusa_requires() -> None:
    """A backend may return exactly the fields that Medusa's published schema requires."""
    required = ("id", "amount", "currency_code", "provider_id", "data", "status")
    session = {name: SESSION[name] for name in required}
    result = read(collection(payment_sessions=[session], payment_providers=[{"id": "pp_x"}]))
    without = {**COLLECTION, "payment_providers": []}
    del without["payment_sessions"]

    assert session == result.payment_sessions[0].to_dict()
    assert without == read(ok({"payment_collection": without})).to_dict()


@pytest.mark.parametrize("name", ["amount", "status", "total", "idempotency_key"])
def test_results_do_not_change(name: str) -> None:
    """Nothing can be assigned to a result, be it a field or not."""
    result = read(collection())
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(result, name, Decimal(1))
    with pytest.raises(AttributeError):
        delattr(result, name)

    assert (Decimal("25.5"), COLLECTION) == (result.amount, result.to_dict())


def test_lists_of_results_do_not_change() -> None:
    """Nothing can be added to what a result lists, or taken away."""
    with pytest.raises(AttributeError, match="append"):
        read(collection()).payment_sessions.append(1)


def test_equality() -> None:
    """Results are equal when the same was answered, whatever the key of the call."""
    result = read(collection())

    assert result == read(collection())
    assert result != read(collection(amount=26))
    assert result != read(collection(total=5))
    assert result != COLLECTION
    assert result.payment_sessions == read(collection()).payment_sessions


def test_open_objects_are_mappings() -> None:
    """A provider's data is read like a dict."""
    data: Any = with_session(data={"a": 1, "b": {"c": [2]}}).data

    assert issubclass(type(data), Mapping)
    assert {"a": 1, "b": {"c": [2]}} == dict(data) == data.to_dict()
    assert (["a", "b"], 2, 1, None) == (list(data), len(data), data["a"], data.get("c"))
    assert "a" in data
    assert data == {"a": 1, "b": {"c": [2]}}
    with pytest.raises(KeyError):
        _ = data["c"]
    with pytest.raises(TypeError):
        data["a"] = 2
