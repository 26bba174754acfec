"""What the next calls of payment providers come to."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from xclade_store_mock.control.faults import Gate
from xclade_store_mock.errors import ProviderRefused, ProviderUnreachable
from xclade_store_mock.payments.providers import (
    FindProvider,
    Provider,
    ProviderSession,
    SessionRequest,
)

DECLINED = "Your card was declined."


class Result(StrEnum):
    """What a call comes to."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What so many more calls of a provider come to, None for all; `delay` is in milliseconds."""

    result: Result
    message: str = DECLINED
    delay: int = 0
    times: int | None = None


class Outcomes:
    """The outcomes that are planned, one for each provider, and the calls that wait for them."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._planned: dict[str, Outcome] = {}
        self._gates: dict[str, Gate] = {}

    def plan(self, provider_id: str, outcome: Outcome) -> None:
        """Plan an outcome in place of an earlier one."""
        self._planned[provider_id] = outcome

    def find(self, provider_id: str) -> Outcome | None:
        """Find what is planned for a provider."""
        return self._planned.get(provider_id)

    def cancel(self, provider_id: str) -> None:
        """Let a provider behave, at once."""
        self._planned.pop(provider_id, None)
        self._gate(provider_id).release()

    def cancel_all(self) -> None:
        """Let all providers behave."""
        for provider_id in {*self._planned, *self._gates}:
            self.cancel(provider_id)

    async def come(self, provider_id: str) -> Outcome | None:
        """Wait for what is planned for a call, and answer it."""
        outcome = self._planned.get(provider_id)
        if outcome is None:
            return None
        if outcome.times is not None:
            self._planned[provider_id] = replace(outcome, times=outcome.times - 1)
            if outcome.times == 1:
                del self._planned[provider_id]
            self._changed()
        await self._gate(provider_id).wait(outcome.delay)
        return outcome

    def _gate(self, provider_id: str) -> Gate:
        return self._gates.setdefault(provider_id, Gate())

    def over(self, find: FindProvider) -> FindProvider:
        """Answer how to find providers whose calls come to what is planned."""

        def find_steered(provider_id: str) -> Provider:
            provider = find(provider_id)
            return _Steered(provider, self) if provider_id in self._planned else provider

        return find_steered


@dataclass(frozen=True, slots=True)
class _Steered:
    """A provider whose calls may come to something else."""

    provider: Provider
    outcomes: Outcomes

    async def initiate(self, request: SessionRequest) -> ProviderSession:
        """Do as is planned, or as the provider does."""
        outcome = await self.outcomes.come(request.provider_id)
        if outcome is not None and outcome.result is Result.DECLINED:
            raise ProviderRefused(outcome.message)
        if outcome is not None and outcome.result is Result.UNREACHABLE:
            raise ProviderUnreachable(request.provider_id)
        return await self.provider.initiate(request)
