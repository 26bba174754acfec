"""A store: its keys, providers, regions, carts and payment collections at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from xclade_store_mock.payments import Cart, PaymentCollection, PaymentProvider, Region


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
class Store:
    """Everything that a mock starts from, each kind by id, keys and customers by token."""

    publishable_keys: Mapping[str, PublishableKey]
    payment_providers: Mapping[str, PaymentProvider]
    regions: Mapping[str, Region]
    carts: Mapping[str, Cart]
    payment_collections: Mapping[str, PaymentCollection]
    cors_origins: tuple[str, ...] | None = None
    customers: Mapping[str, Customer] = field(default_factory=dict)
