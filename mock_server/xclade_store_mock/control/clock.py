"""The server's time, which can be frozen, set and put forward."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from xclade_store_mock.errors import InvalidData

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
