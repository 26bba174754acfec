"""Attempts that fail on real sockets in front of a real store: the call still happens once."""

import asyncio
import ssl
from collections.abc import Iterator, Sequence
from email.utils import formatdate
from typing import Any, NamedTuple

import httpx
import httpx2
import pytest
from tests.client import faults
from tests.client.faults import BadLine, Treatment, bad_line, say
from tests.client.wire import FakeTime
from tests.conftest import PATIENCE, served

from xclade_store import (
    AsyncStoreClient,
    BrokenAnswer,
    Conflict,
    ConnectionFailed,
    InvalidData,
    RateLimited,
    ServerFailed,
    StoreClient,
    StoreError,
    StorePaymentCollection,
    TimedOut,
)
from xclade_store_mock.app import create_app
from xclade_store_mock.payments.providers import ProviderSession, SessionRequest

CERTIFICATES = ssl.create_default_context()
"""Shared by the clients, since loading them takes time."""

STALLS = {faults.stall, faults.stall_in_the_middle}
SHORT, LONG = 0.1, PATIENCE
"""How long to wait for a response that stalls, and for one that arrives."""

CONFLICT = b'{"type": "conflict", "message": "Still running."}'
LIMITED = b'{"type": "rate_limited", "message": "Too many."}'
FAILED = b'{"type": "unknown_error", "message": "Unknown."}'
PAST = formatdate(0, usegmt=True)


