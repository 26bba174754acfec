"""All that can be steered, in one place: what the control API, the fixture and the command use."""

from collections.abc import Callable
from datetime import datetime

from xclade_store_mock.contract import Contract
from xclade_store_mock.control.clock import ControlClock
from xclade_store_mock.control.documents import entry_document
from xclade_store_mock.control.events import Event, Events
from xclade_store_mock.control.exchange import Exchange
from xclade_store_mock.control.faults import Faults
from xclade_store_mock.control.inspection import Inspector
from xclade_store_mock.control.journal import Journal
from xclade_store_mock.control.outcomes import Outcomes
from xclade_store_mock.control.scenarios import Scenario
from xclade_store_mock.payments.model import Store
from xclade_store_mock.storage import Storage

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Control:
    """One server's journal, faults, outcomes, clock, events and scenario; `store` is its seed."""

    def __init__(
        self, *, store: Store, storage: Storage, clock: Callable[[], datetime], contract: Contract
    ) -> None:
        self.store = store
        self.storage = storage
        inspector = Inspector(contract)
        self.events = Events()
        self.clock = ControlClock(clock)
        self.journal = Journal(inspector)
        self.faults = Faults(inspector.find)
        self.outcomes = Outcomes(lambda: self.events.changed("outcomes"))
        self.scenario: Scenario | None = None

    async def reset(self) -> None:
        """Start again: the store as it was, and nothing planned."""
        await self._start(self.store, None)

    async def start(self, scenario: Scenario) -> None:
        """Start again, in a scenario."""
        await self._start(scenario.store(self.store, self.clock()), scenario)
        if scenario.plan is not None:
            self.faults.plan(scenario.plan(self.storage, self.clock))

    async def _start(self, store: Store, scenario: Scenario | None) -> None:
        await self.storage.reset(store)
        self.faults.cancel_all()
        self.outcomes.cancel_all()
        self.clock.release()
        self.scenario = scenario
        for part in ("store", "faults", "outcomes", "clock", "scenario"):
            self.events.changed(part)

    def note(self, exchange: Exchange) -> None:
        """Take a request to the Store API into the journal, and tell of it."""
        id_ = self.journal.add(exchange)
        if self.events.are_listened_to:
            self.events.publish(self.journal_event(id_, exchange))
        if exchange.method not in _READS:
            self.events.changed("store")

    def journal_event(self, id_: int, exchange: Exchange) -> Event:
        """Make the event that brings an entry of the journal."""
        return Event("journal", lambda: entry_document(self.journal.entry(id_, exchange)), id_)

    def close(self) -> None:
        """Let go of everybody who waits: the server stops."""
        self.faults.cancel_all()
        self.outcomes.cancel_all()
        self.events.close()
