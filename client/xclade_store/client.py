"""The face: StoreClient. async_client.py is made of it by scripts/generate."""

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self, overload

import httpx

from xclade_store import arguments
from xclade_store.calls import Call, Result, Store, Timeout
from xclade_store.generated.models import (
    StorePaymentCollection,
    StorePaymentCollectionSelection,
    StorePaymentProvider,
    StorePaymentProviderListResponse,
)
from xclade_store.transport import Outcome, exchange


class StoreClient(Store[httpx.Client]):
    """Calls one store with one publishable API key; safe to share between threads.

    `base_url` is the store's address, or `tenant` stands for `https://{tenant}.api.myxclade.com`.
    `customer_token` is a signed-in customer's. `timeout` holds for one attempt, `retries` are the
    attempts after the first. A `http_client` of your own is used as it is, with its own timeout
    unless you give one, and left open.

    Use it as a context manager, or close() it. Every method raises StoreError when a call
    does not get its result; TypeError or ValueError for bad arguments, before anything is sent.
    Amounts are decimals in major units: `Decimal("25.5")` in `usd` is $25.50. Without `fields` the
    default fields are all there; with `fields`, reading one that was left out raises
    FieldNotAnswered.
    """

    _http_class = httpx.Client

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
        """Close the connections, unless they are a `http_client` of your own."""
        if self._owns_http:
            self._http.close()

    def list_payment_providers(
        self,
        region_id: str,
        *,
        limit: int = 20,
        offset: int = 0,
        fields: str | None = None,
        timeout: Timeout = None,
    ) -> StorePaymentProviderListResponse:
        """List the payment providers of a region, one page of them."""
        return self._run(self._list_call(region_id, limit, offset, fields, timeout))

    def iter_payment_providers(
        self, region_id: str, *, page_size: int = 20, timeout: Timeout = None
    ) -> Iterator[StorePaymentProvider]:
        """Iterate over all payment providers of a region, page after page."""
        offset = 0
        arguments.positive("page_size", page_size)
        while True:
            page = self.list_payment_providers(
                region_id, limit=page_size, offset=offset, timeout=timeout
            )
            yield from page.payment_providers
            offset += len(page.payment_providers)
            if not page.payment_providers or offset >= page.count:
                return

    @overload
    def create_payment_collection(
        self, cart_id: str, *, fields: None = None, timeout: Timeout = None
    ) -> StorePaymentCollection: ...
    @overload
    def create_payment_collection(
        self, cart_id: str, *, fields: str, timeout: Timeout = None
    ) -> StorePaymentCollectionSelection: ...
    def create_payment_collection(
        self, cart_id: str, *, fields: str | None = None, timeout: Timeout = None
    ) -> StorePaymentCollection | StorePaymentCollectionSelection:
        """Answer a cart's payment collection, creating it if the cart has none."""
        if fields is None:
            return self._run(self._create_call(cart_id, None, timeout, StorePaymentCollection))
        return self._run(
            self._create_call(cart_id, fields, timeout, StorePaymentCollectionSelection)
        )

    @overload
    def initialize_payment_session(
        self,
        payment_collection_id: str,
        provider_id: str,
        data: Mapping[str, Any] | None = None,
        *,
        fields: None = None,
        idempotency_key: str | None = None,
        timeout: Timeout = None,
    ) -> StorePaymentCollection: ...
    @overload
    def initialize_payment_session(
        self,
        payment_collection_id: str,
        provider_id: str,
        data: Mapping[str, Any] | None = None,
        *,
        fields: str,
        idempotency_key: str | None = None,
        timeout: Timeout = None,
    ) -> StorePaymentCollectionSelection: ...
    def initialize_payment_session(
        self,
        payment_collection_id: str,
        provider_id: str,
        data: Mapping[str, Any] | None = None,
        *,
        fields: str | None = None,
        idempotency_key: str | None = None,
        timeout: Timeout = None,
    ) -> StorePaymentCollection | StorePaymentCollectionSelection:
        """Initialize a payment session of a payment collection, in place of an earlier one.

        `data` is for the payment provider. Providers such as Stripe refuse an amount of 0, which
        `pp_system_default` takes. All attempts of one call share one idempotency key, so that they
        make one session; pass your own to extend that over several calls. It is on the result, and
        on a StoreError.
        """
        given = (payment_collection_id, provider_id, data, fields, idempotency_key, timeout)
        if fields is None:
            return self._run(self._initialize_call(*given, StorePaymentCollection))
        return self._run(self._initialize_call(*given, StorePaymentCollectionSelection))

    def _run(self, call: Call[Result]) -> Result:
        steps = exchange(call.request, self._retries)
        pause = next(steps)
        while True:
            try:
                if pause is None:
                    pause = steps.send(self._send(call.request))
                else:
                    self._retries.sleep(pause)
                    pause = steps.send(None)
            except StopIteration as end:
                return call.read(end.value)

    def _send(self, request: httpx.Request) -> Outcome:
        try:
            return self._http.send(request)
        except httpx.RequestError as error:
            return error
        # By an event hook of the transport's, before the body was read.
        except httpx.HTTPStatusError as error:
            return httpx.Response(error.response.status_code, request=request)
        # A redirect to what is no URL, which httpx reads though it does not follow.
        except (httpx.InvalidURL, ValueError) as error:
            return httpx.DecodingError(str(error), request=request)
