"""Makes calls as one of the clients does, so many for each line on standard input.

Prints microseconds per call. Run with the interpreter that has the client: worker.py CLIENT URL.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

COLLECTION = "pay_col_demo"
PROVIDER = "pp_stripe_stripe"
KEY = "pk_demo"
HEADERS = {"x-publishable-api-key": KEY}


def store_client(url: str) -> Callable[[], Any]:
    """Call through StoreClient."""
    from xclade_store import StoreClient  # noqa: PLC0415 - each client for itself

    return calls_of(StoreClient(url, publishable_key=KEY))


def store_client_over_httpx2(url: str) -> Callable[[], Any]:
    """Call through StoreClient over httpx2."""
    import httpx2  # noqa: PLC0415

    from xclade_store import StoreClient  # noqa: PLC0415

    return calls_of(StoreClient(url, publishable_key=KEY, http_client=httpx2.Client()))


def calls_of(store: Any) -> Callable[[], Any]:
    """Return a call of a StoreClient."""
    return lambda: store.initialize_payment_session(COLLECTION, PROVIDER).payment_sessions[0].id


def async_store_client(url: str) -> Callable[[], Any]:
    """Call through AsyncStoreClient, one call at a time."""
    from xclade_store import AsyncStoreClient  # noqa: PLC0415

    return async_calls_of(AsyncStoreClient(url, publishable_key=KEY))


def async_store_client_over_httpx2(url: str) -> Callable[[], Any]:
    """Call through AsyncStoreClient over httpx2, one call at a time."""
    import httpx2  # noqa: PLC0415

    from xclade_store import AsyncStoreClient  # noqa: PLC0415

    return async_calls_of(
        AsyncStoreClient(url, publishable_key=KEY, http_client=httpx2.AsyncClient())
    )


def async_calls_of(store: Any) -> Callable[[], Any]:
    """Return a call of an AsyncStoreClient."""
    loop = asyncio.new_event_loop()

    async def call() -> Any:
        collection = await store.initialize_payment_session(COLLECTION, PROVIDER)
        return collection.payment_sessions[0].id

    return lambda: loop.run_until_complete(call())


def plain_httpx(url: str) -> Callable[[], Any]:
    """Call with httpx alone."""
    import httpx  # noqa: PLC0415

    return plain_calls_of(httpx.Client(base_url=url, headers=HEADERS))


def plain_httpx2(url: str) -> Callable[[], Any]:
    """Call with httpx2 alone."""
    import httpx2  # noqa: PLC0415

    return plain_calls_of(httpx2.Client(base_url=url, headers=HEADERS))


def plain_calls_of(client: Any) -> Callable[[], Any]:
    """Return a call of an HTTP client."""

    def call() -> Any:
        response = client.post(
            f"/store/payment-collections/{COLLECTION}/payment-sessions",
            json={"provider_id": PROVIDER},
            headers={"Idempotency-Key": time.monotonic_ns().to_bytes(8).hex()},
        )
        response.raise_for_status()
        return response.json()["payment_collection"]["payment_sessions"][0]["id"]

    return call


def plain_async_httpx(url: str) -> Callable[[], Any]:
    """Call with httpx alone in async code, one call at a time."""
    import httpx  # noqa: PLC0415

    return plain_async_calls_of(httpx.AsyncClient(base_url=url, headers=HEADERS))


def plain_async_httpx2(url: str) -> Callable[[], Any]:
    """Call with httpx2 alone in async code, one call at a time."""
    import httpx2  # noqa: PLC0415

    return plain_async_calls_of(httpx2.AsyncClient(base_url=url, headers=HEADERS))


def plain_async_calls_of(client: Any) -> Callable[[], Any]:
    """Return a call of an async HTTP client."""
    loop = asyncio.new_event_loop()

    async def call() -> Any:
        response = await client.post(
            f"/store/payment-collections/{COLLECTION}/payment-sessions",
            json={"provider_id": PROVIDER},
            headers={"Idempotency-Key": time.monotonic_ns().to_bytes(8).hex()},
        )
        response.raise_for_status()
        return response.json()["payment_collection"]["payment_sessions"][0]["id"]

    return lambda: loop.run_until_complete(call())


def peer(url: str) -> Callable[[], Any]:
    """Call through what openapi-generator makes of the same contract."""
    import openapi_client  # type: ignore[import-not-found]  # noqa: PLC0415

    configuration = openapi_client.Configuration(host=url, api_key={"publishableKey": KEY})
    api = openapi_client.PaymentCollectionsApi(openapi_client.ApiClient(configuration))
    body = openapi_client.InitializePaymentSessionRequest(provider_id=PROVIDER)
    return lambda: api.initialize_payment_session(COLLECTION, body)


def main() -> None:
    """Make calls for each number on standard input."""
    clients = (
        store_client,
        store_client_over_httpx2,
        async_store_client,
        async_store_client_over_httpx2,
        plain_httpx,
        plain_httpx2,
        plain_async_httpx,
        plain_async_httpx2,
        peer,
    )
    make = {each.__name__: each for each in clients}[sys.argv[1]]
    call = make(sys.argv[2])
    for line in sys.stdin:
        count = int(line)
        began = time.perf_counter()
        for _ in range(count):
            call()
        print((time.perf_counter() - began) / count * 1e6, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
