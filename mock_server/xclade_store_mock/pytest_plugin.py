"""The pytest plugin: the fixture `store_mock`, the reference server in the test run's own process.

pytest imports this module wherever it is installed, with or without the extra `mock`, so all that
takes time is imported by the fixtures.
"""

from __future__ import annotations

import socket
import threading
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from xclade_store import AsyncStoreClient, StoreClient
    from xclade_store_mock.error_responses import Dialect
    from xclade_store_mock.payments import Cart, PaymentCollection, PaymentSession
    from xclade_store_mock.store import Settings, Store

T = TypeVar("T")

_MOST = Decimal("1e20")  # as in store_file.schema.json


@pytest.fixture(scope="session")
def store_mock_store() -> Store:
    """Answer the store that `store_mock` starts from: the demo store, unless you override this."""
    from xclade_store_mock.store_file import demo_store  # noqa: PLC0415

    return demo_store(datetime.now(UTC))


@pytest.fixture(scope="session")
def store_mock_dialect() -> Dialect:
    """Answer the dialect that `store_mock` speaks: the documented one, unless you override this."""
    with _connexion_may_warn():
        from xclade_store_mock.error_responses import Dialect  # noqa: PLC0415

    return Dialect.DOCUMENTED


@pytest.fixture(scope="session")
def _store_mock_servers() -> Iterator[_Servers]:
    servers = _Servers()
    yield servers
    servers.stop()


@pytest.fixture
def store_mock(
    _store_mock_servers: _Servers, store_mock_store: Store, store_mock_dialect: Dialect | str
) -> Iterator[StoreMock]:
    """Serve a store that no other test has touched; override `store_mock_store` for yours."""
    server = _store_mock_servers.find(store_mock_store, store_mock_dialect)
    server.reset(store_mock_store)
    with ExitStack() as clients:
        yield StoreMock(server.url, server, clients)


@dataclass(frozen=True, slots=True)
class StoreMock:
    """A store of one test's own, served at `url`.

    Amounts are in major units and exact: `25`, `"25.50"`, `Decimal("25.5")`.
    """

    url: str
    _server: _Server = field(repr=False)
    _clients: ExitStack = field(repr=False)

    @property
    def publishable_key(self) -> str:
        """The store's first publishable key that is not revoked; LookupError if there is none."""
        settings = self._server.run(self._server.storage.settings())
        for key in settings.publishable_keys.values():
            if not key.revoked:
                return key.token
        message = "every publishable key of the store is revoked"
        raise LookupError(message)

    def client(self, **options: Any) -> StoreClient:
        """Make a client with StoreClient's options; it is closed when the test ends."""
        from xclade_store import StoreClient  # noqa: PLC0415

        client = StoreClient(self.url, **self._with_key(options))
        self._clients.callback(client.close)
        return client

    def async_client(self, **options: Any) -> AsyncStoreClient:
        """Make a client with AsyncStoreClient's options; close it yourself, in its own loop."""
        from xclade_store import AsyncStoreClient  # noqa: PLC0415

        return AsyncStoreClient(self.url, **self._with_key(options))

    def _with_key(self, options: dict[str, Any]) -> dict[str, Any]:
        if "publishable_key" in options:
            return options
        return {"publishable_key": self.publishable_key, **options}

    def add_cart(
        self,
        total: Decimal | int | str,
        currency_code: str = "usd",
        region_id: str | None = None,
        id: str | None = None,  # noqa: A002 - as the Store API calls it
    ) -> Cart:
        """Add a cart to the store; its id must be new.

        Its region is the first one with its currency, or else the first one, unless you name one.
        """
        from xclade_store_mock.app import new_ulid, utc_now  # noqa: PLC0415
        from xclade_store_mock.payments import Cart  # noqa: PLC0415

        storage = self._server.storage
        settings = self._server.run(storage.settings())
        cart = Cart(
            id=new_ulid("cart_") if id is None else id,
            region_id=_region_id(settings, currency_code, region_id),
            currency_code=currency_code,
            total=_exact(total),
        )
        if self._server.run(storage.cart(cart.id)):
            message = f"{cart.id!r} is taken"
            raise ValueError(message)
        self._server.run(storage.put_cart(cart, utc_now()))
        return cart

    def add_collection(
        self,
        amount: Decimal | int | str,
        currency_code: str = "usd",
        cart_id: str | None = None,
        id: str | None = None,  # noqa: A002 - as the Store API calls it
    ) -> PaymentCollection:
        """Add a payment collection to the store; its id must be new, and the cart without one.

        Without a cart it has no region, so every provider of the store can be asked.
        """
        from xclade_store_mock.app import new_ulid, utc_now  # noqa: PLC0415
        from xclade_store_mock.payments import PaymentCollection  # noqa: PLC0415

        now = utc_now()
        collection = PaymentCollection(
            id=new_ulid("pay_col_") if id is None else id,
            cart_id=cart_id,
            currency_code=currency_code,
            amount=_exact(amount),
            created_at=now,
            updated_at=now,
        )
        self._server.run(self._server.storage.add_collection(collection))
        return collection

    def sessions(self, collection_id: str) -> tuple[PaymentSession, ...]:
        """Read the payment sessions that a collection has now; or CollectionNotFound."""
        return self._server.run(self._server.storage.collection(collection_id)).sessions


