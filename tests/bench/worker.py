"""Makes calls as one of the clients does, so many for each line on standard input.

Prints microseconds per call. Run with the interpreter that has the client: worker.py CLIENT URL.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from importlib import import_module
from typing import Any

COLLECTION = "pay_col_demo"
PROVIDER = "pp_stripe_stripe"
KEY = "pk_demo"
HEADERS = {"x-publishable-api-key": KEY}
PATH = f"/store/payment-collections/{COLLECTION}/payment-sessions"


def store_client(url: str, library: str | None = None) -> Callable[[], Any]:
    """Call through StoreClient, over its own connections or a library's client."""
    from xclade_store import StoreClient  # noqa: PLC0415 - the peer's environment has none

    http = import_module(library).Client() if library else None
    store = StoreClient(url, publishable_key=KEY, http_client=http)
    return lambda: store.initialize_payment_session(COLLECTION, PROVIDER).payment_sessions[0].id


def async_store_client(url: str, library: str | None = None) -> Callable[[], Any]:
    """Call through AsyncStoreClient, one call at a time."""
    from xclade_store import AsyncStoreClient  # noqa: PLC0415 - the same

    http = import_module(library).AsyncClient() if library else None
    store = AsyncStoreClient(url, publishable_key=KEY, http_client=http)

    async def call() -> Any:
        collection = await store.initialize_payment_session(COLLECTION, PROVIDER)
        return collection.payment_sessions[0].id

    return in_one_loop(call)


def plain(url: str, library: str) -> Callable[[], Any]:
    """Call with an HTTP library alone."""
    client = import_module(library).Client(base_url=url, headers=HEADERS)
    return lambda: read(client.post(PATH, **request()))


def plain_async(url: str, library: str) -> Callable[[], Any]:
    """Call with an HTTP library alone in async code, one call at a time."""
    client = import_module(library).AsyncClient(base_url=url, headers=HEADERS)

    async def call() -> Any:
        return read(await client.post(PATH, **request()))

    return in_one_loop(call)


def request() -> dict[str, Any]:
    """Return a body, and a new idempotency key."""
    key = time.monotonic_ns().to_bytes(8).hex()
    return {"json": {"provider_id": PROVIDER}, "headers": {"Idempotency-Key": key}}


def read(response: Any) -> Any:
    """Read a response as the clients do."""
    response.raise_for_status()
    return response.json()["payment_collection"]["payment_sessions"][0]["id"]


def in_one_loop(call: Callable[[], Coroutine[Any, Any, Any]]) -> Callable[[], Any]:
    """Return the same call for code that is not async."""
    loop = asyncio.new_event_loop()
    return lambda: loop.run_until_complete(call())


def peer(url: str) -> Callable[[], Any]:
    """Call through what openapi-generator makes of the same contract."""
    import openapi_client  # type: ignore[import-not-found]  # noqa: PLC0415

    configuration = openapi_client.Configuration(host=url, api_key={"publishableKey": KEY})
    api = openapi_client.PaymentCollectionsApi(openapi_client.ApiClient(configuration))
    body = openapi_client.InitializePaymentSessionRequest(provider_id=PROVIDER)
    return lambda: api.initialize_payment_session(COLLECTION, body)


CLIENTS: dict[str, Callable[[str], Callable[[], Any]]] = {
    "store_client": store_client,
    "store_client_over_httpx2": partial(store_client, library="httpx2"),
    "async_store_client": async_store_client,
    "async_store_client_over_httpx2": partial(async_store_client, library="httpx2"),
    "plain_httpx": partial(plain, library="httpx"),
    "plain_httpx2": partial(plain, library="httpx2"),
    "plain_async_httpx": partial(plain_async, library="httpx"),
    "plain_async_httpx2": partial(plain_async, library="httpx2"),
    "peer": peer,
}


def main() -> None:
    """Make calls for each number on standard input."""
    call = CLIENTS[sys.argv[1]](sys.argv[2])
    for line in sys.stdin:
        count = int(line)
        began = time.perf_counter()
        for _ in range(count):
            call()
        print((time.perf_counter() - began) / count * 1e6, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
