"""A store: its settings, carts and payment collections at one moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xclade_store_mock.payments.rules import Cart, PaymentCollection, PaymentProvider, Region


@dataclass(frozen=True, slots=True)
class PublishableKey:
    """A publishable API key of a sales channel."""

    token: str
    title: str
    revoked: bool = False

    def __repr__(self) -> str:
        return f"PublishableKey(title={self.title!r}, revoked={self.revoked})"


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer, known by the token of a signed-in session."""

    id: str
    token: str

    def __repr__(self) -> str:
        return f"Customer(id={self.id!r})"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a merchant sets up, each kind by id, keys and customers by token."""

    publishable_keys: Mapping[str, PublishableKey]
    payment_providers: Mapping[str, PaymentProvider]
    regions: Mapping[str, Region]
    customers: Mapping[str, Customer] = field(default_factory=dict)
    cors_origins: tuple[str, ...] | None = None

    def providers_of(self, region_id: str) -> list[PaymentProvider]:
        """List a region's payment providers, in the order of their ids; an unknown one has none."""
        region = self.regions.get(region_id)
        linked: Iterable[str] = region.payment_providers if region else ()
        return [self.payment_providers[each] for each in sorted(set(linked))]


@dataclass(frozen=True, slots=True)
class Store:
    """Everything that a mock starts from; carts and payment collections by id."""

    settings: Settings
    carts: Mapping[str, Cart] = field(default_factory=dict)
    payment_collections: Mapping[str, PaymentCollection] = field(default_factory=dict)
