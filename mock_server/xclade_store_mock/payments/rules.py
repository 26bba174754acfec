"""The rules for payment collections and their sessions; no HTTP, no storage."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from xclade_store_mock.errors import ProviderNotEnabled, Refusal
from xclade_store_mock.payments.model import PAID, Cart, PaymentCollection, PaymentSession, Region
from xclade_store_mock.payments.providers import Provider, SessionRequest

NewId = Callable[[str], str]
"""Returns a new unique id that starts with the given prefix."""


def create_collection(cart: Cart, *, new_id: NewId, now: datetime) -> PaymentCollection:
    """Return a new payment collection for a cart."""
    return PaymentCollection(
        id=new_id("pay_col_"),
        cart_id=cart.id,
        currency_code=cart.currency_code,
        amount=cart.total,
        created_at=now,
        updated_at=now,
    )


def follow_cart(collection: PaymentCollection, cart: Cart, *, now: datetime) -> PaymentCollection:
    """Return the collection with its cart's amount and currency.

    If either changed, the sessions are removed, as in the recorded backend's release
    (`refreshPaymentCollectionForCartWorkflow`).
    """
    if (collection.amount, collection.currency_code) == (cart.total, cart.currency_code):
        return collection
    return replace(
        collection, amount=cart.total, currency_code=cart.currency_code, sessions=(), updated_at=now
    )


def require_enabled(provider_id: str, region: Region) -> None:
    """Raise ProviderNotEnabled unless the provider is linked to the region.

    `is_enabled` does not matter (recorded: a linked provider with `is_enabled: false` accepts
    sessions).
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
    """Return the collection with a new session in place of its earlier ones.

    The session has the collection's amount; its data is the request's, overridden by what the
    provider returns. Raises: ProviderRefused, ProviderUnreachable.
    """
    draft = PaymentSession(
        id=session_id,
        amount=collection.amount,
        currency_code=collection.currency_code,
        provider_id=provider_id,
        data=data,
        created_at=now,
        updated_at=now,
        context=context,
    )
    return replace(collection, updated_at=now, sessions=(await _initiate(provider, draft),))


def settle_session(
    collection: PaymentCollection,
    session_id: str,
    *,
    status: str,
    data: Mapping[str, Any],
    now: datetime,
) -> PaymentCollection:
    """Return the collection with a session's new status, and its own status derived from it.

    The status is derived as in Medusa's `maybeUpdatePaymentCollection_`; `data` is merged into the
    session's.
    """
    sessions = tuple(
        _settle(each, status, data, now) if each.id == session_id else each
        for each in collection.sessions
    )
    return replace(
        collection, sessions=sessions, status=_status(collection.amount, sessions), updated_at=now
    )


def _settle(
    session: PaymentSession, status: str, data: Mapping[str, Any], now: datetime
) -> PaymentSession:
    return replace(
        session,
        status=status,
        data={**session.data, **data},
        updated_at=now,
        authorized_at=(session.authorized_at or now) if status in PAID else None,
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
    """Return the collection with its sessions initialized again by their own providers.

    A recorded backend undoes the deletion of the earlier sessions this way when a new session
    fails: they get new ids and no metadata (`amount/empty-cart-state`). A session that its provider
    now refuses is lost.
    """
    restored = []
    for session in collection.sessions:
        draft = replace(
            session, id=new_id("payses_"), created_at=now, updated_at=now, metadata=None
        )
        with suppress(Refusal):
            restored.append(await _initiate(providers[session.provider_id], draft))
    return replace(collection, sessions=tuple(restored))


async def _initiate(provider: Provider, draft: PaymentSession) -> PaymentSession:
    """Return the session with what its provider adds to it."""
    request = SessionRequest(
        session_id=draft.id,
        provider_id=draft.provider_id,
        amount=draft.amount,
        currency_code=draft.currency_code,
        data=draft.data,
        now=draft.created_at,
    )
    created = await provider.initiate(request)
    return replace(
        draft,
        data={**draft.data, **created.data},
        status=created.status,
        authorized_at=draft.created_at if created.status in PAID else None,
    )
