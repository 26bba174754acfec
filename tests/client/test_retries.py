"""When a call is retried, and after which pause."""

import time
from contextlib import nullcontext
from email.utils import formatdate
from typing import Any

import httpx
import pytest
from tests.client.wire import (
    CREATE,
    FACES,
    INITIALIZE,
    LIST,
    Answer,
    Call,
    Desk,
    FakeTime,
    call_async,
    call_sync,
    collection,
    ok,
    open_store,
    refusal,
)

from xclade_store import ConnectionFailed, RateLimited, Retries, ServerFailed, StoreError

UNAVAILABLE = refusal(503, "unknown_error")


def asking(seconds: str, status: int = 503) -> Answer:
    """Return a response that asks to wait."""
    return refusal(status, "some_type")._replace(headers={"retry-after": seconds})


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [0.5, 1.0]),
        ({"count": 7}, [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]),
        ({"count": 7, "jitter": lambda: 0.0}, [0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]),
        ({"count": 3, "jitter": lambda: 0.5}, [0.375, 0.75, 1.5]),
        ({"count": 4, "first_pause": 3.0, "longest_pause": 10.0}, [3.0, 6.0, 10.0, 10.0]),
        ({"count": 2, "first_pause": 9.0, "longest_pause": 5.0}, [5.0, 5.0]),
        ({"count": 3, "first_pause": 0.0}, [0.0, 0.0, 0.0]),
        ({"count": 0}, []),
    ],
)
def test_pauses(face: Call, settings: dict[str, Any], expected: list[float]) -> None:
    """Pauses double up to the longest one, shortened by jitter."""
    fake = FakeTime()
    desk = Desk(UNAVAILABLE)
    with pytest.raises(ServerFailed):
        face(desk, *INITIALIZE, options={"retries": fake.retries(**settings)})

    assert expected == fake.pauses
    assert len(expected) + 1 == len(desk.requests)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("deadline", "expected"), [(7.6, [0.5, 1.0, 2.0, 4.0]), (7.5, [0.5, 1.0, 2.0]), (0.5, [])]
)
def test_pauses_end_before_the_deadline(face: Call, deadline: float, expected: list[float]) -> None:
    """A pause that would not end before the deadline is not begun; the store's error is raised."""
    fake = FakeTime()
    options = {"retries": fake.retries(count=7), "deadline": deadline}
    with pytest.raises(ServerFailed):
        face(Desk(UNAVAILABLE), *INITIALIZE, options=options)

    assert expected == fake.pauses


def test_the_pause_of_a_far_attempt() -> None:
    """Doubling does not overflow within any sensible number of attempts."""
    assert 8.0 == Retries(jitter=lambda: 1.0).pause(1000, ConnectionFailed("reset"))


def test_jitter_is_drawn_for_each_pause() -> None:
    """Clients that fail together do not retry together."""
    draws = iter([0.0, 0.5, 1.0])
    fake = FakeTime()
    with pytest.raises(ServerFailed):
        call_sync(
            Desk(UNAVAILABLE),
            *INITIALIZE,
            options={"retries": fake.retries(count=3, jitter=lambda: next(draws))},
        )

    assert [0.25, 0.75, 2.0] == fake.pauses


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("007", 7.0),
        (formatdate(0, usegmt=True), 0.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0.0),
        ("Mon, 01 Jan 99999 00:00:00 GMT", 0.5),
        ("Mon, 99 Jan 2026 00:00:00 +9999999999", 0.5),
        ("Thu, 01 Jan 2026 00:00:00 +99999999999999999", 0.5),
        ("-1", 0.5),
        ("1.5", 0.5),
        ("soon", 0.5),
        ("", 0.5),
        ("NaN", 0.5),
        ("Infinity", 0.5),
    ],
)
@pytest.mark.parametrize("status", [409, 429, 502, 503, 504])
def test_retry_after(asked: str, expected: float, status: int) -> None:
    """Retry-After counts, in seconds or as a date; invalid values do not."""
    fake = FakeTime()
    desk = Desk(asking(asked, status), collection())
    call_sync(desk, *INITIALIZE, options={"retries": fake.retries()})

    assert [expected] == fake.pauses


def test_a_date_to_come() -> None:
    """A date in Retry-After is waited for, as far as its seconds are exact."""
    fake = FakeTime()
    date = formatdate(time.time() + 20, usegmt=True)
    call_sync(Desk(asking(date), collection()), *INITIALIZE, options={"retries": fake.retries()})

    (pause,) = fake.pauses
    assert 15 < pause <= 20


