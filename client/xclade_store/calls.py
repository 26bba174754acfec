"""What a call is, whichever client makes it: arguments made into a request, an answer read.

What is generated makes the request's parts and reads the answer's models.
"""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar

import httpx

from xclade_store import arguments
from xclade_store.errors import BrokenAnswer, ConnectionFailed, TimedOut, error_class
from xclade_store.generated.api.payment_collections import (
    create_payment_collection,
    initialize_payment_session,
)
from xclade_store.generated.api.payment_providers import list_payment_providers
from xclade_store.generated.models import (
    CreatePaymentCollectionRequest,
    Error,
    InitializePaymentSessionRequest,
    StorePaymentProviderListResponse,
)
from xclade_store.generated.types import UNSET, ExactFloat, Model, Unset
from xclade_store.transport import Outcome, Retries

__version__ = "0.1.0"

SERVER = "https://{tenant}.api.myxclade.com"
"""The contract's server."""

TIMEOUT = httpx.Timeout(30, connect=5)
"""The timeouts of one attempt unless others are given: 5 seconds to connect, 30 for each wait."""

DEFAULT_RETRIES = Retries()
_PORTS = 2**16

Timeout = float | httpx.Timeout | None
Result = TypeVar("Result", bound=Model)
Http = TypeVar("Http", httpx.Client, httpx.AsyncClient)


class Initialized(NamedTuple):
    """The ids that a call of initialize_payment_session sent."""

    collection_id: str
    provider_id: str


@dataclass(frozen=True, slots=True)
class Call(Generic[Result]):
    """One logical call: what to send, and how to read its answer."""

    request: httpx.Request
    result: type[Result]
    envelope: str | None
    idempotency_key: str | None
    initialized: Initialized | None

    def read(self, outcome: Outcome) -> Result:
        """Return the result, or raise the StoreError that the outcome stands for."""
        if isinstance(outcome, httpx.DecodingError):
            raise BrokenAnswer(str(outcome), idempotency_key=self.idempotency_key) from outcome
        if isinstance(outcome, httpx.RequestError):
            failure = TimedOut if isinstance(outcome, httpx.TimeoutException) else ConnectionFailed
            url = self.request.url.copy_with(userinfo=b"", query=None)
            message = f"{self.request.method} {url}: {type(outcome).__name__}: {outcome}"
            raise failure(message, idempotency_key=self.idempotency_key) from outcome
        try:
            text = outcome.content.decode("utf-8-sig")
            body = json.loads(text, parse_float=ExactFloat, parse_constant=_refuse_constant)
            if not outcome.is_success:
                self._raise_error(outcome, Error.from_dict(body))
            result = self.result.from_dict(body if self.envelope is None else body[self.envelope])
        # What reading JSON into models raises; StoreError is none of these.
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            if outcome.status_code == HTTPStatus.UNAUTHORIZED:
                self._raise_error(outcome, None)
            message = f"not what the contract says: {type(error).__name__}: {error}"[:300]
            if outcome.has_redirect_location:
                message = f"redirected to {outcome.headers['location'][:300]}: check base_url"
            raise BrokenAnswer(
                message, response=outcome, idempotency_key=self.idempotency_key
            ) from error
        fault = self.initialized and contradiction(result, *self.initialized)
        if fault:
            raise BrokenAnswer(fault, response=outcome, idempotency_key=self.idempotency_key)
        result.__dict__["idempotency_key"] = self.idempotency_key
        return result

    def _raise_error(self, response: httpx.Response, error: Error | None) -> NoReturn:
        """Raise the class that says what the error means; a 401 is a bare text."""
        type_ = None if error is None else error.type_
        message = "Unauthorized" if error is None else error.message
        raise error_class(response.status_code, type_, message)(
            message,
            response=response,
            type=type_,
            code=None if error is None else error.__dict__.get("code"),
            idempotency_key=self.idempotency_key,
        )


def contradiction(result: Model, collection_id: str, provider_id: str) -> str | None:
    """Return how an answer to initialize_payment_session contradicts the ids that were sent.

    Sessions whose `provider_id` was not selected prove nothing. Of several sessions, those with
    the latest `created_at` are the newest; without it, any of them may be.
    """
    answered = vars(result)
    if answered["id"] != collection_id:
        return f"the answer is about payment collection {answered['id']!r}, not {collection_id!r}"
    listed: tuple[Model, ...] = answered.get("payment_sessions", ())
    sessions = [vars(session) for session in listed]
    if all("created_at" in session for session in sessions):
        latest = max((session["created_at"] for session in sessions), default=None)
        sessions = [session for session in sessions if session["created_at"] == latest]
    providers = [session.get("provider_id", provider_id) for session in sessions]
    if providers and provider_id not in providers:
        return f"the new payment session is of provider {providers[-1]!r}, not {provider_id!r}"
    return None


