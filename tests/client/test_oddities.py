"""Odd responses, valid and invalid."""

import json
import socket
from typing import Any

import httpx
import pytest
from tests.client.wire import COLLECTION, SESSION, Answer, Desk, call_sync, collection, open_store

from xclade_store import (
    BrokenAnswer,
    ConnectionFailed,
    InvalidData,
    NotFound,
    RateLimited,
    Retries,
    StoreClient,
    StoreError,
    Unauthorized,
)

CALL = ("create_payment_collection", "cart_demo")
INITIALIZE = ("initialize_payment_session", "pay_col_demo", "pp_stripe_stripe")


def test_number_without_end() -> None:
    """An exponent that no decimal has is a broken answer."""
    content = collection().content.replace(b'"amount": 25.5', b'"amount": 1e1000000000000000000', 1)
    assert content != collection().content

    with pytest.raises(BrokenAnswer):
        call_sync(Desk(Answer(200, content)), *CALL)


@pytest.mark.parametrize("constant", [b"NaN", b"-Infinity"])
def test_constants_that_are_no_json(constant: bytes) -> None:
    """What only JavaScript calls a number is a broken answer."""
    content = collection().content.replace(b"25.5", constant, 1)

    with pytest.raises(BrokenAnswer):
        call_sync(Desk(Answer(200, content)), *CALL)


@pytest.mark.parametrize("location", ["http://xn--", "http://[::1", "http://a:b"])
def test_redirect_to_nowhere(location: str) -> None:
    """A redirect may lead to an invalid URL."""
    with pytest.raises(StoreError):
        call_sync(Desk(Answer(302, b"", {"location": location})), *CALL)


@pytest.mark.parametrize("time", ["2026-01-15t09:30:00z", "2016-12-31T23:59:60Z"])
def test_times_as_the_standard_allows_them(time: str) -> None:
    """Lower case and leap seconds are in RFC 3339."""
    result: Any = call_sync(Desk(collection(created_at=time)), *CALL)

    assert result.created_at.tzinfo
    assert time == result.to_dict()["created_at"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [(401, Unauthorized), (404, NotFound), (429, RateLimited), (400, InvalidData)],
)
def test_code_may_be_null(status: int, expected: type[Exception]) -> None:
    """An error with a null code means what its status means."""
    kind = "not_allowed" if status in {401, 429} else "x"
    body = json.dumps({"type": kind, "message": "No.", "code": None}).encode()

    with pytest.raises(expected):
        call_sync(Desk(Answer(status, body)), *CALL)


def test_nested_secrets_are_kept() -> None:
    """However deep a client secret is, no repr shows it."""
    data = {"x": {"client_secret": "S3CRET"}, "y": [{"client_secret": "S3CRET"}]}
    desk = Desk(collection(payment_sessions=[{**SESSION, "data": data}]))

    assert "S3CRET" not in repr(call_sync(desk, *CALL))


def test_password_of_the_address_is_kept() -> None:
    """A client's repr shows where its store is, and no password."""
    with StoreClient("http://user:pw@store.test", publishable_key="pk") as store:
        assert "StoreClient('http://user:[secure]@store.test')" == repr(store)


def test_password_of_the_address_is_kept_when_a_call_fails() -> None:
    """The message has the URL without password and query."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    with (
        StoreClient(f"http://user:pw@{address}", publishable_key="pk", retries=0) as store,
        pytest.raises(ConnectionFailed) as raised,
    ):
        store.list_payment_providers("reg_demo")

    expected = f"GET http://{address}/store/payment-providers: ConnectError: "
    assert str(raised.value).startswith(expected)


def test_answers_do_not_change() -> None:
    """Neither setting nor deleting an attribute is possible."""
    result: Any = call_sync(Desk(collection(payment_sessions=[SESSION])), *CALL)

    for model in (result, result.payment_sessions[0].data):
        with pytest.raises(AttributeError):
            model.id = "other"
    with pytest.raises(AttributeError):
        del result.id
    assert COLLECTION["id"] == result.id


def test_data_of_an_earlier_session_can_be_sent() -> None:
    """Inside a new session's data, too."""
    desk = Desk(collection(payment_sessions=[{**SESSION, "data": {"a": 1}}]))
    result: Any = call_sync(desk, *CALL)
    with open_store(desk) as store:
        data = {"earlier": result.payment_sessions[0].data}
        store.initialize_payment_session(COLLECTION["id"], SESSION["provider_id"], data)

    assert {"earlier": {"a": 1}} == json.loads(desk.requests[-1].content)["data"]