@pytest.mark.parametrize("asked", ["61", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_pauses_that_are_too_long(asked: str) -> None:
    """A pause that would end after the deadline does not begin; the error says how long it is."""
    fake = FakeTime()
    desk = Desk(asking(asked, 429))
    with pytest.raises(RateLimited) as raised:
        call_sync(desk, *INITIALIZE, options={"retries": fake.retries()})

    assert ([], 1) == (fake.pauses, len(desk.requests))
    assert raised.value.retry_after


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("reply", "retried"),
    [
        *((refusal(status, "some_type"), True) for status in (409, 429, 502, 503, 504)),
        *((Answer(status, b"<html>"), True) for status in (409, 429, 502, 503, 504)),
        *(
            (refusal(status, "some_type"), False)
            for status in (300, 400, 401, 403, 404, 405, 408, 413, 415, 418, 422, 425, 500, 501)
        ),
        (refusal(505, "some_type"), False),
        (Answer(200, b"{"), False),
        (Answer(500, b"<html>"), False),
        (httpx.ConnectError("refused"), True),
        (httpx.ReadError("reset"), True),
        (httpx.WriteError("reset"), True),
        (httpx.CloseError("odd"), True),
        (httpx.RemoteProtocolError("half"), True),
        (httpx.ConnectTimeout("slow"), True),
        (httpx.ReadTimeout("slow"), True),
        (httpx.WriteTimeout("slow"), True),
        (httpx.PoolTimeout("slow"), True),
        (httpx.DecodingError("not gzip"), False),
        (httpx.TooManyRedirects("round and round"), False),
    ],
)
@pytest.mark.parametrize("call", [CREATE, INITIALIZE])
def test_what_is_retried(
    face: Call, call: tuple[str, ...], reply: Answer | Exception, *, retried: bool
) -> None:
    """Connection failures and some statuses are retryable; other responses are not."""
    desk = Desk(reply, collection())
    with pytest.raises(StoreError) as raised:
        face(Desk(reply), *call)
    assert retried == raised.value.retryable

    with nullcontext() if retried else pytest.raises(StoreError):
        face(desk, *call, options={"retries": FakeTime().retries()})
    assert 1 + retried == len(desk.requests)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_a_number_of_retries(face: Call, count: int) -> None:
    """A number is the attempts after the first, with the default pauses."""
    desk = Desk(asking("0"))
    with pytest.raises(ServerFailed):
        face(desk, *INITIALIZE, options={"retries": count})

    assert count + 1 == len(desk.requests)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("failure", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow")])
@pytest.mark.parametrize(
    ("settings", "deadline", "attempts"), [({}, 60, 3), ({"count": 9}, 1.6, 3), ({}, 0.5, 1)]
)
def test_the_attempts_of_a_failure(
    face: Call, failure: Exception, settings: dict[str, Any], deadline: float, attempts: int
) -> None:
    """The error says how many there were, whether retries or time ran out."""
    options = {"retries": FakeTime().retries(**settings), "deadline": deadline}
    expected = rf"{failure} \({attempts} attempts?\)$"
    with pytest.raises(ConnectionFailed, match=expected) as raised:
        face(Desk(failure), *INITIALIZE, idempotency_key="order-1", options=options)

    assert "order-1" == raised.value.idempotency_key
    assert type(failure).__name__ == type(raised.value.__cause__).__name__


def test_async_code_never_blocks() -> None:
    """The async client sleeps in the event loop."""
    ways = []

    async def sleep_in_loop(_: float) -> None:
        ways.append("async")

    settings = {"sleep": lambda _: ways.append("sync"), "async_sleep": sleep_in_loop}
    for face in (call_async, call_sync):
        options = {"retries": FakeTime().retries(**settings)}
        face(Desk(UNAVAILABLE, collection()), *INITIALIZE, options=options)

    assert ["async", "sync"] == ways


@pytest.mark.parametrize("face", FACES)
def test_attempts_are_alike(face: Call) -> None:
    """Each attempt sends the same request, with the same idempotency key."""
    desk = Desk(UNAVAILABLE, httpx.ReadTimeout("slow"), collection())
    result = face(desk, *INITIALIZE, {"a": 1}, options={"retries": FakeTime().retries()})

    (sent,) = {
        (each.method, str(each.url), each.content, tuple(each.headers.raw))
        for each in desk.requests
    }
    assert 3 == len(desk.requests)
    assert (b"Idempotency-Key", result.idempotency_key.encode()) in sent[3]


def test_each_call_has_a_key_of_its_own() -> None:
    """Each call has a key of its own, unless the caller passes one; other operations have none."""
    desk = Desk(collection())
    with open_store(desk) as store:
        results = [
            store.initialize_payment_session("pay_col_demo", "pp_stripe_stripe", idempotency_key=k)
            for k in (None, None, "checkout-1", "checkout-1")
        ]
        created = store.create_payment_collection("cart_demo")

    keys = [each.headers.get("idempotency-key") for each in desk.requests]
    assert [each.idempotency_key for each in (*results, created)] == keys
    assert ["checkout-1", "checkout-1", None] == keys[2:]
    assert 3 == len(set(keys[:3]))


def test_pages_are_retried_one_by_one() -> None:
    """A page that failed is requested again, not the ones before it."""
    pages = [
        ok({"payment_providers": [{"id": name}], "count": 2, "offset": offset, "limit": 1})
        for offset, name in enumerate(("pp_a_a", "pp_b_b"))
    ]
    desk = Desk(pages[0], UNAVAILABLE, pages[1])
    found = call_sync(
        desk,
        "iter_payment_providers",
        *LIST[1:],
        page_size=1,
        options={"retries": FakeTime().retries()},
    )

    assert ["pp_a_a", "pp_b_b"] == [provider.id for provider in found]
    assert ["0", "1", "1"] == [request.url.params["offset"] for request in desk.requests]
