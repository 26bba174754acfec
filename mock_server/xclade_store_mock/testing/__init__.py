"""The pytest plugin: the fixture `store_mock`, the reference server in the test run's own process.

pytest imports this module wherever it is installed, with or without the extra `mock`, so all that
takes time is imported by the fixtures.
"""

from __future__ import annotations

import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xclade_store import AsyncStoreClient, StoreClient
    from xclade_store_mock.control.faults import Fault
    from xclade_store_mock.control.journal import Entry
    from xclade_store_mock.payments.model import (
        Cart,
        PaymentCollection,
        PaymentSession,
        Settings,
        Store,
    )
    from xclade_store_mock.testing.server import Server, Servers
    from xclade_store_mock.web.dialect import Dialect

_MOST = Decimal("1e20")  # as in store_file.schema.json


@pytest.fixture(scope="session")
def store_mock_store() -> Store:
    """Answer the store that `store_mock` starts from: the demo store, unless you override this."""
    from xclade_store_mock.payments.seed import demo_store  # noqa: PLC0415

    return demo_store(datetime.now(UTC))


@pytest.fixture(scope="session")
def store_mock_dialect() -> Dialect:
    """Answer the dialect that `store_mock` speaks: the documented one, unless you override this."""
    with _connexion_may_warn():
        from xclade_store_mock.web.dialect import Dialect  # noqa: PLC0415

    return Dialect.DOCUMENTED


@pytest.fixture(scope="session")
def _store_mock_servers() -> Iterator[Servers]:
    with _connexion_may_warn():
        from xclade_store_mock.testing.server import Servers  # noqa: PLC0415

    servers = Servers()
    yield servers
    servers.stop()


@pytest.fixture
def store_mock(
    _store_mock_servers: Servers, store_mock_store: Store, store_mock_dialect: Dialect | str
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
    _server: Server = field(repr=False)
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
        from xclade_store_mock.payments.model import Cart  # noqa: PLC0415

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
        from xclade_store_mock.payments.model import PaymentCollection  # noqa: PLC0415

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

    def journal(self, path: str = "", status: int | None = None) -> list[Entry]:
        """Read the requests that the server got in this test, oldest first, without secrets.

        Only those whose path begins so, and which were answered with the status.
        """
        from xclade_store_mock.control.journal import Criteria  # noqa: PLC0415

        return self._server.do(
            lambda control: control.journal.entries(Criteria(path, status=status))
        )

    def fail_next(
        self,
        status: int = 503,
        *,
        times: int | None = 1,
        operation_id: str | None = None,
        retry_after: int | None = None,
        message: str | None = None,
    ) -> None:
        """Answer the next requests with an error, None for all, and carry none of them out."""
        answer = _given(status=status, message=message, retry_after=retry_after)
        self._plan_fault(operation_id, times=times, answer=answer)

    def drop_next(
        self, *, times: int | None = 1, operation_id: str | None = None, carried_out: bool = False
    ) -> None:
        """Reset the connections of the next requests; what was `carried_out` has happened then."""
        when = "after" if carried_out else "before"
        self._plan_fault(operation_id, times=times, when=when, broken="dropped")

    def hold_next(self, operation_id: str | None = None, seconds: float = 10) -> Hold:
        """Hold the next answer until you release it, or the time is up; the rest passes it by."""
        id_ = self._plan_fault(operation_id, when="after", delay=int(seconds * 1000))
        return Hold(self._server, self._server.do(lambda control: control.faults.find(id_)))

    def _plan_fault(self, operation_id: str | None, **fault: object) -> str:
        planned = self._server.plan("plan_fault", _given(operation_id=operation_id) | fault)
        id_: str = planned["id"]
        return id_

    def decline(
        self,
        provider_id: str = "pp_stripe_stripe",
        message: str = "Your card was declined.",
        times: int | None = None,
    ) -> None:
        """Let a payment provider refuse its next calls, None for all."""
        outcome = {"result": "declined", "message": message, "times": times}
        self._server.plan("plan_outcome", outcome, id=provider_id)

    def freeze(self, now: datetime | None = None) -> None:
        """Stop the server's clock, at another time if you name one."""
        self._server.do(lambda control: control.clock.set(now, frozen=True))

    def advance(self, duration: timedelta) -> None:
        """Put the server's clock forward; idempotency keys expire after 24 hours."""
        self._server.do(lambda control: control.clock.advance(duration))

    def start_scenario(self, name: str) -> None:
        """Start the store again, in a scenario of docs/mock-server.md."""
        from xclade_store_mock.control.scenarios import find_scenario  # noqa: PLC0415

        self._server.start(find_scenario(name))


@dataclass(frozen=True, slots=True)
class Hold:
    """A request whose answer is held back."""

    _server: Server = field(repr=False)
    _fault: Fault

    def wait(self) -> None:
        """Wait until a request has been carried out and is held; TimeoutError if none comes."""
        try:
            self._server.run(self._fault.gate.arrival())
        except TimeoutError:
            operation_id = self._fault.plan.operation_id or "any operation"
            message = f"no request to {operation_id} came to be held"
            raise TimeoutError(message) from None

    def release(self) -> None:
        """Let it be answered."""
        self._server.do(lambda _: self._fault.gate.open())


def _given(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _exact(amount: Decimal | int | str) -> Decimal:
    if isinstance(amount, float):
        message = f"a float is not exact: write {str(amount)!r}, or a Decimal"
        raise TypeError(message)
    try:
        exact = Decimal(amount)
    except InvalidOperation:
        message = f"{amount!r} is no amount"
        raise ValueError(message) from None
    if not exact.is_finite() or not 0 <= exact <= _MOST:
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
