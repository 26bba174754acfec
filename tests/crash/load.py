"""Many clients at once, which remember every response."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random
from typing import Any

import httpx
from tests.conftest import PATIENCE
from tests.crash.fleet import ACME, COLLECTIONS, EACH_BY_ITS_OWN, sessions_of

CLIENTS = 12
KEYED = 0.75
"""The share of attempts with an idempotency key."""
PERSISTENT = 0.5
"""The share of failed attempts that are retried at once."""
TRIES = 200

Request = Callable[[], Awaitable[httpx.Response]]


def connect(url: str) -> httpx.AsyncClient:
    """Return a client."""
    return httpx.AsyncClient(base_url=url, headers=EACH_BY_ITS_OWN, timeout=PATIENCE)


@dataclass(eq=False)
class Attempt:
    """An attempt to initialize a payment session; with a key, it can be retried."""

    collection_id: str
    has_key: bool
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    failures: int = 0
    body: bytes | None = field(default=None, repr=False)
    """The first response's body, once there is one."""
    session: Any = field(default=None, repr=False)

    async def request(self, client: httpx.AsyncClient) -> httpx.Response:
        """Send the request."""
        data = {"collection": self.collection_id, "attempt": self.name}
        return await client.post(
            sessions_of(self.collection_id),
            headers={"Idempotency-Key": self.name} if self.has_key else {},
            json={"provider_id": ACME, "data": data},
        )


class Load:
    """Clients that initialize payment sessions for some carts; nothing else uses these carts."""

    def __init__(self, client: httpx.AsyncClient, carts: Sequence[str], random: Random) -> None:
        self.findings: list[str] = []
        """What went wrong."""
        self.figures: Counter[str] = Counter()
        self.attempts: list[Attempt] = []
        self.carts: dict[str, str | None] = dict.fromkeys(carts)
        """Carts and their payment collections."""
        self._client = client
        self._random = random
        self._ended: asyncio.Queue[None] = asyncio.Queue()
        self._over = False

    async def run(self, strike: Callable[[], None]) -> None:
        """Make calls, and call `strike` while they run."""
        async with asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(self._work())
            await self._count(self._random.randint(CLIENTS, 8 * CLIENTS))
            await asyncio.sleep(self._random.uniform(0, 0.01))
            strike()
            await self._count(CLIENTS)
            self._over = True

    async def _count(self, calls: int) -> None:
        for _ in range(calls):
            await self._ended.get()

    async def _work(self) -> None:
        attempt: Attempt | None = None
        while not self._over:
            attempt = attempt or await self._next_attempt()
            if attempt is None:
                continue
            await self.make(attempt)
            can_repeat = attempt.has_key and attempt.body is None
            if not can_repeat or self._random.random() > PERSISTENT:
                attempt = None

    async def _next_attempt(self) -> Attempt | None:
        collection = await self.read(self._random.choice([*self.carts]))
        if collection is None:
            return None
        attempt = Attempt(collection["id"], self._random.random() < KEYED)
        self.attempts.append(attempt)
        return attempt

    async def read(self, cart_id: str) -> Any:
        """Return a cart's payment collection, creating it if necessary; None if that failed."""
        body = {"cart_id": cart_id}
        response = await self._answer(lambda: self._client.post(COLLECTIONS, json=body))
        if response is None:
            return None
        collection = response.json()["payment_collection"]
        if self.carts[cart_id] not in {None, collection["id"]}:
            self.find(f"{cart_id} had {self.carts[cart_id]} before {collection['id']}")
        self.carts[cart_id] = collection["id"]
        return collection

    async def make(self, attempt: Attempt) -> bool:
        """Make an attempt; return whether the response was a replay."""
        response = await self._answer(lambda: attempt.request(self._client))
        if response is None:
            attempt.failures += 1
            return False
        if attempt.body is None:
            attempt.body = response.content
            (attempt.session,) = response.json()["payment_collection"]["payment_sessions"]
        elif attempt.body != response.content:
            self.find(f"{attempt} was answered once more: {response.text}")
        return "Idempotent-Replayed" in response.headers

    async def _answer(self, request: Request) -> httpx.Response | None:
        """Return a request's response, retrying while its twin runs; None if it failed."""
        for _ in range(TRIES):
            try:
                response = await request()
            except httpx.TransportError:
                self.figures["calls cut off"] += 1
                return None
            finally:
                self._ended.put_nowait(None)
            if response.is_success:
                self.figures["calls answered"] += 1
                return response
            error = response.json()
            match response.status_code, error["type"], error.get("code"):
                case HTTPStatus.CONFLICT, "conflict", "invalid_state_error":
                    self.figures["calls whose twin was running"] += 1
                    await asyncio.sleep(0.01)
                case HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected_state", "api_error":
                    self.figures["calls without a storage"] += 1
                    return None
                case _:
                    break
        self.find(f"{response.request.url} was answered {response.status_code} {response.text}")
        return None

    def find(self, what: str) -> None:
        """Record what went wrong."""
        self.findings.append(what)
