"""What is sent, and over which connections."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import httpx2
import pytest
from tests.client.wire import (
    CALLS,
    CLIENTS,
    CREATE,
    FACES,
    INITIALIZE,
    KEY,
    LIST,
    OVER_HTTPX2,
    PROVIDERS,
    URL,
    Answer,
    Call,
    Desk,
    FakeTime,
    awaited,
    collection,
    entered,
    ok,
)
from tests.conftest import PATIENCE, Serve
from tests.contract.contract_coverage import recorder

from xclade_store import AsyncStoreClient, StoreClient, StoreError, __version__
from xclade_store_mock.payments.providers import ProviderSession, SessionRequest

ANSWERS = {LIST[0]: ok(PROVIDERS), CREATE[0]: collection(), INITIALIZE[0]: collection()}
each_client = pytest.mark.parametrize(
    ("face", "make"), [(StoreClient, httpx.Client), (AsyncStoreClient, httpx.AsyncClient)]
)


def sent(face: Call, method: str, *arguments: Any, **more: Any) -> httpx.Request:
    """Make a call, and return its only request."""
    desk = Desk(ANSWERS[method])
    face(desk, method, *arguments, **more)
    (request,) = desk.requests
    query = request.url.query.decode("ascii")
    recorder("client").request(method, query, request.headers, request.content)
    return request


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("call", CALLS)
def test_headers(face: Call, call: tuple[str, ...]) -> None:
    """Each request has the key and a user agent; only one has an idempotency key."""
    request = sent(face, *call)

    library = f"python-httpx/{httpx.__version__}"
    if face in OVER_HTTPX2:
        library = f"python-httpx2/{httpx2.__version__}"
    assert [KEY] == request.headers.get_list("x-publishable-api-key")
    assert [f"xclade-store/{__version__} {library}"] == request.headers.get_list("user-agent")
    assert "authorization" not in request.headers
    assert (call == INITIALIZE) == ("idempotency-key" in request.headers)
    expected = None if call == LIST else "application/json"
    assert expected == request.headers.get("content-type")


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("call", CALLS)
def test_a_customers_token(face: Call, call: tuple[str, ...]) -> None:
    """A signed-in customer's token goes along as a bearer token."""
    request = sent(face, *call, options={"customer_token": "a.b.c"})

    assert ["Bearer a.b.c"] == request.headers.get_list("authorization")


def timeouts(connect: float | None, wait: float | None) -> dict[str, float | None]:
    """Write timeouts as the transport gets them."""
    return {"connect": connect, "read": wait, "write": wait, "pool": wait}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("call", [*CALLS, ("iter_payment_providers", *LIST[1:])])
@pytest.mark.parametrize(
    ("options", "more", "expected"),
    [
        ({}, {}, timeouts(5, 5)),
        ({"timeout": 7}, {}, timeouts(7, 7)),
        ({"timeout": httpx.Timeout(9, connect=2)}, {}, timeouts(2, 9)),
        ({"timeout": None}, {}, timeouts(5, 5)),
        ({}, {"timeout": 0.25}, timeouts(0.25, 0.25)),
        ({"timeout": 7}, {"timeout": httpx.Timeout(1, connect=3)}, timeouts(3, 1)),
        ({"timeout": 7}, {"timeout": None}, timeouts(7, 7)),
        ({}, {"timeout": httpx.Timeout(None)}, timeouts(60, 60)),
        ({"deadline": 3}, {}, timeouts(3, 3)),
        ({"deadline": 3}, {"deadline": 4}, timeouts(4, 4)),
        ({"deadline": 3}, {"timeout": 2}, timeouts(2, 2)),
    ],
)
def test_timeouts(
    face: Call,
    call: tuple[str, ...],
    options: dict[str, Any],
    more: dict[str, Any],
    expected: dict[str, float | None],
) -> None:
    """The call's timeouts count, then the client's, then http_client's, up to the deadline."""
    desk = Desk(ANSWERS.get(call[0], ok(PROVIDERS)))
    given = {"retries": FakeTime().retries(count=0), **options}
    face(desk, *call, options=given, **more)

    assert expected == desk.requests[0].extensions["timeout"]


