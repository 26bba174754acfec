"""A store as many simultaneous shoppers see it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
from tests.conftest import PATIENCE
from tests.crash.fleet import ACME, EACH_BY_ITS_OWN, Fleet, sessions_of
from tests.crash.ledger import Call
from tests.server.wire import read_collection

CROWD = 100


class Purchase:
    """A cart to be paid."""

    def __init__(self, fleet: Fleet, client: httpx.Client) -> None:
        self._fleet = fleet
        self._client = client
        self._cart_id = fleet.new_cart()
        self.collection_id: str = read_collection(client, self._cart_id)["id"]

    def initialize(self, key: str | None = None, **data: str) -> httpx.Response:
        """Initialize a payment session; its data tells the provider what to do."""
        return self._client.post(
            sessions_of(self.collection_id),
            headers={} if key is None else {"Idempotency-Key": key},
            json={"provider_id": ACME, "data": {"collection": self.collection_id, **data}},
        )

    @property
    def sessions(self) -> list[Any]:
        """Return the payment sessions."""
        sessions: list[Any] = read_collection(self._client, self._cart_id)["payment_sessions"]
        return sessions

    @property
    def calls(self) -> list[Call]:
        """Return the provider's calls for this purchase."""
        return self._fleet.calls_of({self.collection_id})


class Shop:
    """A store served by a fleet, and many clients of it."""

    def __init__(self, fleet: Fleet, client: httpx.Client, crowd: ThreadPoolExecutor) -> None:
        self.fleet = fleet
        self.client = client
        self._crowd = crowd

    def purchase(self) -> Purchase:
        """Return a new purchase."""
        return Purchase(self.fleet, self.client)

    def send(self, *requests: Callable[[], httpx.Response]) -> list[Future[httpx.Response]]:
        """Send requests, all at once."""
        return [self._crowd.submit(request) for request in requests]

    def gather(self, *requests: Callable[[], httpx.Response]) -> list[httpx.Response]:
        """Send requests, all at once; return their responses."""
        return [sent.result() for sent in self.send(*requests)]


@contextmanager
def open_shop(fleet: Fleet) -> Iterator[Shop]:
    """Open a store to many clients."""
    with (
        httpx.Client(
            base_url=fleet.url,
            headers=EACH_BY_ITS_OWN,
            timeout=PATIENCE,
            limits=httpx.Limits(max_connections=CROWD),
        ) as client,
        ThreadPoolExecutor(CROWD) as crowd,
    ):
        yield Shop(fleet, client, crowd)
