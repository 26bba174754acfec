"""A typed client for the payment sessions of an xclade (Medusa-based) Store API."""

from xclade_store.async_client import AsyncStoreClient
from xclade_store.calls import __version__
from xclade_store.client import StoreClient
from xclade_store.errors import (
    BodyTooLarge,
    BrokenAnswer,
    Conflict,
    ConnectionFailed,
    Duplicate,
    ErrorAnswer,
    HttpClientShared,
    InvalidData,
    NotAllowed,
    NotFound,
    PaymentRefused,
    RateLimited,
    ServerFailed,
    StoreError,
    TimedOut,
    Unauthorized,
    UnsupportedMediaType,
)
from xclade_store.generated.models import (
    StorePaymentCollection,
    StorePaymentCollectionSelection,
    StorePaymentProvider,
    StorePaymentProviderListResponse,
    StorePaymentSession,
    StorePaymentSessionSelection,
)
from xclade_store.generated.types import FieldNotAnswered
from xclade_store.transport import Retries

__all__ = [
    "AsyncStoreClient",
    "BodyTooLarge",
    "BrokenAnswer",
    "Conflict",
    "ConnectionFailed",
    "Duplicate",
    "ErrorAnswer",
    "FieldNotAnswered",
    "HttpClientShared",
    "InvalidData",
    "NotAllowed",
    "NotFound",
    "PaymentRefused",
    "RateLimited",
    "Retries",
    "ServerFailed",
    "StoreClient",
    "StoreError",
    "StorePaymentCollection",
    "StorePaymentCollectionSelection",
    "StorePaymentProvider",
    "StorePaymentProviderListResponse",
    "StorePaymentSession",
    "StorePaymentSessionSelection",
    "TimedOut",
    "Unauthorized",
    "UnsupportedMediaType",
    "__version__",
]
