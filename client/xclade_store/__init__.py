"""A typed client for the payment sessions of an xclade (Medusa-based) Store API."""

from xclade_store.client import StoreClient
from xclade_store.errors import BrokenAnswer, ConnectionFailed, ErrorAnswer, StoreError

__all__ = ["BrokenAnswer", "ConnectionFailed", "ErrorAnswer", "StoreClient", "StoreError"]
