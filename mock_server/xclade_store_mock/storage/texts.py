"""Settings, carts and payment collections as JSON texts, for a database to keep whole.

Nothing is lost on the way: amounts are written as strings, and what a database could not keep in a
text, NUL and lone surrogates, is escaped.
"""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import msgspec

from xclade_store_mock.payments.model import Cart, PaymentCollection, Settings

Value = TypeVar("Value", Settings, Cart, PaymentCollection)


def write(value: Settings | Cart | PaymentCollection) -> str:
    """Write settings, a cart, or a payment collection with its sessions."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        # It takes no lone surrogates.
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":"))


def _reader(kind: type[Value]) -> Callable[[str], Value]:
    decode = msgspec.json.Decoder(kind).decode

    def read(text: str) -> Value:
        try:
            return decode(text)
        except msgspec.DecodeError:
            # It takes no lone surrogates, even if they are escaped.
            return msgspec.convert(json.loads(text), kind)

    return read


read_settings = _reader(Settings)
"""Reads settings."""

# A cart is read for each payment, and seldom changes.
read_cart = lru_cache(maxsize=1_000)(_reader(Cart))
"""Reads a cart."""

read_collection = _reader(PaymentCollection)
"""Reads a payment collection with its sessions."""
