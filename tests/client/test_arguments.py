"""Invalid arguments are refused before anything is sent; valid ones arrive."""

from collections import UserDict
from decimal import Decimal
from typing import Any

import httpx
import pytest
from tests.client.wire import (
    CALLS,
    CREATE,
    FACES,
    INITIALIZE,
    KEY,
    LIST,
    URL,
    Call,
    Desk,
    call_sync,
    collection,
    open_store,
)

from xclade_store import AsyncStoreClient, Retries, StoreClient

BAD_IDS = [
    ("", ValueError),
    (".", ValueError),
    ("..", ValueError),
    ("pay\ud800", ValueError),
    ("\udfff", ValueError),
    (None, TypeError),
    (5, TypeError),
    (b"pay_col", TypeError),
    (["pay_col"], TypeError),
]
BAD_TOKENS = [
    ("", ValueError),
    (" ", ValueError),
    ("a b", ValueError),
    ("a\n", ValueError),
    ("a\r\nx-admin: 1", ValueError),
    ("a\x00", ValueError),
    ("a\t", ValueError),
    ("a\x7f", ValueError),
    ("é", ValueError),
    ("٣", ValueError),
    ("\ud800", ValueError),
    (5, TypeError),
    (b"pk_x", TypeError),
]
BAD_DATA: list[tuple[Any, type[Exception]]] = [
    ({"a": float("nan")}, ValueError),
    ({"a": [float("inf")]}, ValueError),
    ({"a": -float("inf")}, ValueError),
    ({"a": "\ud800"}, ValueError),
    ({"\udfff": 1}, ValueError),
    ({"a": {"b": ["\udc00"]}}, ValueError),
    ({"a": {1, 2}}, TypeError),
    ({"a": Decimal(1)}, TypeError),
    ({"a": b"bytes"}, TypeError),
    ({"a": object()}, TypeError),
    ({("a", "b"): 1}, TypeError),
    ({b"a": 1}, TypeError),
    ([], TypeError),
    ([("a", 1)], TypeError),
    ("a", TypeError),
    (5, TypeError),
    (True, TypeError),
]


def refused(expected: type[Exception], *call: Any, face: Call = call_sync, **more: Any) -> str:
    """Make a call that is refused before anything is sent; return the message."""
    desk = Desk(collection())
    with pytest.raises((TypeError, ValueError)) as raised:
        face(desk, *call, **more)

    assert issubclass(type(raised.value), expected)
    assert [] == desk.requests
    return str(raised.value)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("name", "method", "arguments"),
    [
        ("region_id", LIST[0], {}),
        ("region_id", "iter_payment_providers", {}),
        ("cart_id", CREATE[0], {}),
        ("payment_collection_id", INITIALIZE[0], {"provider_id": "pp_x_y"}),
        ("provider_id", INITIALIZE[0], {"payment_collection_id": "pay_col_demo"}),
    ],
)
@pytest.mark.parametrize(("bad", "expected"), BAD_IDS)
def test_bad_ids(
    face: Call,
    name: str,
    method: str,
    arguments: dict[str, str],
    bad: Any,
    expected: type[Exception],
) -> None:
    """An id is a string, not empty and no step in a path; the error names the argument."""
    text = refused(expected, method, face=face, **{**arguments, name: bad})

    assert text.startswith(name)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("method", "arguments", "more"),
    [
        (LIST[0], ["x" * 70_000], {}),
        (INITIALIZE[0], ["x" * 70_000, "pp_x_y"], {}),
        (CREATE[0], ["cart_demo"], {"fields": "x" * 70_000}),
    ],
)
def test_arguments_too_long_for_a_url(
    face: Call, method: str, arguments: list[str], more: dict[str, str]
) -> None:
    """An argument that is too long for a URL is invalid."""
    assert "URL" in refused(ValueError, method, *arguments, face=face, **more)


@pytest.mark.parametrize("bad", [0, 0.0, -1, float("nan"), float("inf")])
def test_bad_timeouts(bad: Any) -> None:
    """A timeout or a deadline is a positive and finite number; the error says which it is not."""
    expected = "more than 0" if bad <= 0 else "finite"
    for name in ("timeout", "deadline"):
        text = refused(ValueError, *CREATE, **{name: bad})
        assert text.startswith(f"{name} must be")
        assert expected in text
        with pytest.raises(ValueError, match=f"{name} must be .*{expected}"):
            open_store(Desk(collection()), **{name: bad})


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"first_pause": -0.5}, "first_pause must be .*at least 0"),
        ({"first_pause": float("inf")}, "first_pause must be .*finite"),
        ({"longest_pause": float("nan")}, "longest_pause must be .*finite"),
        ({"count": "a"}, "count"),
    ],
)
def test_bad_retries(settings: Any, expected: str) -> None:
    """A pause may be 0, but not negative."""
    with pytest.raises((TypeError, ValueError), match=expected):
        Retries(**settings)


