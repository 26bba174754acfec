"""Concurrent calls."""

import asyncio
from collections.abc import Iterable, Mapping

import httpx
from tests.conftest import KEY, Serve
from tests.server.providers import BarrierProvider, CountingProvider, GatedProvider
from tests.server.wire import FREE_SESSIONS, SESSIONS, SYSTEM, read_collection, session_of


def post_all(
    url: str, paths: Iterable[str], headers: Mapping[str, str] = KEY
) -> list[httpx.Response]:
    """Initialize a session at each path concurrently."""

    async def gather() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=20) as client:
            return await asyncio.gather(*(client.post(path, json=SYSTEM) for path in paths))

    return asyncio.run(gather())


def test_calls_on_one_collection_take_turns(serve: Serve) -> None:
    """Fifty concurrent calls all succeed, one after the other, and exactly one session remains."""
    turnstile = CountingProvider()
    url = serve(providers={"system": turnstile})

    responses = post_all(url, [SESSIONS] * 50)

    assert [200] * 50 == [response.status_code for response in responses]
    assert {1} == turnstile.concurrency
    made = {session["id"]: session for session in map(session_of, responses)}
    assert 50 == len(made)
    with httpx.Client(base_url=url, headers=KEY) as client:
        (remaining,) = read_collection(client)["payment_sessions"]
    assert made[remaining["id"]] == remaining


def test_calls_on_different_collections_run_concurrently(serve: Serve) -> None:
    """A slow provider delays only its own collection."""
    url = serve(providers={"system": BarrierProvider(2)})

    responses = post_all(url, [SESSIONS, FREE_SESSIONS])

    assert [200, 200] == [response.status_code for response in responses]


def test_concurrent_repetitions_are_executed_once(
    serve: Serve, idempotency: dict[str, str]
) -> None:
    """Of concurrent requests with the same key, one is executed; the others wait or get 409."""
    gate = GatedProvider()
    url = serve(providers={"system": gate})
    gate.open()

    responses = post_all(url, [SESSIONS] * 20, {**KEY, **idempotency})

    assert {response.status_code for response in responses} <= {200, 409}
    (made,) = {response.content for response in responses if response.is_success}
    with httpx.Client(base_url=url, headers=KEY) as client:
        (remaining,) = read_collection(client)["payment_sessions"]
    assert remaining["id"].encode() in made
