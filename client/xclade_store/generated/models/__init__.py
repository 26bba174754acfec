"""Contains all the data models used in inputs/outputs"""

from .back_reference import BackReference
from .create_payment_collection_request import CreatePaymentCollectionRequest
from .error import Error
from .initialize_payment_session_request import InitializePaymentSessionRequest
from .initialize_payment_session_request_data import InitializePaymentSessionRequestData
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
    "Error",
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
