"""One AsyncStoreClient in several event loops, and an http_client outside the scope it works in."""

import asyncio
import gc
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import httpx2
import pytest
import trio
from asgiref.sync import async_to_sync
from tests.client.echo import EchoStore, echo_store
from tests.client.wire import Desk, collection, open_async_store

from xclade_store import AsyncStoreClient, HttpClientShared

CALL = ("pay_col_demo", "pp_system_default")


@pytest.fixture
def echo() -> Iterator[EchoStore]:
    """Serve an echo."""
    with echo_store() as server:
        yield server


async def call(store: AsyncStoreClient, number: int) -> bool:
    """Call, and return whether the answer is one's own."""
    data = {"process": os.getpid(), "number": number}
    result = await store.initialize_payment_session(*CALL, data)
    return bool(data == result.payment_sessions[0].data.to_dict())


def run_in_new_loop(store: AsyncStoreClient, number: int) -> bool:
    """Call as task queues do that manage a loop themselves."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(call(store, number))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


RUNNERS: dict[str, Callable[[AsyncStoreClient, int], bool]] = {
    "asyncio": lambda store, number: asyncio.run(call(store, number)),
    "new loop": run_in_new_loop,
    "asgiref": async_to_sync(call),
    "trio": lambda store, number: trio.run(call, store, number),
}


@pytest.mark.parametrize("runner", RUNNERS)
def test_one_client_in_one_loop_after_the_other(echo: EchoStore, runner: str) -> None:
    """Each loop has a connection of its own, which is closed with the loop."""
    store = AsyncStoreClient(echo.url, publishable_key="pk_demo", retries=0)

    assert all(RUNNERS[runner](store, number) for number in range(4))
    assert 4 == len(echo.processes)
    assert [] == open_clients(store)


def test_one_client_in_two_loops_at_the_same_time(echo: EchoStore) -> None:
    """Threads with loops of their own do not disturb each other."""
    store = AsyncStoreClient(echo.url, publishable_key="pk_demo", retries=0)
    together = threading.Barrier(2)

    async def work(first: int) -> bool:
        answers = [await call(store, first)]
        together.wait()
        answers += [await call(store, first + number) for number in range(1, 20)]
        return all(answers)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda first: asyncio.run(work(first)), (0, 100)))

    assert [True, True] == answers
    assert 2 == len(echo.processes)
    assert [] == open_clients(store)


def test_one_loop_keeps_its_connection(echo: EchoStore) -> None:
    """Calls in the same loop share a connection, and close() closes it."""

    async def work() -> tuple[int, list[httpx.AsyncClient]]:
        async with AsyncStoreClient(echo.url, publishable_key="pk_demo", retries=0) as store:
            for number in range(3):
                assert await call(store, number)
            clients = open_clients(store)
        return len(echo.processes), [each for each in clients if not each.is_closed]

    assert (1, []) == asyncio.run(work())


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # of the loop that is left behind
def test_loops_that_are_left_behind_leak_nothing(echo: EchoStore) -> None:
    """A loop that is closed without shutting down leaves its client to the next loop."""
    store = AsyncStoreClient(echo.url, publishable_key="pk_demo", retries=0)
    for number in range(3):
        loop = asyncio.new_event_loop()
        assert loop.run_until_complete(call(store, number))
        loop.close()

    assert 1 == len(open_clients(store))
    # Warn of the unclosed sockets now, not in a later test.
    del store
    gc.collect()


def open_clients(store: AsyncStoreClient) -> list[httpx.AsyncClient]:
    """Return the HTTP clients that a store holds."""
    connections: Any = store._connections  # noqa: SLF001 - what is held shows nowhere else
    return list(connections._clients.values())  # noqa: SLF001 - the same


@pytest.mark.parametrize("close_in", ["asyncio", "trio"])
def test_a_closed_client_is_closed_in_every_loop(echo: EchoStore, close_in: str) -> None:
    """After close() no loop opens new connections."""
    store = AsyncStoreClient(echo.url, publishable_key="pk_demo", retries=0)
    if close_in == "asyncio":
        asyncio.run(store.close())
    else:
        trio.run(store.close)

    with pytest.raises(RuntimeError, match="closed"):
        asyncio.run(call(store, 1))
    assert [] == echo.processes


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_an_http_client_in_a_second_loop(library: Any) -> None:
    """An http_client of the caller's is refused where its connections cannot be used."""
    desk = Desk(collection())
    store = open_async_store(desk, library=library)
    asyncio.run(store.create_payment_collection("cart_demo"))

    with pytest.raises(HttpClientShared, match="in each event loop, or leave http_client") as error:
        asyncio.run(store.create_payment_collection("cart_demo"))

    assert not error.value.retryable
    assert 1 == len(desk.requests)