def _exact(amount: Decimal | int | str) -> Decimal:
    if isinstance(amount, float):
        message = f"a float is not exact: write {str(amount)!r}, or a Decimal"
        raise TypeError(message)
    exact = Decimal(amount)
    if not 0 <= exact <= _MOST:
        message = f"an amount is between 0 and {_MOST}, not {exact}"
        raise ValueError(message)
    return exact


def _region_id(settings: Settings, currency_code: str, region_id: str | None) -> str:
    regions = settings.regions.values()
    if region_id is None:
        region_id = min(regions, key=lambda each: each.currency_code != currency_code).id
    if region_id not in settings.regions:
        message = f"there is no region {region_id!r}"
        raise ValueError(message)
    return region_id


class _Server:
    """A server in a thread of its own; only its event loop touches its state."""

    def __init__(self, store: Store, dialect: Dialect) -> None:
        import asyncio  # noqa: PLC0415

        import uvicorn  # noqa: PLC0415

        from xclade_store_mock.app import create_app  # noqa: PLC0415
        from xclade_store_mock.storage.memory import MemoryStorage  # noqa: PLC0415

        self.storage = MemoryStorage(store)
        app = create_app(store=store, storage=self.storage, dialect=dialect)
        # Logging is the test run's own affair, and so it stays as it is.
        config = uvicorn.Config(
            app, log_config=None, ws="none", server_header=False, timeout_graceful_shutdown=1
        )
        self._uvicorn = uvicorn.Server(config)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        # Whoever calls before it serves waits in the listener's or the loop's queue.
        self._thread = threading.Thread(target=self._serve, name="store_mock", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            self._loop.run_until_complete(self._uvicorn.serve([self._listener]))
        finally:
            self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something to the state where no request can be in the middle of a step."""
        import asyncio  # noqa: PLC0415

        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def reset(self, store: Store) -> None:
        """Start again from a store, as if nothing had ever been asked."""
        self.run(self.storage.reset(store))

    def stop(self) -> None:
        """Stop serving."""
        self._uvicorn.should_exit = True
        self._thread.join()


class _Servers:
    """The servers of a test run: one for each dialect and what else a store cannot change later."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, tuple[str, ...] | None], _Server] = {}

    def find(self, store: Store, dialect: str) -> _Server:
        """Find the server that can serve the store, starting it if need be."""
        key = (dialect, store.settings.cors_origins)
        if key not in self._running:
            with _connexion_may_warn():
                from xclade_store_mock.error_responses import Dialect  # noqa: PLC0415

                self._running[key] = _Server(store, Dialect(dialect))
        return self._running[key]

    def stop(self) -> None:
        """Stop them all."""
        for server in self._running.values():
            server.stop()


@contextmanager
def _connexion_may_warn() -> Iterator[None]:
    """Let Connexion be imported under `-W error`: it uses these deprecated names itself."""
    with warnings.catch_warnings():
        for message in (
            "Using `httpx` with `starlette.testclient` is deprecated",
            r"jsonschema\.RefResolver is deprecated",
            r"jsonschema\.exceptions\.RefResolutionError is deprecated",
        ):
            warnings.filterwarnings("ignore", message)
        yield