class Counter:
    """A provider that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    async def initiate(self, request: SessionRequest) -> ProviderSession:
        """Return a session."""
        self.calls += 1
        return ProviderSession({"session": request.session_id})


class Backend(NamedTuple):
    """A real store, and the provider that it asks."""

    url: str
    provider: Counter

    def sessions(self) -> list[str]:
        """Return the ids of the sessions."""
        with httpx.Client(verify=CERTIFICATES) as http:
            store = StoreClient(self.url, publishable_key="pk_demo", http_client=http)
            collection = store.create_payment_collection("cart_demo")
        return [session.id for session in collection.payment_sessions]


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    """Serve a store whose provider counts."""
    provider = Counter()
    with served(create_app(providers={"system": provider})) as url:
        yield Backend(url, provider)


class Way(NamedTuple):
    """A way to make a call: sync or async, over httpx or httpx2."""

    in_async: bool
    library: Any


SYNC = Way(in_async=False, library=httpx)
WAYS = {
    "sync": SYNC,
    "async": Way(in_async=True, library=httpx),
    "sync-httpx2": Way(in_async=False, library=httpx2),
    "async-httpx2": Way(in_async=True, library=httpx2),
}
each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


def initialize(
    url: str, way: Way, script: Sequence[Treatment] = (), **options: Any
) -> StorePaymentCollection:
    """Initialize a session in one of the ways, with little patience for attempts that stall."""
    arguments = ("pay_col_demo", "pp_system_default")
    given: dict[str, Any] = {"publishable_key": "pk_demo", **options}
    attempts = iter(script)

    def set_timeout(request: Any) -> None:
        stalls = next(attempts, None) in STALLS
        request.extensions["timeout"]["read"] = SHORT if stalls else LONG

    if not way.in_async:
        hooks: Any = {"request": [set_timeout]}
        with way.library.Client(verify=CERTIFICATES, event_hooks=hooks) as http:
            store = StoreClient(url, http_client=http, **given)
            return store.initialize_payment_session(*arguments)

    async def set_timeout_in_async(request: Any) -> None:
        set_timeout(request)

    async def call() -> StorePaymentCollection:
        hooks = {"request": [set_timeout_in_async]}
        async with way.library.AsyncClient(verify=CERTIFICATES, event_hooks=hooks) as http:
            store = AsyncStoreClient(url, http_client=http, **given)
            return await store.initialize_payment_session(*arguments)

    return asyncio.run(call())


@each_way
@pytest.mark.parametrize(
    "script",
    [
        (),
        (faults.reset_unread,),
        (faults.reset_read,),
        (faults.reset_carried_out,),
        (faults.close_carried_out,),
        (faults.half_an_answer,),
        (faults.stall,),
        (faults.stall_in_the_middle,),
        (faults.not_http,),
        (faults.reset_carried_out, faults.half_an_answer),
        (faults.stall, faults.reset_unread),
        (say(409, CONFLICT),),
        (say(429, LIMITED, "retry-after: 0\r\n"),),
        (say(429, LIMITED, f"retry-after: {PAST}\r\n"),),
        (say(503, FAILED, "retry-after: 1\r\n"),),
        (say(502),),
        (say(504), faults.close_carried_out),
    ],
    ids=lambda script: "+".join(each.__name__ for each in script) or "nothing",
)
def test_a_bad_line_makes_no_second_session(
    backend: Backend, script: tuple[Treatment, ...], way: Way
) -> None:
    """One session remains, made by one call of the provider."""
    time = FakeTime()
    before = backend.provider.calls
    with bad_line(backend.url, *script) as line:
        result = initialize(line.url, way, script, retries=time.retries())

    assert len(script) + 1 == line.connections
    assert len(script) == len(time.pauses)
    assert [session.id for session in result.payment_sessions] == backend.sessions()
    assert 1 == backend.provider.calls - before


@each_way
def test_a_store_that_comes_up_late(backend: Backend, way: Way) -> None:
    """A refused connection is retried."""
    time = FakeTime()
    with bad_line(backend.url, listening=False) as line:

        def sleep(seconds: float) -> None:
            time.sleep(seconds)
            line.listen()

        async def async_sleep(seconds: float) -> None:
            sleep(seconds)

        retries = time.retries(sleep=sleep, async_sleep=async_sleep)
        result = initialize(line.url, way, retries=retries)

    assert [0.5] == time.pauses
    assert [session.id for session in result.payment_sessions] == backend.sessions()


@each_way
@pytest.mark.parametrize(
    ("treatment", "attempts", "expected"),
    [
        (faults.reset_unread, 3, ConnectionFailed),
        (faults.reset_carried_out, 3, ConnectionFailed),
        (faults.half_an_answer, 3, ConnectionFailed),
        (faults.not_http, 3, ConnectionFailed),
        (faults.stall, 3, TimedOut),
        (faults.stall_in_the_middle, 3, TimedOut),
        (say(409, CONFLICT), 3, Conflict),
        (say(429, LIMITED), 3, RateLimited),
        (say(503, FAILED), 3, ServerFailed),
        (say(502), 3, BrokenAnswer),
        (say(500, FAILED), 1, ServerFailed),
        (say(500), 1, BrokenAnswer),
        (say(400, b'{"type": "invalid_data", "message": "No."}'), 1, InvalidData),
        (say(200), 1, BrokenAnswer),
        (say(200, b"\x1f\x8bhalf", "content-encoding: gzip\r\n"), 1, BrokenAnswer),
    ],
)
def test_a_line_that_stays_bad(
    backend: Backend, treatment: Treatment, attempts: int, expected: type[StoreError], way: Way
) -> None:
    """The error of the last attempt is raised; what a retry cannot fix is not retried."""
    script = [treatment] * 4
    with bad_line(backend.url, *script) as line, pytest.raises(StoreError) as raised:
        initialize(line.url, way, script, retries=FakeTime().retries())

    assert (expected, attempts) == (type(raised.value), line.connections)
    assert raised.value.idempotency_key


def test_the_callers_next_try_is_safe_with_the_errors_key(backend: Backend) -> None:
    """Repeating a failed call with its key does not make a second session."""
    before = backend.provider.calls
    with bad_line(backend.url, faults.reset_carried_out) as line, connect(line) as store:
        with pytest.raises(ConnectionFailed) as raised:
            store.initialize_payment_session("pay_col_demo", "pp_system_default")
        result = store.initialize_payment_session(
            "pay_col_demo", "pp_system_default", idempotency_key=raised.value.idempotency_key
        )

    assert raised.value.idempotency_key == result.idempotency_key
    assert [session.id for session in result.payment_sessions] == backend.sessions()
    assert 1 == backend.provider.calls - before


def connect(line: BadLine) -> StoreClient:
    """Return a client without retries."""
    return StoreClient(line.url, publishable_key="pk_demo", retries=0)
