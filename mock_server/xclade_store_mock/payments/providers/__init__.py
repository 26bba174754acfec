"""Payment providers: what one is, and how those that are installed are found.

A provider id is `pp_{service}_{instance}`. The service names the code, through the entry point
group `xclade_store_mock.providers`; a variant such as `stripe-ideal` is served by `stripe`, and a
service that nobody simulates by the manual system provider.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from importlib.metadata import entry_points
from typing import Any, Protocol

from msgspec import Struct

from xclade_store_mock import jsontext

ENTRY_POINTS = "xclade_store_mock.providers"


class SessionRequest(Struct, frozen=True):
    """What a provider is asked; the amount is in major units.

    The session's id is the request's idempotency key: when a call is made again because nobody
    knows how the first one ended, it has the same id.
    """

    session_id: str
    provider_id: str
    amount: Decimal
    currency_code: str
    data: Mapping[str, Any]
    now: datetime


class ProviderSession(Struct, frozen=True):
    """What a provider answers: its own view of the session, and the status this stands for.

    Raises TypeError or ValueError for what could not be answered as JSON.
    """

    data: Mapping[str, Any]
    status: str = "pending"

    def __post_init__(self) -> None:
        if self.data:
            jsontext.require_json(dict(self.data))
        if not isinstance(self.status, str):
            message = f"status must be a string, not {self.status!r}"
            raise TypeError(message)


class Provider(Protocol):
    """A payment provider."""

    async def initiate(self, request: SessionRequest) -> ProviderSession:
        """Start a payment; raise ProviderRefused or ProviderUnreachable when it can't be."""


FindProvider = Callable[[str], Provider]
"""Finds the code behind a provider id."""


class SystemProvider:
    """The manual system provider: takes every amount, 0 included, and adds nothing.

    Documentation; recordings `amount/free-item-system`, `body/system-with-data`.
    """

    async def initiate(self, request: SessionRequest) -> ProviderSession:  # noqa: ARG002 - it looks at nothing
        """Answer a pending session that holds the request's data as it is."""
        return ProviderSession(data={})


def installed_providers() -> dict[str, Provider]:
    """Make every provider that a distribution offers, by the name of its service."""
    return {point.name: point.load()() for point in entry_points(group=ENTRY_POINTS)}


def find_provider(providers: Mapping[str, Provider], provider_id: str) -> Provider:
    """Find the code behind a provider id; one without a simulator is like the manual provider."""
    service = provider_id.removeprefix("pp_").rpartition("_")[0]
    for name in (service, service.partition("-")[0]):
        if name in providers:
            return providers[name]
    return SystemProvider()