@each_client
def test_an_http_client_of_ones_own(face: Any, make: Callable[..., Any]) -> None:
    """It is used with its own headers, and is open afterwards."""
    desk = Desk(collection())
    http = make(transport=httpx.MockTransport(desk), headers={"x-own": "1", "cookie": "c=2"})

    async def use() -> None:
        async with entered(face(URL, publishable_key=KEY, http_client=http)) as store:
            await awaited(store.create_payment_collection("cart_demo"))
        await awaited(store.close())
        assert not http.is_closed
        assert 200 == (await awaited(http.get(URL))).status_code

    asyncio.run(use())
    request = desk.requests[0]
    assert ("1", "c=2", KEY) == tuple(
        request.headers[name] for name in ("x-own", "cookie", "x-publishable-api-key")
    )


def test_an_http_client_keeps_its_own_timeout() -> None:
    """It keeps its timeouts unless a call has its own."""
    desk = Desk(collection())
    http = httpx.Client(transport=httpx.MockTransport(desk), timeout=0.2)
    with StoreClient(URL, publishable_key="pk", http_client=http) as store:
        store.create_payment_collection("cart_demo")
        store.create_payment_collection("cart_demo", timeout=7)

    assert [0.2, 7] == [each.extensions["timeout"]["read"] for each in desk.requests]


def test_an_http_client_that_raises_for_status() -> None:
    """An event hook may raise; the response is handled all the same."""
    http = httpx.Client(
        transport=httpx.MockTransport(Desk(Answer(429))),
        event_hooks={"response": [lambda response: response.raise_for_status()]},
    )
    with (
        StoreClient(URL, publishable_key="pk", retries=0, http_client=http) as store,
        pytest.raises(StoreError) as caught,
    ):
        store.create_payment_collection("cart_demo")

    assert 429 == caught.value.status


@pytest.mark.parametrize("face", CLIENTS)
@pytest.mark.parametrize("by_context", [True, False])
def test_its_own_connections_are_closed(serve: Serve, face: Any, *, by_context: bool) -> None:
    """After close(), or the end of the context, calls raise RuntimeError."""
    store = face(serve(), publishable_key="pk_demo")

    async def use() -> None:
        if by_context:
            async with entered(store) as inside:
                assert store is inside
                await awaited(store.create_payment_collection("cart_demo"))
        else:
            await awaited(store.create_payment_collection("cart_demo"))
            await awaited(store.close())
        await awaited(store.close())
        with pytest.raises(RuntimeError, match="closed"):
            await awaited(store.create_payment_collection("cart_demo"))

    asyncio.run(use())


class Echo:
    """A provider that returns the data it was given."""

    async def initiate(self, request: SessionRequest) -> ProviderSession:
        """Return a session."""
        return ProviderSession(dict(request.data))


def test_one_client_for_many_threads(serve: Serve) -> None:
    """Calls from 8 threads each get their own answer, and one session remains."""
    url = serve(providers={"system": Echo()})
    with (
        StoreClient(url, publishable_key="pk_demo", timeout=PATIENCE) as store,
        ThreadPoolExecutor(8) as pool,
    ):

        def initialize(number: int) -> tuple[Any, str, str | None]:
            result = store.initialize_payment_session(
                "pay_col_demo", "pp_stripe_stripe", {"number": number}
            )
            (session,) = result.payment_sessions
            return session.data["number"], session.id, result.idempotency_key

        found = list(pool.map(initialize, range(80)))
        (remaining,) = store.create_payment_collection("cart_demo").payment_sessions

    assert list(range(80)) == [number for number, _, _ in found]
    assert 80 == len({session_id for _, session_id, _ in found})
    assert 80 == len({key for _, _, key in found})
    assert remaining.id in {session_id for _, session_id, _ in found}


def test_one_async_client_for_many_tasks(serve: Serve) -> None:
    """So do 80 tasks at once."""
    url = serve(providers={"system": Echo()})

    async def call() -> list[Any]:
        async with AsyncStoreClient(url, publishable_key="pk_demo", timeout=PATIENCE) as store:
            results = await asyncio.gather(
                *(
                    store.initialize_payment_session(
                        "pay_col_demo", "pp_stripe_stripe", {"number": number}
                    )
                    for number in range(80)
                )
            )
        return [result.payment_sessions[0].data["number"] for result in results]

    assert list(range(80)) == asyncio.run(call())
