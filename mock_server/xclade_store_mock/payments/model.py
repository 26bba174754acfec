"""The records of a store: its settings, carts and payment collections.

Amounts are decimals in major units: `Decimal("25.5")` in `usd` is $25.50.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from msgspec import Struct, field
from msgspec.structs import replace

PAID = frozenset({"authorized", "captured"})
"""The statuses of a session whose provider has authorized the payment."""


class Region(Struct, frozen=True):
    """A region: its currency and the ids of the payment providers linked to it."""

    id: str
    currency_code: str
    payment_providers: tuple[str, ...]


class Cart(Struct, frozen=True):
    """The part of a cart that payments need."""

    id: str
    region_id: str
    currency_code: str
    total: Decimal


class PaymentProvider(Struct, frozen=True):
    """A payment provider as the store lists it; without `installed`, its code is gone."""

    id: str
    is_enabled: bool = True
    installed: bool = True


class PaymentSession(Struct, frozen=True):
    """One provider's attempt to collect the amount of a payment collection."""

    id: str
    amount: Decimal
    currency_code: str
    provider_id: str
    data: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    status: str = "pending"
    context: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] | None = field(default_factory=dict)
    authorized_at: datetime | None = None

    @property
    def payment_id(self) -> str:
        """The id of the payment that the session has once it is authorized."""
        return f"pay_{self.id.removeprefix('payses_')}"


class Payment(Struct, frozen=True):
    """What a provider authorized in a session; it outlives the session."""

    id: str
    session_id: str
    amount: Decimal
    currency_code: str
    provider_id: str
    data: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    captured_at: datetime | None = None
    canceled_at: datetime | None = None


class PaymentCollection(Struct, frozen=True):
    """The amount that a cart owes, the sessions that collect it, and their payments."""

    id: str
    cart_id: str | None
    currency_code: str
    amount: Decimal
    created_at: datetime
    updated_at: datetime
    status: str = "not_paid"
    """The status while nothing is paid; `rules.sum_up` returns the current one."""
    sessions: tuple[PaymentSession, ...] = ()
    payments: tuple[Payment, ...] = ()


class PublishableKey(Struct, frozen=True):
    """A publishable API key of a sales channel."""

    token: str
    title: str = ""
    revoked: bool = False

    def __repr__(self) -> str:
        return f"PublishableKey(title={self.title!r}, revoked={self.revoked})"


class Customer(Struct, frozen=True):
    """A signed-in customer, identified by a session token."""

    id: str
    token: str
    created_at: datetime
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company_name: str | None = None
    phone: str | None = None
    metadata: Mapping[str, Any] | None = None
    addresses: tuple[Mapping[str, Any], ...] = ()
    account_holders: tuple[Mapping[str, Any], ...] = ()
    """The customer's accounts at payment providers, each with its `provider_id`."""

    def __repr__(self) -> str:
        return f"Customer(id={self.id!r})"


class Settings(Struct, frozen=True):
    """What a merchant configures: keys and customers by token, the others by id.

    `cors_origins` is None where the store does not restrict the origins of browsers.
    """

    publishable_keys: Mapping[str, PublishableKey] = field(default_factory=dict)
    payment_providers: Mapping[str, PaymentProvider] = field(default_factory=dict)
    regions: Mapping[str, Region] = field(default_factory=dict)
    customers: Mapping[str, Customer] = field(default_factory=dict)
    cors_origins: tuple[str, ...] | None = None

    def providers_of(self, region_id: str) -> list[PaymentProvider]:
        """Return a region's payment providers as they were linked; none for an unknown region."""
        region = self.regions.get(region_id)
        linked: Iterable[str] = region.payment_providers if region else ()
        return [self.payment_providers[each] for each in dict.fromkeys(linked)]

    def with_region(
        self, region: Region, listed: Collection[PaymentProvider], added: Collection[str]
    ) -> Self:
        """Return the settings with a region that has more providers than before.

        Those that the store lists replace what is known of them, except `installed`; those that are
        added by their ids do not.
        """
        providers = {**self.payment_providers}
        for each in listed:
            known = providers.get(each.id, each)
            providers[each.id] = replace(each, installed=known.installed)
        for id_ in added:
            providers.setdefault(id_, PaymentProvider(id_))
        region = self.regions.get(region.id, region)
        linked = (*region.payment_providers, *(each.id for each in listed), *added)
        region = replace(region, payment_providers=tuple(dict.fromkeys(linked)))
        regions = {**self.regions, region.id: region}
        return replace(self, payment_providers=providers, regions=regions)

    def with_providers(self, added: Collection[str]) -> Self:
        """Return the settings with these providers, by id, in every region."""
        settings = self
        for region in self.regions.values():
            settings = settings.with_region(region, (), added)
        return settings


class Store(Struct, frozen=True):
    """The initial state of a mock; carts and payment collections by id."""

    settings: Settings
    carts: Mapping[str, Cart] = field(default_factory=dict)
    payment_collections: Mapping[str, PaymentCollection] = field(default_factory=dict)
