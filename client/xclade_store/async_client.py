"""The async face, made of client.py by scripts/generate; do not edit."""

from collections.abc import AsyncIterator, Mapping
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


class AsyncStoreClient(Store[httpx.AsyncClient]):
    """Calls one store with one publishable API key from async code, under asyncio or trio.

    `base_url` is the store's address, or `tenant` stands for `https://{tenant}.api.myxclade.com`.
    `customer_token` is a signed-in customer's. `timeout` holds for one attempt, `retries` are the
    attempts after the first. A `http_client` of your own is used as it is, with its own timeout
    unless you give one, and left open.

    Use it as an async context manager, or close() it. Every method raises StoreError when a call
    does not get its result; TypeError or ValueError for bad arguments, before anything is sent.
    Amounts are decimals in major units: `Decimal("25.5")` in `usd` is $25.50. Without `fields` the
    default fields are all there; with `fields`, reading one that was left out raises
    FieldNotAnswered.
    """

    _http_class = httpx.AsyncClient

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections, unless they are a `http_client` of your own."""
        if self._owns_http:
            await self._http.aclose()

    async def list_payment_providers(
        self,
        region_id: str,
        *,
        limit: int = 20,
        offset: int = 0,
        fields: str | None = None,
        timeout: Timeout = None,
    ) -> StorePaymentProviderListResponse:
        """List the payment providers of a region, one page of them."""
        return await self._run(self._list_call(region_id, limit, offset, fields, timeout))

    async def iter_payment_providers(
        self, region_id: str, *, page_size: int = 20, timeout: Timeout = None
    ) -> AsyncIterator[StorePaymentProvider]:
        """Iterate over all payment providers of a region, page after page."""
        offset = 0
        arguments.positive("page_size", page_size)
        while True:
            page = await self.list_payment_providers(
                region_id, limit=page_size, offset=offset, timeout=timeout
            )
            for provider in page.payment_providers:
                yield provider
            offset += len(page.payment_providers)
            if not page.payment_providers or offset >= page.count:
                return

    @overload
    async def create_payment_collection(
        self, cart_id: str, *, fields: None = None, timeout: Timeout = None
    ) -> StorePaymentCollection: ...
    @overload
    async def create_payment_collection(
        self, cart_id: str, *, fields: str, timeout: Timeout = None
    ) -> StorePaymentCollectionSelection: ...
    async def create_payment_collection(
        self, cart_id: str, *, fields: str | None = None, timeout: Timeout = None
    ) -> StorePaymentCollection | StorePaymentCollectionSelection:
        """Answer a cart's payment collection, creating it if the cart has none."""
        if fields is None:
            return await self._run(
                self._create_call(cart_id, None, timeout, StorePaymentCollection)
            )
        return await self._run(
            self._create_call(cart_id, fields, timeout, StorePaymentCollectionSelection)
        )

    @overload
    async def initialize_payment_session(
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
    async def initialize_payment_session(
        self,
        payment_collection_id: str,
        provider_id: str,
        data: Mapping[str, Any] | None = None,
        *,
        fields: str,
        idempotency_key: str | None = None,
        timeout: Timeout = None,
    ) -> StorePaymentCollectionSelection: ...
    async def initialize_payment_session(
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
            return await self._run(self._initialize_call(*given, StorePaymentCollection))
        return await self._run(self._initialize_call(*given, StorePaymentCollectionSelection))

    async def _run(self, call: Call[Result]) -> Result:
        steps = exchange(call.request, self._retries)
        pause = next(steps)
        while True:
            try:
                if pause is None:
                    pause = steps.send(await self._send(call.request))
                else:
                    await self._retries.async_sleep(pause)
                    pause = steps.send(None)
            except StopIteration as end:
                return call.read(end.value)

    async def _send(self, request: httpx.Request) -> Outcome:
        try:
            return await self._http.send(request)
        except httpx.RequestError as error:
            return error
        # By an event hook of the transport's, before the body was read.
        except httpx.HTTPStatusError as error:
            return httpx.Response(error.response.status_code, request=request)
        # A redirect to what is no URL, which httpx reads though it does not follow.
        except (httpx.InvalidURL, ValueError) as error:
            return httpx.DecodingError(str(error), request=request)
