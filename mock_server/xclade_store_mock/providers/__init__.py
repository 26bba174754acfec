"""Payment providers: what one is, and how those that are installed are found.

A provider id is `pp_{service}_{instance}`. The service names the code, through the entry point
group `xclade_store_mock.providers`; a variant such as `stripe-ideal` is served by `stripe`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.metadata import entry_points
from typing import Any, Protocol

ENTRY_POINTS = "xclade_store_mock.providers"


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """What a provider is asked; the amount is in major units."""

    session_id: str
    provider_id: str
    amount: Decimal
    currency_code: str
    data: Mapping[str, Any]
    now: datetime


@dataclass(frozen=True, slots=True)
class ProviderSession:
    """What a provider answers: its own view of the session, and the status this stands for."""

    data: Mapping[str, Any]
    status: str = "pending"


class Provider(Protocol):
    """A payment provider."""

    async def initiate(self, request: SessionRequest) -> ProviderSession:
        """Start a payment; raise ProviderRefused or ProviderUnreachable when it can't be."""


def installed_providers() -> dict[str, Provider]:
    """Make every provider that a distribution offers, by the name of its service."""
    return {point.name: point.load()() for point in entry_points(group=ENTRY_POINTS)}


def find_provider(providers: Mapping[str, Provider], provider_id: str) -> Provider | None:
    """Find the code behind a provider id."""
    service = provider_id.removeprefix("pp_").rpartition("_")[0]
    return providers.get(service) or providers.get(service.partition("-")[0])
