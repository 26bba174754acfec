"""One server's control: its journal, faults, outcomes, clock, events and scenario."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from xclade_store_mock.contract import Contract
from xclade_store_mock.control.errors import Document
from xclade_store_mock.control.events import Event, Events
from xclade_store_mock.control.faults import Faults
from xclade_store_mock.control.front import Exchange
from xclade_store_mock.control.journal import Inspector, Journal, entry_document
from xclade_store_mock.control.outcomes import Outcomes
from xclade_store_mock.errors import InvalidData
from xclade_store_mock.payments.documents import timestamp
from xclade_store_mock.payments.model import Store
from xclade_store_mock.storage import Storage

_END = datetime(3000, 1, 1, tzinfo=UTC)


class ControlClock:
    """Tells another clock's time until somebody changes it."""

    def __init__(self, real: Callable[[], datetime]) -> None:
        self._real = real
        self._ahead = timedelta()
        self._frozen_at: datetime | None = None

    def __call__(self) -> datetime:
        """Tell the time."""
        if self._frozen_at is not None:
            return self._frozen_at
        return self._real() + self._ahead if self._ahead else self._real()

    @property
    def is_frozen(self) -> bool:
        """Tell whether it stands still."""
        return self._frozen_at is not None

    @property
    def is_real(self) -> bool:
        """Tell whether it has been left alone."""
        return self._frozen_at is None and not self._ahead

    def set(self, now: datetime | None = None, *, frozen: bool | None = None) -> None:
        """Set it, freeze it, let it run; what is not given stays. Raises InvalidData."""
        now = self() if now is None else now.astimezone(UTC)
        if now >= _END:
            message = "The clock ends with the year 2999."
            raise InvalidData(message)
        self._ahead = now - self._real()
        self._frozen_at = now if (self.is_frozen if frozen is None else frozen) else None

    def advance(self, duration: timedelta) -> None:
        """Put it forward. Raises InvalidData."""
        self.set(self() + duration)

    def release(self) -> None:
        """Tell the real time again."""
        self._ahead = timedelta()
        self._frozen_at = None


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
        self.scenario: str | None = None

    async def reset(self) -> None:
        """Start again: the store as it was, and nothing planned."""
        await self.restart(self.store, None)

    async def restart(self, store: Store, scenario: str | None) -> None:
        """Replace the store, cancel everything planned, and name the scenario that is on."""
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


def clock_document(clock: ControlClock) -> Document:
    """Describe the clock."""
    return {"now": timestamp(clock()), "frozen": clock.is_frozen, "is_real": clock.is_real}
