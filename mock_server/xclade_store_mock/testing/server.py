"""What the fixture `store_mock` returns, and the servers behind it, each in its own thread."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from msgspec.structs import replace

from xclade_store import AsyncStoreClient, StoreClient
from xclade_store_mock.app import create_app, new_ulid, utc_now
from xclade_store_mock.control.access import Access
from xclade_store_mock.control.control import Control
from xclade_store_mock.control.faults import Break, Fault, FaultAnswer, FaultPlan, Moment
from xclade_store_mock.control.journal import Criteria, Entry
from xclade_store_mock.control.outcomes import DECLINED, Outcome, Result
from xclade_store_mock.control.scenarios import find_scenario
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.errors import CartNotFound, Refusal
from xclade_store_mock.payments.model import Cart, PaymentCollection, PaymentSession, Region, Store
from xclade_store_mock.serving import processes
from xclade_store_mock.storage.memory import MemoryStorage
from xclade_store_mock.upstream import Upstream
from xclade_store_mock.upstream.forward import Forward
from xclade_store_mock.upstream.learning import Backend
from xclade_store_mock.upstream.recorded import Recorded
from xclade_store_mock.upstream.recording import read_recording
from xclade_store_mock.web.dialect import Dialect

T = TypeVar("T")

_TIMEOUT = 10  # seconds
_MAX_AMOUNT = Decimal("1e20")  # as in store_file.schema.json


class Server:
    """A server in a thread; only its event loop touches its state."""

    def __init__(self, store: Store, dialect: Dialect, upstream: str | Path | None) -> None:
        self.storage = MemoryStorage(store)
        app = create_app(
            store=store,
            storage=self.storage,
            dialect=dialect,
            control=Access(),
            backend=_open_backend(upstream),
        )
        # Logging belongs to the test run, so the configuration leaves it alone.
        config = uvicorn.Config(
            app, log_config=None, ws="none", server_header=False, timeout_graceful_shutdown=1
        )
        self._control = app.control
        self._uvicorn = processes.Server(config, app)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        # Early calls queue in the listener or the loop.
        self._thread = threading.Thread(target=self._serve, name="store_mock", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            self._loop.run_until_complete(self._uvicorn.serve([self._listener]))
        finally:
            self._loop.close()

    def run(self, coroutine: Coroutine[Any, Any, T], timeout: float = _TIMEOUT) -> T:
        """Run a coroutine in the server's loop. Raises TimeoutError."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(timeout)
        except TimeoutError:
            # Otherwise it would stay in the loop.
            future.cancel()
            raise

    def do(self, step: Callable[[Control], T]) -> T:
        """Call a function with the server's control, in its loop."""

        async def call(control: Control) -> T:
            return step(control)

        return self.do_async(call)

    def do_async(self, step: Callable[[Control], Awaitable[T]]) -> T:
        """Await what a function returns, likewise. Raises ValueError for what is refused."""

        async def call() -> T:
            return await step(self._control)

        try:
            return self.run(call())
        except Refusal as error:
            raise ValueError(str(error)) from None

    def reset(self, store: Store) -> None:
        """Start again from a store, without a trace of earlier requests."""
        self._control.store = store
        self.run(self._control.reset())
        self.do(lambda control: control.journal.clear())

    def stop(self) -> None:
        self._uvicorn.should_exit = True
        self._thread.join()


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