@pytest.mark.parametrize(
    ("bad", "expected"), [*BAD_TOKENS, *((key, ValueError) for key in ('"abc', '"a"b"', '""'))]
)
def test_bad_idempotency_keys(bad: Any, expected: type[Exception]) -> None:
    """A key is visible ASCII, which a header can carry; if it is quoted, to its end."""
    text = refused(expected, *INITIALIZE, idempotency_key=bad)

    assert text.startswith("idempotency_key")


@pytest.mark.parametrize("face", [StoreClient, AsyncStoreClient])
@pytest.mark.parametrize("name", ["publishable_key", "customer_token"])
@pytest.mark.parametrize(("bad", "expected"), BAD_TOKENS)
def test_bad_keys_and_tokens(face: type, name: str, bad: Any, expected: type[Exception]) -> None:
    """So are a publishable key and a customer's token, and the error does not repeat them."""
    secret = f"hunter2{bad}" if isinstance(bad, str) and bad else bad
    with pytest.raises(expected) as raised:
        face(URL, **{"publishable_key": KEY, name: secret})

    assert str(raised.value).startswith(name)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "longest"),
    [("publishable_key", 255), ("customer_token", 8192), ("idempotency_key", 255)],
)
def test_the_longest_tokens(name: str, longest: int) -> None:
    """The longest token passes, one character more does not."""

    def send(token: str) -> None:
        options = {} if name == "idempotency_key" else {name: token}
        more = {} if options else {name: token}
        call_sync(Desk(collection()), *INITIALIZE, options=options, **more)

    send("x" * longest)
    with pytest.raises(ValueError, match=name):
        send("x" * (longest + 1))


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(("bad", "expected"), BAD_DATA)
def test_bad_data(face: Call, bad: Any, expected: type[Exception]) -> None:
    """Data is a mapping that JSON can carry, nothing else is turned into one."""
    text = refused(expected, *INITIALIZE, bad, face=face)

    assert text.startswith("data")


def test_endless_data() -> None:
    """Data that contains itself, or is nested too deep, is not JSON."""
    endless: dict[str, Any] = {}
    endless["a"] = endless
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"a": deep}

    for bad in (endless, deep):
        assert refused(ValueError, *INITIALIZE, bad).startswith("data")


@pytest.mark.parametrize(
    ("data", "sent"),
    [
        ({}, b'"data":{}'),
        (UserDict({"a": 1}), b'"data":{"a":1}'),
        (
            {"a": (1, [None, True, 2.5, "\u00fc\U0001f600"])},
            '"data":{"a":[1,[null,true,2.5,"ü😀"]]}',
        ),
    ],
)
def test_good_data(data: Any, sent: str | bytes) -> None:
    """Any mapping will do, even an empty one."""
    desk = Desk(collection())
    call_sync(desk, *INITIALIZE, data)

    assert (sent if isinstance(sent, bytes) else sent.encode()) in desk.requests[0].content


def test_data_may_be_changed_afterwards() -> None:
    """What the caller does with its own data changes no request."""
    data = {"a": [1]}
    desk = Desk(collection())
    call_sync(desk, *INITIALIZE, data)
    data["a"].append(2)

    assert b'"data":{"a":[1]}' in desk.requests[0].content
    assert {"a": [1, 2]} == data


@pytest.mark.parametrize("name", ["limit", "offset", "page_size"])
@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (-1, ValueError),
        (1.0, TypeError),
        (float("nan"), TypeError),
        (True, TypeError),
        (False, TypeError),
        ("20", TypeError),
        (None, TypeError),
    ],
)
def test_bad_numbers(name: str, bad: Any, expected: type[Exception]) -> None:
    """A number is an integer of at least 0."""
    method = "iter_payment_providers" if name == "page_size" else LIST[0]

    refused(expected, method, *LIST[1:], **{name: bad})


def test_an_empty_page() -> None:
    """A page has at least one provider."""
    assert "page_size" in refused(ValueError, "iter_payment_providers", *LIST[1:], page_size=0)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("bad", "expected"),
    [("\ud800", ValueError), (5, TypeError), (["id"], TypeError), (b"id", TypeError)],
)
def test_bad_fields(call: tuple[str, ...], bad: Any, expected: type[Exception]) -> None:
    """Fields are one string."""
    assert refused(expected, *call, fields=bad).startswith("fields")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"retries": None}, TypeError),
        ({"retries": "2"}, TypeError),
        ({"retries": -1}, ValueError),
        ({"retries": 1.5}, TypeError),
        ({"timeout": "5"}, TypeError),
        ({"http_client": httpx.AsyncClient()}, TypeError),
    ],
)
def test_bad_options(options: Any, error: type[Exception]) -> None:
    """The constructor refuses invalid options."""
    with pytest.raises(error):
        open_store(Desk(collection()), **options)
