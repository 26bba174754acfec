"""The models, each of which is imported when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .back_reference import BackReference
    from .create_payment_collection_request import CreatePaymentCollectionRequest
    from .error_response import ErrorResponse
    from .initialize_payment_session_request import InitializePaymentSessionRequest
    from .initialize_payment_session_request_data import (
        InitializePaymentSessionRequestData,
    )
    from .metadata import Metadata
    from .raw_amount import RawAmount
    from .store_capture import StoreCapture
    from .store_payment import StorePayment
    from .store_payment_collection import StorePaymentCollection
    from .store_payment_collection_response import StorePaymentCollectionResponse
    from .store_payment_collection_selection import StorePaymentCollectionSelection
    from .store_payment_data import StorePaymentData
    from .store_payment_provider import StorePaymentProvider
    from .store_payment_provider_list_response import StorePaymentProviderListResponse
    from .store_payment_session import StorePaymentSession
    from .store_payment_session_context import StorePaymentSessionContext
    from .store_payment_session_data import StorePaymentSessionData
    from .store_payment_session_selection import StorePaymentSessionSelection
    from .store_refund import StoreRefund
    from .store_refund_reason import StoreRefundReason

__all__ = (
    "BackReference",
    "CreatePaymentCollectionRequest",
    "ErrorResponse",
    "InitializePaymentSessionRequest",
    "InitializePaymentSessionRequestData",
    "Metadata",
    "RawAmount",
    "StoreCapture",
    "StorePayment",
    "StorePaymentCollection",
    "StorePaymentCollectionResponse",
    "StorePaymentCollectionSelection",
    "StorePaymentData",
    "StorePaymentProvider",
    "StorePaymentProviderListResponse",
    "StorePaymentSession",
    "StorePaymentSessionContext",
    "StorePaymentSessionData",
    "StorePaymentSessionSelection",
    "StoreRefund",
    "StoreRefundReason",
)

if not TYPE_CHECKING:  # or any name would seem to be there
    _MODULES = {
        "BackReference": ".back_reference",
        "CreatePaymentCollectionRequest": ".create_payment_collection_request",
        "ErrorResponse": ".error_response",
        "InitializePaymentSessionRequest": ".initialize_payment_session_request",
        "InitializePaymentSessionRequestData": ".initialize_payment_session_request_data",
        "Metadata": ".metadata",
        "RawAmount": ".raw_amount",
        "StoreCapture": ".store_capture",
        "StorePayment": ".store_payment",
        "StorePaymentCollection": ".store_payment_collection",
        "StorePaymentCollectionResponse": ".store_payment_collection_response",
        "StorePaymentCollectionSelection": ".store_payment_collection_selection",
        "StorePaymentData": ".store_payment_data",
        "StorePaymentProvider": ".store_payment_provider",
        "StorePaymentProviderListResponse": ".store_payment_provider_list_response",
        "StorePaymentSession": ".store_payment_session",
        "StorePaymentSessionContext": ".store_payment_session_context",
        "StorePaymentSessionData": ".store_payment_session_data",
        "StorePaymentSessionSelection": ".store_payment_session_selection",
        "StoreRefund": ".store_refund",
        "StoreRefundReason": ".store_refund_reason",
    }

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        globals()[name] = getattr(import_module(_MODULES[name], __name__), name)
        return globals()[name]
