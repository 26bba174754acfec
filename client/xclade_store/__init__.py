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
    RawAmount,
    StoreCapture,
    StorePayment,
    StorePaymentCollection,
    StorePaymentCollectionSelection,
    StorePaymentProvider,
    StorePaymentProviderListResponse,
    StorePaymentSession,
    StorePaymentSessionSelection,
    StoreRefund,
    StoreRefundReason,
)
from xclade_store.json_values import UNSET, JsonObject, Unset
from xclade_store.model import FieldNotAnswered
from xclade_store.reading import ShapeError
from xclade_store.transport import Retries

__all__ = [
    "UNSET",
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
    "JsonObject",
    "NotAllowed",
    "NotFound",
    "PaymentRefused",
    "RateLimited",
    "RawAmount",
    "Retries",
    "ServerFailed",
    "ShapeError",
    "StoreCapture",
    "StoreClient",
    "StoreError",
    "StorePayment",
    "StorePaymentCollection",
    "StorePaymentCollectionSelection",
    "StorePaymentProvider",
    "StorePaymentProviderListResponse",
    "StorePaymentSession",
    "StorePaymentSessionSelection",
    "StoreRefund",
    "StoreRefundReason",
    "TimedOut",
    "Unauthorized",
    "Unset",
    "UnsupportedMediaType",
    "__version__",
]