@dataclass(frozen=True, slots=True)
class StoreMock:
    """The store of one test, served at `url`.

    Amounts are in major units and exact: `25`, `"25.50"`, `Decimal("25.5")`.
    """

    url: str
    _server: Server = field(repr=False)
    _clients: ExitStack = field(repr=False)
    _plans: list[Fault | Outcome] = field(default_factory=list, repr=False)

    @property
    def publishable_key(self) -> str:
        """The store's first publishable key that is not revoked. Raises LookupError."""
        settings = self._server.run(self._server.storage.settings())
        for key in settings.publishable_keys.values():
            if not key.revoked:
                return key.token
        raise LookupError("the store has no publishable key that is not revoked")

    def client(self, **options: Any) -> StoreClient:
        """Return a client with StoreClient's options; it is closed when the test ends."""
        client = StoreClient(self.url, **self._with_key(options))
        self._clients.callback(client.close)
        return client

    def async_client(self, **options: Any) -> AsyncStoreClient:
        """Return a client with AsyncStoreClient's options; close it yourself, in its event loop."""
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
        storage = self._server.storage
        settings = self._server.run(storage.settings())
        cart = Cart(
            id=new_ulid("cart_") if id is None else id,
            region_id=_region_id(settings.regions, currency_code, region_id),
            currency_code=currency_code,
            total=_exact(total),
        )
        if self._server.run(storage.cart(cart.id)):
            raise ValueError(f"the store already has a cart {cart.id!r}")
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

        `path` is a prefix of the path, `status` the status of the response.
        """
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
        answer = FaultAnswer(status, message=message, retry_after=retry_after)
        self._plan_fault(FaultPlan(operation_id, answer=answer), times)

    def drop_next(
        self, *, times: int | None = 1, operation_id: str | None = None, carried_out: bool = False
    ) -> None:
        """Reset the connections of the next requests; if `carried_out`, after handling them."""
        when = Moment.AFTER if carried_out else Moment.BEFORE
        self._plan_fault(FaultPlan(operation_id, when=when, broken=Break.DROPPED), times)

    def truncate_next(self, *, times: int | None = 1, operation_id: str | None = None) -> None:
        """Handle the next requests, and cut their responses off halfway."""
        self._plan_fault(FaultPlan(operation_id, broken=Break.TRUNCATED), times)

    def garble_next(self, *, times: int | None = 1, operation_id: str | None = None) -> None:
        """Handle the next requests, and make their responses invalid JSON."""
        self._plan_fault(FaultPlan(operation_id, broken=Break.GARBLED), times)

    def delay_next(
        self, seconds: float, *, times: int | None = 1, operation_id: str | None = None
    ) -> None:
        """Delay the next requests before they are handled; `hold_next` waits afterwards."""
        self._plan_fault(FaultPlan(operation_id, delay=round(seconds * 1000)), times)

    def hold_next(self, operation_id: str | None = None, seconds: float = 10) -> Hold:
        """Hold the next response until you release it or the time is up; later ones overtake it."""
        plan = FaultPlan(operation_id, when=Moment.AFTER, delay=round(seconds * 1000))
        return Hold(self._server, self._plan_fault(plan))

    def _plan_fault(self, plan: FaultPlan, times: int | None = 1) -> Fault:
        fault = self._server.do(lambda control: control.plan_fault(plan, times))
        self._plans.append(fault)
        return fault

    def decline(
        self,
        provider_id: str = "pp_stripe_stripe",
        message: str = DECLINED,
        times: int | None = None,
    ) -> None:
        """Make a payment provider refuse its next calls (None: all)."""
        self._plan_outcome(provider_id, Outcome(Result.DECLINED, message, times=times))

    def fail_card(
        self,
        provider_id: str = "pp_stripe_stripe",
        message: str = DECLINED,
        times: int | None = None,
    ) -> None:
        """Make a provider's next payments fail at once: their sessions have the status `error`."""
        self._plan_outcome(provider_id, Outcome(Result.CARD_ERROR, message, times=times))

    def lose_result(self, provider_id: str = "pp_stripe_stripe", times: int | None = None) -> None:
        """Make a provider's next calls fail with an unknown result: without a `client_secret`."""
        self._plan_outcome(provider_id, Outcome(Result.INDETERMINATE, times=times))

    def make_unreachable(
        self, provider_id: str = "pp_stripe_stripe", times: int | None = None
    ) -> None:
        """Make a provider's next calls fail, as if it could not be reached."""
        self._plan_outcome(provider_id, Outcome(Result.UNREACHABLE, times=times))

    def slow_down(
        self, seconds: float, provider_id: str = "pp_stripe_stripe", times: int | None = None
    ) -> None:
        """Delay a provider's next calls, which otherwise end as usual."""
        outcome = Outcome(Result.ACCEPTED, delay=round(seconds * 1000), times=times)
        self._plan_outcome(provider_id, outcome)

    def _plan_outcome(self, provider_id: str, outcome: Outcome) -> None:
        self._server.do_async(lambda control: control.plan_outcome(provider_id, outcome))
        self._plans.append(outcome)

    def unused_plans(self) -> list[str]:
        """Describe the planned faults and outcomes that have not been applied to any request."""
        faults = self._server.do(lambda control: control.faults.list())
        outcomes = self._server.do(lambda control: [*control.outcomes.unused.values()])
        unused = [each for each in faults if not each.has_applied] + outcomes
        return [repr(getattr(each, "plan", each)) for each in self._plans if each in unused]

    def set_session_status(self, collection_id: str, session_id: str, status: str) -> None:
        """Set a payment session's status, as its provider would. Raises ValueError."""
        self._server.do_async(
            lambda control: control.settle_session(collection_id, session_id, status, data={})
        )

    def set_cart_total(self, cart_id: str, total: Decimal | int | str) -> None:
        """Change a cart's total, and with it its payment collection's. Raises CartNotFound."""
        cart = self._server.run(self._server.storage.cart(cart_id))
        if cart is None:
            raise CartNotFound(cart_id)
        changed = replace(cart, total=_exact(total))
        self._server.do_async(lambda control: control.put_cart(changed))

    def freeze(self, now: datetime | None = None) -> None:
        """Stop the server's clock, at the given time or now."""
        self._server.do(lambda control: control.clock.set(now, frozen=True))

    def advance(self, duration: timedelta) -> None:
        """Set the server's clock forward; idempotency keys expire after 24 hours."""
        self._server.do(lambda control: control.clock.advance(duration))

    def start_scenario(self, name: str) -> None:
        """Reset the store, and start a scenario of docs/failures.md. Raises ValueError."""
        self._server.do_async(lambda control: find_scenario(name).start(control))


