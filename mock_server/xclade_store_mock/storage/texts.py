"""Settings, carts and payment collections as JSON texts, for a database to keep whole.

Nothing is lost on the way: amounts are written as strings, and what a database could not keep in a
text, NUL and lone surrogates, is escaped.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from xclade_store_mock.payments import (
    Cart,
    PaymentCollection,
    PaymentProvider,
    PaymentSession,
    Region,
)
from xclade_store_mock.store import Customer, PublishableKey, Settings

_MOMENTS = ("created_at", "updated_at", "authorized_at")
_NAMES: Mapping[type, Sequence[str]] = {
    kind: tuple(each.name for each in fields(kind))
    for kind in (
        Settings,
        PublishableKey,
        PaymentProvider,
        Region,
        Customer,
        Cart,
        PaymentCollection,
        PaymentSession,
    )
}


def write(value: Settings | Cart | PaymentCollection) -> str:
    """Write settings, a cart, or a payment collection with its sessions."""
    try:
        return orjson.dumps(value, _plain).decode()
    except orjson.JSONEncodeError:
        # It takes no integers beyond 64 bits, no lone surrogates and no deep nesting.
        return _ENCODER.encode(value)


def _plain(value: object) -> object:
    if isinstance(value, (Decimal, datetime)):
        return str(value)
    names = _NAMES.get(type(value))
    if names is None:
        message = f"{value!r} has no text"
        raise TypeError(message)
    return {name: getattr(value, name) for name in names}


_ENCODER = json.JSONEncoder(default=_plain, separators=(",", ":"))


def read_settings(text: str) -> Settings:
    """Read settings."""
    content = json.loads(text)
    keys, providers, regions, customers = (
        content[kind].values()
        for kind in ("publishable_keys", "payment_providers", "regions", "customers")
    )
    origins = content["cors_origins"]
    return Settings(
        publishable_keys={each["token"]: PublishableKey(**each) for each in keys},
        payment_providers={each["id"]: PaymentProvider(**each) for each in providers},
        regions={
            each["id"]: Region(**{**each, "payment_providers": tuple(each["payment_providers"])})
            for each in regions
        },
        customers={each["token"]: Customer(**each) for each in customers},
        cors_origins=None if origins is None else tuple(origins),
    )


# A cart is read for each payment, and seldom changes.
@lru_cache(maxsize=1_000)
def read_cart(text: str) -> Cart:
    """Read a cart."""
    cart = json.loads(text)
    return Cart(**{**cart, "total": Decimal(cart["total"])})


def read_collection(text: str) -> PaymentCollection:
    """Read a payment collection with its sessions."""
    collection = _typed(json.loads(text))
    sessions = tuple(PaymentSession(**_typed(each)) for each in collection.pop("sessions"))
    return PaymentCollection(**collection, sessions=sessions)


def _typed(document: dict[str, Any]) -> dict[str, Any]:
    """Read in place what JSON has no type for."""
    document["amount"] = Decimal(document["amount"])
    for name in _MOMENTS:
        if document.get(name):
            document[name] = datetime.fromisoformat(document[name])
    return document
