"""What is sent, and over which connections."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import httpx2
import pytest
from tests.client.wire import (
    CREATE,
    FACES,
    INITIALIZE,
    KEY,
    LIST,
    OVER_HTTPX2,
    PROVIDERS,
    URL,
    Call,
    Desk,
    FakeTime,
    collection,
    ok,
    query,
)
from tests.conftest import Serve

from xclade_store import AsyncStoreClient, StoreClient, __version__
from xclade_store_mock.payments.providers import ProviderSession, SessionRequest

ANSWERS = {LIST[0]: ok(PROVIDERS), CREATE[0]: collection(), INITIALIZE[0]: collection()}
CALLS = (LIST, CREATE, INITIALIZE)


def sent(face: Call, method: str, *arguments: Any, **more: Any) -> httpx.Request:
    """Make a call, and return its only request."""
    desk = Desk(ANSWERS[method])
    face(desk, method, *arguments, **more)
    (request,) = desk.requests
    return request


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(("method", "arguments"), CALLS)
def test_headers(face: Call, method: str, arguments: tuple[str, ...]) -> None:
    """Each request has the key and a user agent; only one has an idempotency key."""
    request = sent(face, method, *arguments)

    library = f"python-httpx/{httpx.__version__}"
    if face in OVER_HTTPX2:
        library = f"python-httpx2/{httpx2.__version__}"
    assert [KEY] == request.headers.get_list("x-publishable-api-key")
    assert [f"xclade-store/{__version__} {library}"] == request.headers.get_list("user-agent")
    assert "authorization" not in request.headers
    assert (method == INITIALIZE[0]) == ("idempotency-key" in request.headers)
    expected = None if method == LIST[0] else "application/json"
    assert expected == request.headers.get("content-type")


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(("method", "arguments"), CALLS)
def test_a_customers_token(face: Call, method: str, arguments: tuple[str, ...]) -> None:
    """A signed-in customer's token goes along as a bearer token."""
    request = sent(face, method, *arguments, options={"customer_token": "a.b.c"})

    assert ["Bearer a.b.c"] == request.headers.get_list("authorization")


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("method", "arguments", "more", "expected"),
    [
        (*LIST, {}, {"region_id": "reg_demo", "limit": "20", "offset": "0"}),
        (
            *LIST,
            {"limit": 0, "offset": 7, "fields": "id"},
            {"region_id": "reg_demo", "limit": "0", "offset": "7", "fields": "id"},
        ),
        (*CREATE, {}, {}),
        (*CREATE, {"fields": "+status,-amount"}, {"fields": "+status,-amount"}),
        (*CREATE, {"fields": ""}, {"fields": ""}),
        (*INITIALIZE, {}, {}),
        (*INITIALIZE, {"fields": "*payment_sessions"}, {"fields": "*payment_sessions"}),
    ],
)
def test_the_query(
    face: Call,
    method: str,
    arguments: tuple[str, ...],
    more: dict[str, Any],
    expected: dict[str, str],
) -> None:
    """Fields are sent when they are given, a page always."""
    assert expected == query(sent(face, method, *arguments, **more))


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (CREATE, {"cart_id": "cart_demo"}),
        (INITIALIZE, {"provider_id": "pp_stripe_stripe"}),
        (
            (INITIALIZE[0], (*INITIALIZE[1], {"note": "gift"})),
            {"provider_id": "pp_stripe_stripe", "data": {"note": "gift"}},
        ),
    ],
)
def test_the_body(face: Call, call: tuple[str, tuple[Any, ...]], expected: dict[str, Any]) -> None:
    """Data that is not given is not sent."""
    assert expected == json.loads(sent(face, call[0], *call[1]).content)


def timeouts(connect: float | None, wait: float | None) -> dict[str, float | None]:
    """Write timeouts as the transport gets them."""
    return {"connect": connect, "read": wait, "write": wait, "pool": wait}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(("method", "arguments"), [*CALLS, ("iter_payment_providers", LIST[1])])
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
    method: str,
    arguments: tuple[str, ...],
    options: dict[str, Any],
    more: dict[str, Any],
    expected: dict[str, float | None],
) -> None:
    """The call's timeouts count, then the client's, then http_client's, up to the deadline."""
    desk = Desk(ANSWERS.get(method, ok(PROVIDERS)))
    given = {"retries": FakeTime().retries(count=0), **options}
    face(desk, method, *arguments, options=given, **more)

    assert expected == desk.requests[0].extensions["timeout"]


def test_a_client_of_ones_own() -> None:
    """It is used with its own headers, and is open afterwards."""
    desk = Desk(collection())
    transport = httpx.MockTransport(desk)
    with httpx.Client(transport=transport, headers={"x-own": "1", "cookie": "c=2"}) as http:
        with StoreClient(URL, publishable_key=KEY, http_client=http) as store:
            store.create_payment_collection("cart_demo")
        store.close()
        assert not http.is_closed
        assert 200 == http.get(URL).status_code

    request = desk.requests[0]
    assert ("1", "c=2", KEY) == tuple(
        request.headers[name] for name in ("x-own", "cookie", "x-publishable-api-key")
    )


def test_an_async_client_of_ones_own() -> None:
    """The same holds for async code."""
    desk = Desk(collection())

    async def call() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(desk)) as http:
            async with AsyncStoreClient(URL, publishable_key=KEY, http_client=http) as store:
                await store.create_payment_collection("cart_demo")
            await store.close()
            assert not http.is_closed
            assert (await http.get(URL)).is_success

    asyncio.run(call())
    assert 2 == len(desk.requests)


@pytest.mark.parametrize("by_context", [True, False])
def test_its_own_connections_are_closed(serve: Serve, *, by_context: bool) -> None:
    """After close(), or the end of the context, calls raise RuntimeError."""
    store = StoreClient(serve(), publishable_key="pk_demo")
    if by_context:
        with store as entered:
            assert store is entered
            store.create_payment_collection("cart_demo")
    else:
        store.create_payment_collection("cart_demo")
        store.close()
    store.close()

    with pytest.raises(RuntimeError, match="closed"):
        store.create_payment_collection("cart_demo")


@pytest.mark.parametrize("by_context", [True, False])
def test_its_own_async_connections_are_closed(serve: Serve, *, by_context: bool) -> None:
    """The same holds for async code."""
    url = serve()

    async def call() -> None:
        store = AsyncStoreClient(url, publishable_key="pk_demo")
        if by_context:
            async with store as entered:
                assert store is entered
                await store.create_payment_collection("cart_demo")
        else:
            await store.create_payment_collection("cart_demo")
            await store.close()
        await store.close()
        with pytest.raises(RuntimeError, match="closed"):
            await store.create_payment_collection("cart_demo")

    asyncio.run(call())


class Echo:
    """A provider that returns the data it was given."""

    async def initiate(self, request: SessionRequest) -> ProviderSession:
        """Return a session."""
        return ProviderSession(dict(request.data))


def test_one_client_for_many_threads(serve: Serve) -> None:
    """Calls from 8 threads each get their own answer, and one session remains."""
    url = serve(providers={"system": Echo()})
    with (
        StoreClient(url, publishable_key="pk_demo", timeout=20) as store,
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
        async with AsyncStoreClient(url, publishable_key="pk_demo", timeout=20) as store:
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
