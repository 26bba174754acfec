"""Payment providers: their protocol, and how the installed ones are found.

A provider id is `pp_{service}_{instance}`. The service names the simulator, an entry point of the
group `xclade_store_mock.providers`. A variant such as `stripe-ideal` uses the simulator `stripe`; a
service without one uses the system provider.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from importlib.metadata import entry_points
from typing import Any, Protocol

from msgspec import Struct, field

from xclade_store_mock import jsontext

ENTRY_POINTS = "xclade_store_mock.providers"


class SessionRequest(Struct, frozen=True):
    """A request to a provider; the amount is in major units.

    The session's id is the idempotency key: a call that is retried, because the result of the first
    one is unknown, has the same id.
    """

    session_id: str
    provider_id: str
    amount: Decimal
    currency_code: str
    data: Mapping[str, Any]
    now: datetime
    context: Mapping[str, Any] = field(default_factory=dict)
    """The session's context: the customer and the customer's account at the provider."""
    strict: bool = True
    """Whether to refuse all that the real provider does; the recorded one was more lenient."""


class ProviderSession(Struct, frozen=True):
    """A provider's response: its data for the session, and the session's status.

    Raises: TypeError or ValueError for data that JSON cannot represent.
    """

    data: Mapping[str, Any]
    status: str = "pending"

    def __post_init__(self) -> None:
        if self.data:
            jsontext.require_json(dict(self.data))
        if not isinstance(self.status, str):
            raise TypeError(f"status must be a string, not {self.status!r}")


class Provider(Protocol):
    """A payment provider."""

    async def initiate(self, request: SessionRequest) -> ProviderSession:
        """Start a payment. Raises: ProviderRefused, ProviderUnreachable."""


FindProvider = Callable[[str], Provider]
"""Returns the provider with a given id."""


class SystemProvider:
    """The system provider, for manual payment: accepts every amount, 0 included, and adds no data.

    Documentation; recordings `amount/free-item-system`, `body/system-with-data`.
    """

    async def initiate(self, request: SessionRequest) -> ProviderSession:  # noqa: ARG002 - nothing in it matters
        return ProviderSession(data={})


def installed_providers() -> dict[str, Provider]:
    """Return an instance of every installed provider, by the name of its service."""
    return {point.name: point.load()() for point in entry_points(group=ENTRY_POINTS)}


def find_provider(providers: Mapping[str, Provider], provider_id: str) -> Provider:
    """Return the provider with an id; the system provider if none simulates it."""
    service = provider_id.removeprefix("pp_").rpartition("_")[0]
    for name in (service, service.partition("-")[0]):
        if name in providers:
            return providers[name]
    return SystemProvider()