@pytest.mark.parametrize("key", ['"abc', '"a"b"', '""'])
def test_half_quoted_key_is_refused(key: str) -> None:
    """A key that begins with a quote is a whole quoted string."""
    desk = Desk(collection())

    with pytest.raises(ValueError, match="idempotency_key"):
        call_sync(desk, *INITIALIZE, idempotency_key=key)
    assert [] == desk.requests


def test_redirect_names_its_target() -> None:
    """The message shows the commonest reason, http instead of https."""
    desk = Desk(Answer(301, b"", {"location": "https://store.test/x"}))

    with pytest.raises(BrokenAnswer, match=r"redirected to https://store\.test/x: check base_url"):
        call_sync(desk, *CALL)


def test_refused_connection_names_the_address() -> None:
    """The message has the URL without its secrets."""
    with (
        open_store(Desk(httpx.ConnectError("refused")), "http://user:pw@store.test") as store,
        pytest.raises(ConnectionFailed) as caught,
    ):
        store.create_payment_collection("cart_demo", fields="id")

    url = "http://store.test/store/payment-collections"
    assert f"POST {url}: ConnectError: refused (1 attempt)" == str(caught.value)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"retries": None}, TypeError),
        ({"retries": "2"}, TypeError),
        ({"retries": -1}, ValueError),
        ({"retries": 1.5}, TypeError),
        ({"timeout": "5"}, TypeError),
        ({"timeout": -1}, ValueError),
        ({"http_client": httpx.AsyncClient()}, TypeError),
    ],
)
def test_bad_options_are_refused_at_once(options: Any, error: type[Exception]) -> None:
    """The constructor refuses invalid options."""
    with pytest.raises(error):
        open_store(Desk(collection()), **options)


@pytest.mark.parametrize(
    "pauses", [{"first_pause": -1}, {"longest_pause": float("nan")}, {"count": "a"}]
)
def test_bad_retries_are_refused_at_once(pauses: Any) -> None:
    """Retries refuses invalid values."""
    with pytest.raises((TypeError, ValueError)):
        Retries(**pauses)


def test_empty_pages_are_refused() -> None:
    """A page has at least one provider."""
    with pytest.raises(ValueError, match="page_size"):
        call_sync(Desk(collection()), "iter_payment_providers", "reg_demo", page_size=0)


def test_transport_that_raises_for_status() -> None:
    """An event hook may raise; the response is handled all the same."""
    http = httpx.Client(
        transport=httpx.MockTransport(Desk(Answer(429))),
        event_hooks={"response": [lambda response: response.raise_for_status()]},
    )
    with (
        StoreClient(
            "http://store.test", publishable_key="pk", retries=0, http_client=http
        ) as store,
        pytest.raises(StoreError) as caught,
    ):
        store.create_payment_collection("cart_demo")

    assert 429 == caught.value.status


def test_transport_keeps_its_own_timeout() -> None:
    """An http_client keeps its timeouts unless a call has its own."""
    desk = Desk(collection())
    http = httpx.Client(transport=httpx.MockTransport(desk), timeout=0.2)
    with StoreClient("http://store.test", publishable_key="pk", http_client=http) as store:
        store.create_payment_collection("cart_demo")
        store.create_payment_collection("cart_demo", timeout=7)

    assert [0.2, 7] == [each.extensions["timeout"]["read"] for each in desk.requests]