class Store(Generic[Http]):
    """What both clients are: arguments made into calls."""

    _http_class: type[Http]
    _http: Http

    def __init__(
        self,
        base_url: str | None = None,
        *,
        publishable_key: str,
        tenant: str | None = None,
        customer_token: str | None = None,
        timeout: Timeout = None,
        retries: int | Retries = DEFAULT_RETRIES,
        http_client: Http | None = None,
    ) -> None:
        self._base_url = _base_url(base_url, tenant)
        self._headers = {
            "x-publishable-api-key": arguments.token("publishable_key", publishable_key),
            "user-agent": f"xclade-store/{__version__} python-httpx/{httpx.__version__}",
        }
        if customer_token is not None:
            token = arguments.token("customer_token", customer_token, longest=8192)
            self._headers["authorization"] = f"Bearer {token}"
        self._retries = retries if isinstance(retries, Retries) else Retries(count=retries)
        self._owns_http = http_client is None
        if http_client is not None:
            arguments.instance("http_client", http_client, self._http_class)
        self._timeout = _timeout(timeout)
        self._http = http_client or self._http_class(timeout=TIMEOUT)

    def __repr__(self) -> str:
        # A URL's own repr keeps a password.
        shown = repr(httpx.URL(self._base_url)).removeprefix("URL(").removesuffix(")")
        return f"{type(self).__name__}({shown})"

    def _call(
        self,
        parts: Mapping[str, Any],
        result: type[Result],
        timeout: Timeout,
        envelope: str | None = None,
        key: str | None = None,
        initialized: Initialized | None = None,
    ) -> Call[Result]:
        # What nobody gave is left to the transport.
        chosen = _timeout(timeout) or self._timeout
        try:
            request = self._http.build_request(
                parts["method"],
                f"{self._base_url}{parts['url']}",
                params=parts["params"] or None,
                json=parts.get("json"),
                headers={**self._headers, **parts.get("headers", {})},
                timeout=httpx.USE_CLIENT_DEFAULT if chosen is None else chosen,
            )
        except httpx.InvalidURL as error:  # longer than httpx has them
            message = f"the arguments make no URL: {error}"
            raise ValueError(message) from error
        return Call(request, result, envelope, key, initialized)

    def _list_call(
        self, region_id: str, limit: int, offset: int, fields: str | None, timeout: Timeout
    ) -> Call[StorePaymentProviderListResponse]:
        parts = list_payment_providers._get_kwargs(
            region_id=arguments.identifier("region_id", region_id),
            limit=arguments.whole_number("limit", limit),
            offset=arguments.whole_number("offset", offset),
            fields=_fields(fields),
        )
        return self._call(parts, StorePaymentProviderListResponse, timeout)

    def _create_call(
        self, cart_id: str, fields: str | None, timeout: Timeout, result: type[Result]
    ) -> Call[Result]:
        body = {"cart_id": arguments.identifier("cart_id", cart_id)}
        parts = create_payment_collection._get_kwargs(
            body=CreatePaymentCollectionRequest.from_dict(body), fields=_fields(fields)
        )
        return self._call(parts, result, timeout, "payment_collection")

    def _initialize_call(
        self,
        payment_collection_id: str,
        provider_id: str,
        data: Mapping[str, Any] | None,
        fields: str | None,
        idempotency_key: str | None,
        timeout: Timeout,
        result: type[Result],
    ) -> Call[Result]:
        body: dict[str, Any] = {"provider_id": arguments.identifier("provider_id", provider_id)}
        if data is not None:
            body["data"] = arguments.json_object("data", data)
        key = uuid.uuid4().hex if idempotency_key is None else idempotency_key
        parts = initialize_payment_session._get_kwargs(
            arguments.identifier("payment_collection_id", payment_collection_id),
            body=InitializePaymentSessionRequest.from_dict(body),
            fields=_fields(fields),
            idempotency_key=arguments.idempotency_key(key),
        )
        asked = Initialized(payment_collection_id, provider_id)
        return self._call(parts, result, timeout, "payment_collection", key, asked)


def _base_url(base_url: str | None, tenant: str | None) -> str:
    if (base_url is None) == (tenant is None):
        message = "give either a base_url or a tenant"
        raise ValueError(message)
    if base_url is None:
        if not re.fullmatch(
            r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", arguments.text("tenant", tenant)
        ):
            message = f"tenant is no subdomain: {tenant!r}"
            raise ValueError(message)
        return SERVER.format(tenant=tenant)
    try:
        url = httpx.URL(arguments.text("base_url", base_url))
        url.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError) as error:
        message = f"base_url is no URL: {error}"
        raise ValueError(message) from error
    if (
        url.scheme not in {"http", "https"}
        or not url.host
        or (url.port or 0) not in range(_PORTS)
        or re.search("[?#]", base_url)
    ):
        message = "base_url must be http:// or https:// with a host, and nothing after the path"
        raise ValueError(message)
    return base_url.rstrip("/")


def _timeout(value: Timeout) -> httpx.Timeout | None:
    if value is None or isinstance(value, httpx.Timeout):
        return value
    return httpx.Timeout(arguments.timeout(value))


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is no JSON"
    raise ValueError(message)


def _fields(fields: str | None) -> str | Unset:
    return UNSET if fields is None else arguments.text("fields", fields)
