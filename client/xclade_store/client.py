"""StoreClient. scripts/generate makes async_client.py from this module."""

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, overload

import httpx

from xclade_store import arguments
from xclade_store.base_client import BaseClient, Timeout
from xclade_store.calls import Call, Result
from xclade_store.connections import SyncConnections
from xclade_store.generated import models
from xclade_store.transport import Outcome, Send, exchange, time_limit

if TYPE_CHECKING:
    import httpx2


class StoreClient(BaseClient[httpx.Client, "httpx2.Client"]):
    """A client for one store with one publishable API key; safe to share between threads.

    `base_url` is the store's address; `tenant` is short for `https://{tenant}.api.myxclade.com`.
    `customer_token` is a signed-in customer's; `as_customer()` serves several customers.
    `deadline` limits a call as a whole (60 seconds by default), `timeout` each attempt's waits.
    `retries` are the attempts after the first. An `http_client` of your own, of httpx or httpx2,
    keeps its settings, and its timeouts unless you give one. It is not closed.

    Use it as a context manager, or close() it. Every method raises StoreError if the call
    fails, and TypeError or ValueError for invalid arguments before anything is sent.
    Amounts are decimals in major units: `Decimal("25.5")` in `usd` is $25.50. Without `fields` the
    default fields are all there; with `fields`, reading one that was left out raises
    FieldNotAnswered.
    """

    _own_connections = SyncConnections

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
        """Close the connections, unless they belong to `http_client` or to another client."""
        if not self._is_view:
            self._connections.close()

    def list_payment_providers(
        self,
        region_id: str,
        *,
        limit: int = 20,
        offset: int = 0,
        fields: str | None = None,
        timeout: Timeout = None,
        deadline: float | None = None,
    ) -> "models.StorePaymentProviderListResponse":
        """Return one page of the payment providers of a region."""
        return self._run(self._list_call(region_id, limit, offset, fields, timeout, deadline))

    def iter_payment_providers(
        self,
        region_id: str,
        *,
        page_size: int = 20,
        timeout: Timeout = None,
        deadline: float | None = None,
    ) -> "Iterator[models.StorePaymentProvider]":
        """Yield all payment providers of a region; each page is a call with its own deadline.

        The store's pages have no guaranteed order and may shift: a provider is yielded only once.
        """
        offset = 0
        seen: set[str] = set()
        arguments.positive("page_size", page_size)
        while True:
            page = self.list_payment_providers(
                region_id, limit=page_size, offset=offset, timeout=timeout, deadline=deadline
            )
            for provider in page.payment_providers:
                if provider.id not in seen:
                    seen.add(provider.id)
                    yield provider
            offset += len(page.payment_providers)
            if not page.payment_providers or offset >= page.count:
                return

    @overload
    def create_payment_collection(
        self,
        cart_id: str,
        *,
        fields: None = None,
        timeout: Timeout = None,
        deadline: float | None = None,
    ) -> "models.StorePaymentCollection": ...
    @overload
    def create_payment_collection(
        self, cart_id: str, *, fields: str, timeout: Timeout = None, deadline: float | None = None
    ) -> "models.StorePaymentCollectionSelection": ...
    def create_payment_collection(
        self,
        cart_id: str,
        *,
        fields: str | None = None,
        timeout: Timeout = None,
        deadline: float | None = None,
    ) -> "models.StorePaymentCollection | models.StorePaymentCollectionSelection":
        """Return a cart's payment collection, creating it if necessary."""
        if fields is None:
            return self._run(
                self._create_call(cart_id, None, timeout, deadline, models.StorePaymentCollection)
            )
        return self._run(
            self._create_call(
                cart_id, fields, timeout, deadline, models.StorePaymentCollectionSelection
            )
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
        deadline: float | None = None,
    ) -> "models.StorePaymentCollection": ...
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
        deadline: float | None = None,
    ) -> "models.StorePaymentCollectionSelection": ...
    def initialize_payment_session(
        self,
        payment_collection_id: str,
        provider_id: str,
        data: Mapping[str, Any] | None = None,
        *,
        fields: str | None = None,
        idempotency_key: str | None = None,
        timeout: Timeout = None,
        deadline: float | None = None,
    ) -> "models.StorePaymentCollection | models.StorePaymentCollectionSelection":
        """Initialize a payment session, which replaces an earlier one, and return its collection.

        `data` is for the payment provider. Providers such as Stripe refuse an amount of 0, which
        `pp_system_default` accepts. All attempts of a call share one idempotency key, so that they
        make one session; pass your own to extend that over several calls. The key is on the result
        and on a StoreError.
        """
        given = (
            payment_collection_id,
            provider_id,
            data,
            fields,
            idempotency_key,
            timeout,
            deadline,
        )
        if fields is None:
            return self._run(self._initialize_call(*given, models.StorePaymentCollection))
        return self._run(self._initialize_call(*given, models.StorePaymentCollectionSelection))

    def _run(self, call: Call[Result]) -> Result:
        steps = exchange(call.request, self._retries, call.deadline)
        step = next(steps)
        while True:
            try:
                if isinstance(step, Send):
                    step = steps.send(self._send(call, step.seconds))
                else:
                    self._retries.sleep(step.seconds)
                    step = steps.send(None)
            except StopIteration as end:
                outcome: Outcome = end.value
                break
        # Not in the handler, or StopIteration would be the context of every error.
        return call.read(outcome)

    def _send(self, call: Call[Any], seconds: float) -> Outcome:
        library = self._library
        http = self._connections.get()
        try:
            with time_limit(call.request, seconds):
                return http.send(call.request, follow_redirects=False)
        # The last two come from the redirect that httpx reads without following it.
        except (library.HTTPError, TimeoutError, library.InvalidURL, ValueError) as error:
            return self._failure(call, error)
