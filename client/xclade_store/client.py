"""The face over the generated client.

What is generated makes the requests and reads the answers; the face sends, so that nothing but
StoreError gets out.
"""

from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import httpx

from xclade_store.errors import BrokenAnswer, ConnectionFailed, ErrorAnswer
from xclade_store.generated.api.payment_collections import (
    create_payment_collection,
    initialize_payment_session,
)
from xclade_store.generated.api.payment_providers import list_payment_providers
from xclade_store.generated.models import (
    CreatePaymentCollectionRequest,
    Error,
    InitializePaymentSessionRequest,
    InitializePaymentSessionRequestData,
    StorePaymentCollection,
    StorePaymentCollectionResponse,
    StorePaymentCollectionSelection,
    StorePaymentProviderListResponse,
)
from xclade_store.generated.types import UNSET, Unset

_TIMEOUT = httpx.Timeout(30, connect=5)


class _Model(Protocol):
    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self: ...


_Expected = TypeVar("_Expected", bound=_Model)


class StoreClient:
    """Calls one store with one publishable API key.

    Use it as a context manager, or close() it: it keeps connections open between calls. Every
    method raises StoreError when the call does not get its result. Amounts are in major units:
    `25.5` in `usd` is $25.50.
    """

    def __init__(self, base_url: str, *, publishable_key: str) -> None:
        self._base_url = base_url
        self._http = httpx.Client(
            base_url=base_url,
            headers={"x-publishable-api-key": publishable_key},
            timeout=_TIMEOUT,
        )

    def __repr__(self) -> str:
        return f"StoreClient({self._base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def list_payment_providers(
        self,
        region_id: str,
        *,
        limit: int = 20,
        offset: int = 0,
        fields: str | None = None,
    ) -> StorePaymentProviderListResponse:
        """List the payment providers of a region, one page of them."""
        request = list_payment_providers._get_kwargs(
            region_id=region_id, limit=limit, offset=offset, fields=_optional(fields)
        )
        return self._call(request, StorePaymentProviderListResponse)

    def create_payment_collection(
        self, cart_id: str, *, fields: str | None = None
    ) -> StorePaymentCollection | StorePaymentCollectionSelection:
        """Answer a cart's payment collection, creating it if the cart has none."""
        request = create_payment_collection._get_kwargs(
            body=CreatePaymentCollectionRequest(cart_id=cart_id), fields=_optional(fields)
        )
        return self._call(request, StorePaymentCollectionResponse).payment_collection

    def initialize_payment_session(
        self,
        payment_collection_id: str,
        *,
        provider_id: str,
        data: Mapping[str, Any] | None = None,
        fields: str | None = None,
        idempotency_key: str | None = None,
    ) -> StorePaymentCollection | StorePaymentCollectionSelection:
        """Initialize a payment session of a payment collection, in place of an earlier one.

        An amount of 0 is refused by providers such as Stripe; `pp_system_default` takes it.
        """
        body = InitializePaymentSessionRequest(
            provider_id=provider_id,
            data=UNSET if data is None else InitializePaymentSessionRequestData.from_dict(data),
        )
        request = initialize_payment_session._get_kwargs(
            payment_collection_id,
            body=body,
            fields=_optional(fields),
            idempotency_key=_optional(idempotency_key),
        )
        return self._call(request, StorePaymentCollectionResponse).payment_collection

    def _call(self, request: Mapping[str, Any], expected: type[_Expected]) -> _Expected:
        try:
            response = self._http.request(**request)
        except httpx.RequestError as error:
            message = f"The store could not be reached: {error}"
            raise ConnectionFailed(message) from error
        try:
            if response.is_success:
                return expected.from_dict(response.json())
            raise _error_answer(response)
        # What the generated parsers raise on what they do not expect.
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BrokenAnswer(response.status_code, response.content) from error


def _error_answer(response: httpx.Response) -> ErrorAnswer:
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        return ErrorAnswer(response.status_code, "unauthorized", response.text)
    error = Error.from_dict(response.json())
    code = None if isinstance(error.code, Unset) else error.code
    return ErrorAnswer(response.status_code, error.type_, error.message, code)


def _optional(value: str | None) -> str | Unset:
    return UNSET if value is None else value
