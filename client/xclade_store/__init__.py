"""A typed client for the payment sessions of an xclade (Medusa-based) Store API."""

from typing import TYPE_CHECKING, Any

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
from xclade_store.generated import models
from xclade_store.json_values import UNSET, JsonObject, Unset
from xclade_store.reading import FieldNotAnswered, ShapeError
from xclade_store.transport import Retries

if TYPE_CHECKING:
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

if not TYPE_CHECKING:  # or any name would seem to be there

    def __getattr__(name: str) -> Any:
        """Import a model when it is first used, since attrs takes long to import."""
        if name in __all__:
            return getattr(models, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
