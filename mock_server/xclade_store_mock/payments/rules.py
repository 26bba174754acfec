"""The rules for payment collections and their sessions; no HTTP, no storage."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec.structs import replace

from xclade_store_mock.errors import AlreadyCaptured, ProviderNotEnabled, Refusal
from xclade_store_mock.payments.model import (
    PAID,
    Cart,
    Payment,
    PaymentCollection,
    PaymentSession,
    Region,
)
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
    changed = replace(collection, amount=cart.total, currency_code=cart.currency_code)
    return with_sessions(changed, (), now=now)


def with_sessions(
    collection: PaymentCollection,
    sessions: tuple[PaymentSession, ...],
    *,
    now: datetime,
    cancel: bool = True,
) -> PaymentCollection:
    """Return the collection with these sessions, and the payments that follow from them.

    A payment outlives its session. Unless it was captured, it is canceled when its session is
    removed or no longer authorized: the provider releases the money. Without `cancel`, it remains
    authorized: Medusa does not look at payments when it deletes sessions.
    """
    payments = {
        each.session_id: each
        if not cancel or each.captured_at or each.canceled_at
        else replace(each, canceled_at=now, updated_at=now)
        for each in collection.payments
    }
    for session in sessions:
        if session.authorized_at is not None:
            earlier = payments.get(session.id)
            captured_at = earlier.captured_at if earlier else None
            payments[session.id] = Payment(
                id=session.payment_id,
                session_id=session.id,
                amount=session.amount,
                currency_code=session.currency_code,
                provider_id=session.provider_id,
                data=session.data,
                created_at=session.authorized_at,
                updated_at=session.updated_at,
                captured_at=(captured_at or now) if session.status == "captured" else None,
            )
    return replace(collection, sessions=sessions, payments=tuple(payments.values()), updated_at=now)


def captured_sessions(collection: PaymentCollection) -> set[str]:
    """Return the ids of the sessions, past ones included, whose payment was captured."""
    return {each.session_id for each in collection.payments if each.captured_at}


class Totals(NamedTuple):
    """What a collection's sessions and payments amount to; an amount without payments is None."""

    status: str
    authorized_amount: Decimal | None = None
    captured_amount: Decimal | None = None
    completed_at: datetime | None = None


def sum_up(collection: PaymentCollection) -> Totals:
    """Return a collection's totals, derived as in Medusa's `maybeUpdatePaymentCollection_`.

    Payments that were canceled, or made before the cart changed its currency, do not count.
    """
    paid = [
        each
        for each in collection.payments
        if each.canceled_at is None and each.currency_code == collection.currency_code
    ]
    if not paid:
        is_awaited = any(each.status not in {"pending", *PAID} for each in collection.sessions)
        return Totals("awaiting" if is_awaited else collection.status)
    authorized = sum((each.amount for each in paid), Decimal())
    captures = [(each.amount, each.captured_at) for each in paid if each.captured_at]
    captured = sum((amount for amount, _ in captures), Decimal())
    if not captures:
        is_covered = authorized >= collection.amount
        return Totals("authorized" if is_covered else "partially_authorized", authorized)
    if captured < collection.amount:
        return Totals("partially_captured", authorized, captured)
    return Totals("completed", authorized, captured, max(moment for _, moment in captures))


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
    strict: bool = True,
) -> PaymentCollection:
    """Return the collection with a new session in place of its earlier ones.

    The session has the collection's amount; its data is the request's, overridden by what the
    provider returns. Unless `strict`, a captured collection gets another session, too, and one that
    is paid at once has no payment before the cart is completed, as in Medusa.

    Raises: AlreadyCaptured, ProviderRefused, ProviderUnreachable.
    """
    if strict and captured_sessions(collection):
        raise AlreadyCaptured(collection.id)
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
    session = await _initiate(provider, draft, strict=strict)
    if strict and session.status in PAID:
        session = replace(session, authorized_at=now)
    return with_sessions(collection, (session,), now=now, cancel=strict)


def settle_session(
    collection: PaymentCollection,
    session_id: str,
    *,
    status: str,
    data: Mapping[str, Any],
    now: datetime,
) -> PaymentCollection:
    """Return the collection with a session's new status; `data` is merged into the session's.

    Raises: AlreadyCaptured if the session was captured and its status would change.
    """
    if status != "captured" and session_id in captured_sessions(collection):
        raise AlreadyCaptured(collection.id)
    sessions = tuple(
        replace(
            each,
            status=status,
            data={**each.data, **data},
            updated_at=now,
            authorized_at=(each.authorized_at or now) if status in PAID else None,
        )
        if each.id == session_id
        else each
        for each in collection.sessions
    )
    return with_sessions(collection, sessions, now=now)


async def restore_sessions(
    sessions: Iterable[PaymentSession],
    providers: Mapping[str, Provider],
    *,
    new_id: NewId,
    now: datetime,
) -> tuple[PaymentSession, ...]:
    """Return copies of deleted sessions, initialized again by their own providers.

    A recorded backend undoes the deletion of the earlier sessions this way when a new session
    fails: they get new ids and no metadata (`amount/empty-cart-state`). A session that its provider
    now refuses is lost.
    """
    restored = []
    for session in sessions:
        draft = replace(
            session,
            id=new_id("payses_"),
            created_at=now,
            updated_at=now,
            metadata=None,
            authorized_at=None,
        )
        with suppress(Refusal):
            restored.append(await _initiate(providers[session.provider_id], draft, strict=False))
    return tuple(restored)


async def _initiate(provider: Provider, draft: PaymentSession, *, strict: bool) -> PaymentSession:
    """Return the session with what its provider adds to it."""
    request = SessionRequest(
        session_id=draft.id,
        provider_id=draft.provider_id,
        amount=draft.amount,
        currency_code=draft.currency_code,
        data=draft.data,
        now=draft.created_at,
        context=draft.context,
        strict=strict,
    )
    created = await provider.initiate(request)
    return replace(draft, data={**draft.data, **created.data}, status=created.status)
