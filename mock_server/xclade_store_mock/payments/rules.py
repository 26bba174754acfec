"""Payment collections, payment sessions and their rules; no HTTP, no storage.

Amounts are decimals in major units: `Decimal("25.5")` in `usd` is $25.50.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from xclade_store_mock.errors import ProviderNotEnabled, Refusal
from xclade_store_mock.payments.providers import Provider, SessionRequest

_PAID = frozenset({"authorized", "captured"})

NewId = Callable[[str], str]
"""Makes an id that was never used, starting with the given prefix."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the world that pays in one currency, with the providers linked to it."""

    id: str
    currency_code: str
    payment_providers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cart:
    """A cart, as far as paying needs it."""

    id: str
    region_id: str
    currency_code: str
    total: Decimal


@dataclass(frozen=True, slots=True)
class PaymentProvider:
    """A payment provider as the store lists it; one that is not installed has no code any more."""

    id: str
    is_enabled: bool = True
    installed: bool = True


class PaymentSession(Struct, frozen=True):
    """One provider's attempt at collecting a payment collection's amount."""

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
    def is_paid(self) -> bool:
        """Tell whether the provider has authorized it, at least."""
        return self.status in _PAID

    def settle(self, status: str, data: Mapping[str, Any], now: datetime) -> "PaymentSession":
        """Answer the session as its provider has it now; `data` goes over the session's."""
        return replace(
            self,
            status=status,
            data={**self.data, **data},
            updated_at=now,
            authorized_at=(self.authorized_at or now) if status in _PAID else None,
        )


class PaymentCollection(Struct, frozen=True):
    """What a cart owes, and the sessions that are to pay it."""

    id: str
    cart_id: str | None
    currency_code: str
    amount: Decimal
    created_at: datetime
    updated_at: datetime
    status: str = "not_paid"
    sessions: tuple[PaymentSession, ...] = ()


def create_collection(cart: Cart, *, new_id: NewId, now: datetime) -> PaymentCollection:
    """Make the payment collection of a cart that has none."""
    return PaymentCollection(
        id=new_id("pay_col_"),
        cart_id=cart.id,
        currency_code=cart.currency_code,
        amount=cart.total,
        created_at=now,
        updated_at=now,
    )


def follow_cart(collection: PaymentCollection, cart: Cart, *, now: datetime) -> PaymentCollection:
    """Let a payment collection owe what its cart costs now; its sessions are gone if that changed.

    So does the recorded backend's release in `refreshPaymentCollectionForCartWorkflow`.
    """
    if (collection.amount, collection.currency_code) == (cart.total, cart.currency_code):
        return collection
    return replace(
        collection,
        amount=cart.total,
        currency_code=cart.currency_code,
        sessions=(),
        updated_at=now,
    )


def require_enabled(provider_id: str, region: Region) -> None:
    """Raise ProviderNotEnabled unless the provider is linked to the region.

    Whether it is switched on does not matter (recorded: a linked provider with
    `is_enabled: false` takes sessions).
    """
    if provider_id not in region.payment_providers:
        raise ProviderNotEnabled(provider_id, region.id)


async def initialize_session(
    collection: PaymentCollection,
    provider: Provider,
    *,
    provider_id: str,
    data: Mapping[str, Any],
    context: Mapping[str, Any],
    session_id: str,
    now: datetime,
) -> PaymentCollection:
    """Answer the collection with a new session in place of its earlier ones.

    The session's amount is the collection's, its data the request's under what the provider
    returns. Raises ProviderRefused or ProviderUnreachable; the collection is as it was then.
    """
    request = SessionRequest(
        session_id=session_id,
        provider_id=provider_id,
        amount=collection.amount,
        currency_code=collection.currency_code,
        data=data,
        now=now,
    )
    session = await _initiate(provider, request, context, metadata={})
    return replace(collection, updated_at=now, sessions=(session,))


def settle_session(
    collection: PaymentCollection,
    session_id: str,
    *,
    status: str,
    data: Mapping[str, Any],
    now: datetime,
) -> PaymentCollection:
    """Bring a session to the status that its provider has for it; the collection follows.

    A collection's status is found as Medusa's `maybeUpdatePaymentCollection_` finds it.
    """
    sessions = tuple(
        each.settle(status, data, now) if each.id == session_id else each
        for each in collection.sessions
    )
    return replace(
        collection,
        sessions=sessions,
        status=_status(collection.amount, sessions),
        updated_at=now,
    )


def _status(amount: Decimal, sessions: Iterable[PaymentSession]) -> str:
    paid = [session for session in sessions if session.is_paid]
    captured = [session for session in paid if session.status == "captured"]
    for covering, whole, part in (
        (captured, "completed", "partially_captured"),
        (paid, "authorized", "partially_authorized"),
    ):
        if covering:
            return whole if sum(each.amount for each in covering) >= amount else part
    return "awaiting"


async def restore_sessions(
    collection: PaymentCollection,
    providers: Mapping[str, Provider],
    *,
    new_id: NewId,
    now: datetime,
) -> PaymentCollection:
    """Answer the collection with its sessions made anew, each by its own provider.

    So a recorded backend undoes the deletion of earlier sessions when the new one failed: they
    come back with another id and without metadata (`amount/empty-cart-state`). One that its
    provider then refuses is lost.
    """
    restored = []
    for session in collection.sessions:
        request = SessionRequest(
            session_id=new_id("payses_"),
            provider_id=session.provider_id,
            amount=session.amount,
            currency_code=session.currency_code,
            data=session.data,
            now=now,
        )
        provider = providers[session.provider_id]
        with suppress(Refusal):
            restored.append(await _initiate(provider, request, session.context, metadata=None))
    return replace(collection, sessions=tuple(restored))


async def _initiate(
    provider: Provider,
    request: SessionRequest,
    context: Mapping[str, Any],
    metadata: Mapping[str, Any] | None,
) -> PaymentSession:
    answer = await provider.initiate(request)
    return PaymentSession(
        id=request.session_id,
        amount=request.amount,
        currency_code=request.currency_code,
        provider_id=request.provider_id,
        data={**request.data, **answer.data},
        created_at=request.now,
        updated_at=request.now,
        status=answer.status,
        context=context,
        metadata=metadata,
        authorized_at=request.now if answer.status in _PAID else None,
    )
