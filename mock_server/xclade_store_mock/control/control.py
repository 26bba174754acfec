"""What controls one server: its journal, faults and events; a mock's outcomes and clock, too."""

from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from xclade_store_mock.contract import Contract
from xclade_store_mock.control.documents import render_entry
from xclade_store_mock.control.errors import NotFound
from xclade_store_mock.control.events import Event, Events
from xclade_store_mock.control.faults import Fault, FaultPlan, Faults, FindOperation
from xclade_store_mock.control.front import Exchange
from xclade_store_mock.control.journal import Criteria, Journal, Record
from xclade_store_mock.control.outcomes import Outcome, Outcomes
from xclade_store_mock.errors import InvalidData
from xclade_store_mock.payments.model import Cart, PaymentCollection, Store
from xclade_store_mock.payments.rules import settle_session
from xclade_store_mock.storage import Storage

_END = datetime(3000, 1, 1, tzinfo=UTC)
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class ControlClock:
    """A clock that returns the real time until it is set, advanced or frozen."""

    def __init__(self, real: Callable[[], datetime], changed: Callable[[], None]) -> None:
        self._real = real
        self._changed = changed
        self._offset = timedelta()
        self._frozen_at: datetime | None = None

    def __call__(self) -> datetime:
        if self._frozen_at is not None:
            return self._frozen_at
        return self._real() + self._offset if self._offset else self._real()

    @property
    def is_frozen(self) -> bool:
        return self._frozen_at is not None

    @property
    def is_real(self) -> bool:
        return self._frozen_at is None and not self._offset

    def set(self, now: datetime | None = None, *, frozen: bool | None = None) -> None:
        """Set, freeze or unfreeze the clock; what is None stays as it is. Raises InvalidData."""
        now = self() if now is None else now.astimezone(UTC)
        if now >= _END:
            raise InvalidData("The clock cannot be set past the year 2999.")
        self._offset = now - self._real()
        self._frozen_at = now if (self.is_frozen if frozen is None else frozen) else None
        self._changed()

    def advance(self, duration: timedelta) -> None:
        """Set the clock forward. Raises InvalidData."""
        self.set(self() + duration)

    def release(self) -> None:
        self._offset = timedelta()
        self._frozen_at = None
        self._changed()


class Traffic:
    """One server's journal, faults and events: what needs no store of the mock's own."""

    def __init__(
        self, *, contract: Contract, find: FindOperation, clock: Callable[[], datetime]
    ) -> None:
        self.clock = clock
        self.events = Events()
        changed = self.events.changed
        self._operations = contract.operations
        self.journal = Journal(find, partial(changed, "journal"))
        self.faults = Faults(find, partial(changed, "faults"))

    def plan_fault(self, plan: FaultPlan, times: int | None = 1) -> Fault:
        """Plan a fault for the next requests; `None` times: for all.

        Raises ValueError for an operation that the Store API does not have, and Conflict if there
        are too many faults.
        """
        if plan.operation_id not in {None, *self._operations}:
            raise ValueError(f"operation_id must be one of {', '.join(self._operations)}")
        return self.faults.plan(plan, times)

    def record(self, exchange: Exchange) -> None:
        """Add a request to the Store API to the journal, and publish it."""
        record = self.journal.add(exchange)
        if self.events.has_listeners:
            self.events.publish(self._event(record))

    def follow(self, last_id: str | None) -> AsyncGenerator[bytes]:
        """Yield the events from now on and, if there is a last id, the entries since then."""
        criteria = None if last_id is None else Criteria(since=int(last_id))
        return self.events.follow(
            lambda: map(self._event, self.journal.find(criteria) if criteria else ())
        )

    def _event(self, record: Record) -> Event:
        return Event("journal", lambda: render_entry(self.journal.entry(record)), record.id)

    def close(self) -> None:
        """Release whatever waits: the server is stopping."""
        self.faults.cancel_all()
        self.events.close()


class Control(Traffic):
    """One mock's traffic, outcomes and clock as well; a reset restores `store`.

    `has_locks` says whether simultaneous initializations wait for each other.
    """

    clock: ControlClock

    def __init__(
        self,
        *,
        store: Store,
        storage: Storage,
        clock: Callable[[], datetime],
        contract: Contract,
        find: FindOperation,
        has_locks: bool = True,
    ) -> None:
        super().__init__(
            contract=contract,
            find=find,
            clock=ControlClock(clock, lambda: self.events.changed("clock")),
        )
        self.store = store
        self.storage = storage
        self.restarted: Callable[[], None] | None = None
        self.has_locks = has_locks
        self.scenario: str | None = None
        changed = self.events.changed
        self.outcomes = Outcomes(partial(changed, "outcomes"))
        self.store_changed = partial(changed, "store")

    async def reset(self) -> None:
        """Restore the store as it was at the start, and cancel everything that is planned."""
        await self.restart(self.store, scenario=None)

    async def restart(self, store: Store, scenario: str | None) -> None:
        """Start again from a store, with the name of the scenario that it belongs to."""
        await self.storage.reset(store)
        if self.restarted is not None:
            self.restarted()
        self.store_changed()
        self.faults.cancel_all()
        self.outcomes.cancel_all()
        self.clock.release()
        self.scenario = scenario
        self.events.changed("scenario")

    async def plan_outcome(self, provider_id: str, outcome: Outcome) -> None:
        """Plan the outcome of a provider's next calls. Raises NotFound."""
        await self.require_provider(provider_id)
        self.outcomes.plan(provider_id, outcome)

    async def require_provider(self, provider_id: str) -> None:
        """Raise NotFound unless the store lists the payment provider."""
        settings = await self.storage.settings()
        if provider_id not in settings.payment_providers:
            raise NotFound(kind="payment provider", id_=provider_id)

    async def settle_session(
        self, collection_id: str, session_id: str, status: str, data: Mapping[str, Any]
    ) -> PaymentCollection:
        """Set a session's status, and merge `data` into its own. Raises NotFound."""
        async with self.storage.hold(collection_id) as held:
            if session_id not in {each.id for each in held.collection.sessions}:
                raise NotFound(kind="payment session", id_=session_id)
            collection = settle_session(
                held.collection, session_id, status=status, data=data, now=self.clock()
            )
            await held.keep(collection)
        self.store_changed()
        return collection

    async def put_cart(self, cart: Cart) -> None:
        await self.storage.put_cart(cart, self.clock())
        self.store_changed()

    def record(self, exchange: Exchange) -> None:
        """Add a request to the Store API to the journal, and publish what it may have changed."""
        super().record(exchange)
        if exchange.method not in _READS:
            self.store_changed()

    def close(self) -> None:
        self.outcomes.cancel_all()
        super().close()
