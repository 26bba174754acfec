"""Outcomes that are planned for the next calls of payment providers."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from xclade_store_mock.control.faults import Gate, require_limits
from xclade_store_mock.errors import ProviderRefused, ProviderUnreachable
from xclade_store_mock.payments.providers import (
    FindProvider,
    Provider,
    ProviderSession,
    SessionRequest,
)

DECLINED = "Your card was declined."


class Result(StrEnum):
    """How a call of a provider ends."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    INDETERMINATE = "indeterminate"
    CARD_ERROR = "card_error"


class Outcome(Struct, frozen=True, repr_omit_defaults=True):
    """How a provider's next calls end.

    `delay` is in milliseconds; `times` says for how many calls it still holds, None for all.
    Raises ValueError for what is beyond the control API's limits.
    """

    result: Result
    message: str = DECLINED
    delay: int = 0
    times: int | None = None

    def __post_init__(self) -> None:
        require_limits(delay=self.delay, times=self.times)


class Outcomes:
    """The planned outcomes, one for each provider, and the calls that they delay."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._planned: dict[str, Outcome] = {}
        self.unused: dict[str, Outcome] = {}
        self._gates: defaultdict[str, Gate[SessionRequest]] = defaultdict(lambda: Gate(changed))

    def plan(self, provider_id: str, outcome: Outcome) -> None:
        """Plan an outcome; it replaces an earlier one."""
        self._planned[provider_id] = self.unused[provider_id] = outcome
        self._changed()

    def find(self, provider_id: str) -> Outcome | None:
        return self._planned.get(provider_id)

    def held(self, provider_id: str) -> list[SessionRequest]:
        """Return the calls that a provider's outcome delays now, the oldest first."""
        return [*self._gates[provider_id].held]

    def cancel(self, provider_id: str) -> None:
        """Cancel a provider's outcome, and release the calls that it delays."""
        self._planned.pop(provider_id, None)
        self.unused.pop(provider_id, None)
        self._gates[provider_id].release()
        self._changed()

    def cancel_all(self) -> None:
        self._planned.clear()
        self.unused.clear()
        for gate in self._gates.values():
            gate.release()
        self._changed()

    async def next_outcome(self, request: SessionRequest) -> Outcome | None:
        """Return the outcome of a call of a provider, after its delay."""
        provider_id = request.provider_id
        outcome = self._planned.get(provider_id)
        if outcome is None:
            return None
        self.unused.pop(provider_id, None)
        if outcome.times == 1:
            del self._planned[provider_id]
        elif outcome.times is not None:
            self._planned[provider_id] = replace(outcome, times=outcome.times - 1)
        if outcome.times is not None:
            self._changed()
        await self._gates[provider_id].wait(request, outcome.delay)
        return outcome

    def wrap(self, find: FindProvider) -> FindProvider:
        """Return a lookup of providers whose calls end as planned."""

        def find_planned(provider_id: str) -> Provider:
            provider = find(provider_id)
            return _Planned(provider, self) if provider_id in self._planned else provider

        return find_planned


@dataclass(frozen=True, slots=True)
class _Planned:
    """A provider whose calls may end as planned."""

    provider: Provider
    outcomes: Outcomes

    async def initiate(self, request: SessionRequest) -> ProviderSession:
        outcome = await self.outcomes.next_outcome(request)
        if outcome is None:
            return await self.provider.initiate(request)
        match outcome.result:
            case Result.DECLINED:
                raise ProviderRefused(outcome.message)
            case Result.UNREACHABLE:
                raise ProviderUnreachable(request.provider_id)
            case Result.INDETERMINATE:
                return ProviderSession(data={"indeterminate_due_to": "stripe_api_error"})
        session = await self.provider.initiate(request)
        if outcome.result is Result.CARD_ERROR:
            error = {"type": "card_error", "message": outcome.message}
            return ProviderSession({**session.data, "last_payment_error": error}, status="error")
        return session
