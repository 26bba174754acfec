"""The pytest plugin: the fixture `store_mock`, a reference server in the process of the test run.

pytest imports this module wherever the distribution is installed, with or without the extra
`mock`. So the fixtures import the server, once a test uses them.
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
    from xclade_store_mock.control.faults import Fault, FaultPlan
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

_MAX_AMOUNT = Decimal("1e20")  # as in store_file.schema.json


@pytest.fixture(scope="session")
def store_mock_store() -> Store:
    """Return the store that `store_mock` starts from: the demo store, unless you override this."""
    with _importing_server():
        from xclade_store_mock.payments.seed import demo_store  # noqa: PLC0415

    return demo_store(datetime.now(UTC))


@pytest.fixture(scope="session")
def store_mock_dialect() -> Dialect | str:
    """Return the dialect of `store_mock`, or its name: `documented`, unless you override this."""
    return "documented"


@pytest.fixture(scope="session")
def _store_mock_servers() -> Iterator[Servers]:
    with _importing_server():
        from xclade_store_mock.testing.server import Servers  # noqa: PLC0415

    servers = Servers()
    yield servers
    servers.stop()


@pytest.fixture
def store_mock(
    _store_mock_servers: Servers, store_mock_store: Store, store_mock_dialect: Dialect | str
) -> Iterator[StoreMock]:
    """Serve a store that no other test has changed; override `store_mock_store` to serve yours."""
    server = _store_mock_servers.find(store_mock_store, store_mock_dialect)
    server.reset(store_mock_store)
    with ExitStack() as clients:
        yield StoreMock(server.url, server, clients)


@dataclass(frozen=True, slots=True)
class StoreMock:
    """The store of one test, served at `url`.

    Amounts are in major units and exact: `25`, `"25.50"`, `Decimal("25.5")`.
    """

    url: str
    _server: Server = field(repr=False)
    _clients: ExitStack = field(repr=False)

    @property
    def publishable_key(self) -> str:
        """The store's first publishable key that is not revoked. Raises LookupError."""
        settings = self._server.run(self._server.storage.settings())
        for key in settings.publishable_keys.values():
            if not key.revoked:
                return key.token
        message = "the store has no publishable key that is not revoked"
        raise LookupError(message)

    def client(self, **options: Any) -> StoreClient:
        """Return a client with StoreClient's options; it is closed when the test ends."""
        from xclade_store import StoreClient  # noqa: PLC0415

        client = StoreClient(self.url, **self._with_key(options))
        self._clients.callback(client.close)
        return client

    def async_client(self, **options: Any) -> AsyncStoreClient:
        """Return a client with AsyncStoreClient's options; close it yourself, in its event loop."""
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
        """Add a cart with a new id to the store.

        Without `region_id` it belongs to the first region with its currency, or else to the first.
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
            message = f"the store already has a cart {cart.id!r}"
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
        """Add a payment collection with a new id to the store; its cart must not have one yet.

        Without a cart it has no region, so every provider of the store can be used.
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
        """Return the current payment sessions of a collection. Raises CollectionNotFound."""
        return self._server.run(self._server.storage.collection(collection_id)).sessions

    def journal(self, path: str = "", status: int | None = None) -> list[Entry]:
        """Return the requests of this test, oldest first, without secrets.

        `path` is the beginning of a path, `status` that of the response.
        """
        from xclade_store_mock.control.journal import Criteria  # noqa: PLC0415

        criteria = Criteria(path, status=status)
        return self._server.do_async(
            lambda control: control.journal.read(control.journal.find(criteria))
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
        """Return an error for the next requests (None: for all), without handling them."""
        from xclade_store_mock.control.faults import FaultAnswer, FaultPlan  # noqa: PLC0415

        answer = FaultAnswer(status, message=message, retry_after=retry_after)
        self._plan_fault(FaultPlan(operation_id, answer=answer), times)

    def drop_next(
        self, *, times: int | None = 1, operation_id: str | None = None, carried_out: bool = False
    ) -> None:
        """Reset the connections of the next requests; if `carried_out`, after handling them."""
        from xclade_store_mock.control.faults import Break, FaultPlan, Moment  # noqa: PLC0415

        when = Moment.AFTER if carried_out else Moment.BEFORE
        self._plan_fault(FaultPlan(operation_id, when=when, broken=Break.DROPPED), times)

    def hold_next(self, operation_id: str | None = None, seconds: float = 10) -> Hold:
        """Hold the next response until you release it or the time is up; later ones overtake it."""
        from xclade_store_mock.control.faults import FaultPlan, Moment  # noqa: PLC0415

        plan = FaultPlan(operation_id, when=Moment.AFTER, delay=int(seconds * 1000))
        return Hold(self._server, self._plan_fault(plan))

    def _plan_fault(self, plan: FaultPlan, times: int | None = 1) -> Fault:
        return self._server.do(lambda control: control.plan_fault(plan, times))

    def decline(
        self,
        provider_id: str = "pp_stripe_stripe",
        message: str = "Your card was declined.",
        times: int | None = None,
    ) -> None:
        """Make a payment provider refuse its next calls (None: all)."""
        from xclade_store_mock.control.outcomes import Outcome, Result  # noqa: PLC0415

        outcome = Outcome(Result.DECLINED, message, times=times)
        self._server.do_async(lambda control: control.plan_outcome(provider_id, outcome))

    def freeze(self, now: datetime | None = None) -> None:
        """Stop the server's clock, at the given time or now."""
        self._server.do(lambda control: control.clock.set(now, frozen=True))

    def advance(self, duration: timedelta) -> None:
        """Set the server's clock forward; idempotency keys expire after 24 hours."""
        self._server.do(lambda control: control.clock.advance(duration))

    def start_scenario(self, name: str) -> None:
        """Reset the store, and start a scenario of docs/mock-server.md."""
        from xclade_store_mock.control.scenarios import find_scenario  # noqa: PLC0415

        self._server.do_async(lambda control: find_scenario(name).start(control))


@dataclass(frozen=True, slots=True)
class Hold:
    """A fault that holds the response of one request."""

    _server: Server = field(repr=False)
    _fault: Fault

    def wait(self, timeout: float = 10) -> None:
        """Wait until a request has been handled and is held. Raises TimeoutError."""
        try:
            self._server.run(self._fault.gate.arrival(), timeout)
        except TimeoutError:
            operation_id = self._fault.plan.operation_id or "any operation"
            message = f"no request to {operation_id} arrived within {timeout} seconds"
            raise TimeoutError(message) from None

    def release(self) -> None:
        """Send the response."""
        self._server.do(lambda _: self._fault.gate.open())


def _exact(amount: Decimal | int | str) -> Decimal:
    if isinstance(amount, float):
        message = f"a float is not exact: write {str(amount)!r} or a Decimal"
        raise TypeError(message)
    try:
        exact = Decimal(amount)
    except InvalidOperation:
        message = f"{amount!r} is not an amount"
        raise ValueError(message) from None
    if not exact.is_finite() or not 0 <= exact <= _MAX_AMOUNT:
        message = f"an amount must be from 0 to {_MAX_AMOUNT}, not {exact}"
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
def _importing_server() -> Iterator[None]:
    """Import the server also where warnings are errors, or name the extra that it needs."""
    with warnings.catch_warnings():
        # Connexion itself uses these deprecated names.
        for message in (
            "Using `httpx` with `starlette.testclient` is deprecated",
            r"jsonschema\.RefResolver is deprecated",
            r"jsonschema\.exceptions\.RefResolutionError is deprecated",
        ):
            warnings.filterwarnings("ignore", message)
        try:
            yield
        except ModuleNotFoundError as error:
            message = (
                f"{error}. The fixture store_mock needs the extra mock:"
                " pip install 'xclade-store[mock]'"
            )
            raise pytest.UsageError(message) from None
