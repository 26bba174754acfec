"""The documents that the Store API answers, whole; fields.py picks from them.

What a document holds is the contract's; which of it comes by default is recorded
(`repeat/1-system`, `pc/create`, `pp/ok`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from xclade_store_mock import javascript
from xclade_store_mock.payments.fields import Resource, Selectable
from xclade_store_mock.payments.rules import PaymentCollection, PaymentProvider, PaymentSession

_PROVIDER = Resource(own=("id", "is_enabled"))
PROVIDER = Selectable(_PROVIDER, defaults=_PROVIDER.own)

_REFERENCE = Resource(own=("id",))
_CAPTURE = Resource(
    own=("id", "amount", "created_at", "created_by"), relations={"payment": _REFERENCE}
)
_REFUND_REASON = Resource(
    own=("id", "label", "description", "metadata", "created_at", "updated_at", "code")
)
_REFUND = Resource(
    own=("id", "amount", "refund_reason_id", "note", "created_at", "created_by"),
    relations={"payment": _REFERENCE, "refund_reason": _REFUND_REASON},
)
_PAYMENT = Resource(
    own=(
        "id",
        "amount",
        "authorized_amount",
        "currency_code",
        "provider_id",
        "data",
        "created_at",
        "updated_at",
        "captured_at",
        "canceled_at",
        "captured_amount",
        "refunded_amount",
    ),
    relations={
        "captures": _CAPTURE,
        "refunds": _REFUND,
        "payment_collection": _REFERENCE,
        "payment_session": _REFERENCE,
    },
)
_SESSION = Resource(
    own=(
        "id",
        "currency_code",
        "provider_id",
        "data",
        "context",
        "status",
        "authorized_at",
        "payment_collection_id",
        "payment.id",
        "metadata",
        "raw_amount",
        "created_at",
        "updated_at",
        "deleted_at",
        "amount",
    ),
    relations={"payment": _PAYMENT, "payment_collection": _REFERENCE},
)
_COLLECTION = Resource(
    own=(
        "id",
        "currency_code",
        "amount",
        "authorized_amount",
        "captured_amount",
        "refunded_amount",
        "completed_at",
        "created_at",
        "updated_at",
        "metadata",
        "status",
    ),
    relations={"payment_providers": _PROVIDER, "payment_sessions": _SESSION, "payments": _PAYMENT},
)
COLLECTION = Selectable(
    _COLLECTION,
    defaults=("id", "currency_code", "amount", "*payment_sessions"),
    recorded=frozenset(
        {
            "status",
            "payment_providers",
            "payment_providers.id",
            "payment_sessions.id",
            "payment_sessions.amount",
            "payment_sessions.currency_code",
            "payment_sessions.provider_id",
            "payment_sessions.data",
            "payment_sessions.status",
        }
    ),
)

# Medusa keeps amounts with this many significant digits (recorded).
_PRECISION = 20


def provider_document(provider: PaymentProvider) -> dict[str, Any]:
    """Describe a payment provider."""
    return {"id": provider.id, "is_enabled": provider.is_enabled}


def default_document(collection: PaymentCollection) -> dict[str, Any]:
    """Describe a payment collection as far as it is answered without `fields`.

    That is what COLLECTION's defaults select, without the rest of it having been made.
    """
    return {
        "id": collection.id,
        "currency_code": collection.currency_code,
        "amount": javascript.number(collection.amount),
        "payment_sessions": [_session(each, collection.id) for each in collection.sessions],
    }


def collection_document(collection: PaymentCollection) -> dict[str, Any]:
    """Describe a payment collection with all that it relates to."""
    paid = [session for session in collection.sessions if session.is_paid]
    captured = [session for session in paid if session.status == "captured"]
    is_completed = collection.status == "completed"
    return {
        **default_document(collection),
        "authorized_amount": _sum(paid),
        "captured_amount": _sum(captured),
        "refunded_amount": None,
        "completed_at": timestamp(collection.updated_at) if is_completed else None,
        "created_at": timestamp(collection.created_at),
        "updated_at": timestamp(collection.updated_at),
        "metadata": None,
        "status": collection.status,
        "payment_providers": [],
        "payment_sessions": [_whole_session(each, collection.id) for each in collection.sessions],
        "payments": [_payment_document(session, collection.id) for session in paid],
    }


def _sum(sessions: Sequence[PaymentSession]) -> int | float | None:
    if not sessions:
        return None
    return javascript.number(sum((session.amount for session in sessions), Decimal()))


def _session(session: PaymentSession, collection_id: str) -> dict[str, Any]:
    authorized_at = session.authorized_at
    return {
        "id": session.id,
        "currency_code": session.currency_code,
        "provider_id": session.provider_id,
        "data": session.data,
        "context": session.context,
        "status": session.status,
        "authorized_at": None if authorized_at is None else timestamp(authorized_at),
        "payment_collection_id": collection_id,
        "payment": {"id": _payment_id(session)} if session.is_paid else None,
        "metadata": session.metadata,
        "raw_amount": {"value": _exact(session.amount), "precision": _PRECISION},
        "created_at": timestamp(session.created_at),
        "updated_at": timestamp(session.updated_at),
        "deleted_at": None,
        "amount": javascript.number(session.amount),
    }


def _whole_session(session: PaymentSession, collection_id: str) -> Mapping[str, Any]:
    return {
        **_session(session, collection_id),
        "payment_collection": {"id": collection_id},
        "payment": _payment_document(session, collection_id) if session.is_paid else None,
    }


def _payment_id(session: PaymentSession) -> str:
    return f"pay_{_unique(session)}"


def _unique(session: PaymentSession) -> str:
    return session.id.removeprefix("payses_")


def _payment_document(session: PaymentSession, collection_id: str) -> Mapping[str, Any]:
    """Describe the payment that a paid session stands for."""
    reference = {"id": _payment_id(session)}
    amount = javascript.number(session.amount)
    captured_at = timestamp(session.updated_at) if session.status == "captured" else None
    capture = {
        "id": f"capt_{_unique(session)}",
        "amount": amount,
        "created_at": captured_at,
        "created_by": None,
        "payment": reference,
    }
    return {
        **reference,
        "amount": amount,
        "authorized_amount": amount,
        "currency_code": session.currency_code,
        "provider_id": session.provider_id,
        "data": session.data,
        "created_at": timestamp(session.authorized_at or session.updated_at),
        "updated_at": timestamp(session.updated_at),
        "captured_at": captured_at,
        "canceled_at": None,
        "captured_amount": amount if captured_at else None,
        "refunded_amount": None,
        "captures": [capture] if captured_at else [],
        "refunds": [],
        "payment_collection": {"id": collection_id},
        "payment_session": {"id": session.id},
    }


def _exact(amount: Decimal) -> str:
    """Write all digits of an amount, and no zeros behind them."""
    digits = f"{amount:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


# A document has each moment several times.
@lru_cache(maxsize=16)
def timestamp(moment: datetime) -> str:
    """Write a UTC time with milliseconds: `2026-01-15T09:30:00.000Z`."""
    return moment.isoformat("T", "milliseconds").replace("+00:00", "Z")