def serve(
    running: dict[Hashable, Server],
    store: Store,
    dialect: Dialect | str,
    upstream: str | Path | None,
) -> Server:
    """Serve a store that no other test has changed, by a running server or a new one.

    There is one per dialect, and per setting that a reset cannot change.
    """
    if isinstance(dialect, str):
        dialect = DIALECTS[dialect]
    key = (dialect, store.settings.cors_origins, upstream)
    if key not in running:
        running[key] = Server(store, dialect, upstream)
    running[key].reset(store)
    return running[key]


def _open_backend(upstream: str | Path | None) -> Backend | None:
    if isinstance(upstream, str):
        return Forward(Upstream.parse(upstream))
    return None if upstream is None else Recorded(read_recording(upstream, utc_now()))


def _exact(amount: Decimal | int | str) -> Decimal:
    if isinstance(amount, float):
        raise TypeError(f"a float is not exact: write {str(amount)!r} or a Decimal")
    try:
        exact = Decimal(amount)
    except InvalidOperation:
        raise ValueError(f"{amount!r} is not an amount") from None
    if not exact.is_finite() or not 0 <= exact <= _MAX_AMOUNT:
        raise ValueError(f"an amount must be from 0 to {_MAX_AMOUNT}, not {exact}")
    return exact


def _region_id(regions: Mapping[str, Region], currency_code: str, region_id: str | None) -> str:
    if region_id is None:
        region_id = min(regions.values(), key=lambda each: each.currency_code != currency_code).id
    if region_id not in regions:
        raise ValueError(f"there is no region {region_id!r}")
    return region_id
