"""What the tests of the client share: responses to give it, and ways to call it."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

import httpx
import httpx2

from xclade_store import AsyncStoreClient, Retries, StoreClient

URL = "http://store.test"
KEY = "pk_test_3f1b"

SESSION: dict[str, Any] = {
    "id": "payses_1",
    "currency_code": "usd",
    "provider_id": "pp_stripe_stripe",
    "data": {"id": "pi_1", "client_secret": "pi_1_secret_9d2c"},
    "context": {},
    "status": "pending",
    "authorized_at": None,
    "payment": None,
    "amount": 25.5,
}
COLLECTION: dict[str, Any] = {
    "id": "pay_col_demo",
    "currency_code": "usd",
    "amount": 25.5,
    "payment_sessions": [SESSION],
}
PROVIDERS: dict[str, Any] = {
    "payment_providers": [{"id": "pp_system_default", "is_enabled": True}],
    "count": 1,
    "offset": 0,
    "limit": 20,
}

LIST = ("list_payment_providers", "reg_demo")
CREATE = ("create_payment_collection", "cart_demo")
INITIALIZE = ("initialize_payment_session", "pay_col_demo", "pp_stripe_stripe")
CALLS = (LIST, CREATE, INITIALIZE)
"""A call of each operation: the name of the method, and its arguments."""


class Answer(NamedTuple):
    """The response of a store to one attempt."""

    status: int = 200
    content: bytes = b""
    headers: Mapping[str, str] | None = None


def ok(document: Any) -> Answer:
    """Return a response with this JSON."""
    return Answer(200, json.dumps(document).encode())


def collection(**changes: Any) -> Answer:
    """Return a response with a payment collection."""
    return ok({"payment_collection": {**COLLECTION, **changes}})


def initialized(collection_id: str, provider_id: str) -> Answer:
    """Return a response to initialize_payment_session with the ids that were sent."""
    return collection(id=collection_id, payment_sessions=[{**SESSION, "provider_id": provider_id}])


def refusal(status: int, kind: str, message: str = "No.", **more: Any) -> Answer:
    """Return a response with an error."""
    return Answer(status, json.dumps({"type": kind, "message": message, **more}).encode())


Reply = Answer | Callable[[httpx.Request], httpx.Response] | Exception


class Desk:
    """Gives the replies in order, repeats the last one, and keeps the requests."""

    def __init__(self, *replies: Reply) -> None:
        self.requests: list[httpx.Request] = []
        self._replies = replies

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Reply to a request."""
        reply = self._replies[min(len(self.requests), len(self._replies) - 1)]
        self.requests.append(request)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, Answer):
            # A stream, so that the client decodes it.
            stream = httpx.ByteStream(reply.content)
            return httpx.Response(reply.status, headers=reply.headers, stream=stream)
        return reply(request)


def transport(desk: Desk, library: Any = httpx) -> Any:
    """Return a transport of httpx or httpx2 in front of a desk."""
    if library is httpx:
        return httpx.MockTransport(desk)

    def handle(request: Any) -> Any:
        copy = httpx.Request(
            request.method,
            str(request.url),
            headers=request.headers.raw,
            content=request.content,
            extensions=request.extensions,
        )
        try:
            response = desk(copy)
        except httpx.RequestError as error:
            raise getattr(library, type(error).__name__)(str(error)) from None
        assert isinstance(response.stream, httpx.ByteStream)
        return library.Response(
            response.status_code,
            headers=response.headers.raw,
            stream=library.ByteStream(b"".join(response.stream)),
        )

    return library.MockTransport(handle)


def open_store(
    desk: Desk, base_url: str | None = URL, library: Any = httpx, **options: Any
) -> StoreClient:
    """Return a client that talks to a desk, without retries unless asked for."""
    http = library.Client(transport=transport(desk, library), timeout=5)
    given = {"publishable_key": KEY, "retries": 0, "http_client": http, **options}
    return StoreClient(base_url, **given)


def open_async_store(
    desk: Desk, base_url: str | None = URL, library: Any = httpx, **options: Any
) -> AsyncStoreClient:
    """Return the same for async code."""
    http = library.AsyncClient(transport=transport(desk, library), timeout=5)
    given = {"publishable_key": KEY, "retries": 0, "http_client": http, **options}
    return AsyncStoreClient(base_url, **given)


Call = Callable[..., Any]
"""call(desk, method, *arguments, options={...}, **more): make one call and return its result."""


def call_sync(
    desk: Desk,
    method: str,
    *arguments: Any,
    options: Mapping[str, Any] | None = None,
    library: Any = httpx,
    **more: Any,
) -> Any:
    """Call a method of StoreClient; what it yields becomes a list."""
    store = open_store(desk, library=library, **(options or {}))
    result = getattr(store, method)(*arguments, **more)
    return list(result) if method.startswith("iter_") else result


def call_async(
    desk: Desk,
    method: str,
    *arguments: Any,
    options: Mapping[str, Any] | None = None,
    library: Any = httpx,
    **more: Any,
) -> Any:
    """Call the same method of AsyncStoreClient, in an event loop of its own."""

    async def call() -> Any:
        async with open_async_store(desk, library=library, **(options or {})) as store:
            result = getattr(store, method)(*arguments, **more)
            if method.startswith("iter_"):
                return [each async for each in result]
            return await result

    return asyncio.run(call())


def call_sync_over_httpx2(desk: Desk, method: str, *arguments: Any, **more: Any) -> Any:
    """Call a method of StoreClient over httpx2."""
    return call_sync(desk, method, *arguments, library=httpx2, **more)


def call_async_over_httpx2(desk: Desk, method: str, *arguments: Any, **more: Any) -> Any:
    """Call a method of AsyncStoreClient over httpx2."""
    return call_async(desk, method, *arguments, library=httpx2, **more)


async def awaited(result: Any) -> Any:
    """Return the result of a method of either client, so that a test can be written once."""
    return await result if inspect.isawaitable(result) else result


@asynccontextmanager
async def entered(store: StoreClient | AsyncStoreClient) -> AsyncIterator[Any]:
    """Enter the context of either client."""
    if isinstance(store, AsyncStoreClient):
        async with store as inside:
            yield inside
    else:
        with store as inside:
            yield inside


CLIENTS = (StoreClient, AsyncStoreClient)
LIBRARIES = (httpx, httpx2)
OVER_HTTPX2 = (call_sync_over_httpx2, call_async_over_httpx2)
FACES = (call_sync, call_async, *OVER_HTTPX2)


def query(request: httpx.Request) -> dict[str, str]:
    """Parse a query as a server does."""
    parsed = parse_qs(request.url.query.decode("ascii"), True, True)  # noqa: FBT003
    return {name: value for name, (value,) in parsed.items()}


def path(request: httpx.Request) -> list[str]:
    """Return the segments of a path as a server does."""
    raw = request.url.raw_path.decode("ascii").partition("?")[0]
    return [unquote(step, errors="strict") for step in raw.split("/")[1:]]


class FakeTime:
    """A clock that only sleeping advances; it keeps the pauses."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def clock(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Advance the clock."""
        self.pauses.append(seconds)
        self.now += seconds

    async def async_sleep(self, seconds: float) -> None:
        """Advance the clock in async code."""
        self.sleep(seconds)

    def retries(self, **settings: Any) -> Retries:
        """Return retries that use this clock and the longest pauses."""
        return Retries(
            **{
                "clock": self.clock,
                "sleep": self.sleep,
                "async_sleep": self.async_sleep,
                "jitter": lambda: 1.0,
                **settings,
            }
        )
