"""What StoreClient and AsyncStoreClient share: their constructor, and arguments made into calls."""

import json
import os
import re
from collections.abc import Mapping
from typing import Any, Generic, NoReturn, Self, cast

import httpx

from xclade_store import arguments
from xclade_store.calls import Call, Initialized, Result, __version__
from xclade_store.connections import (
    Connections,
    GivenConnections,
    Http,
    Http2,
    OwnConnections,
    Timeouts,
    library_of,
)
from xclade_store.environment import http_settings
from xclade_store.errors import BrokenAnswer, ConnectionFailed, TimedOut
from xclade_store.generated import models
from xclade_store.generated.api.payment_collections import (
    create_payment_collection,
    initialize_payment_session,
)
from xclade_store.generated.api.payment_providers import list_payment_providers
from xclade_store.json_values import UNSET, Unset
from xclade_store.transport import Outcome, Retries, describe

SERVER = "https://{tenant}.api.myxclade.com"
"""The contract's server."""

DEADLINE = 60.0
"""The default deadline of a call, in seconds."""

DEFAULT_RETRIES = Retries()
_PORTS = 2**16
# Made once: httpx would make one for each request.
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))

Timeout = float | httpx.Timeout | None


class BaseClient(Generic[Http, Http2]):
    """What both clients share."""

    _own_connections: type[OwnConnections[Http]]

    def __init__(
        self,
        base_url: str | None = None,
        *,
        publishable_key: str,
        tenant: str | None = None,
        customer_token: str | None = None,
        timeout: Timeout = None,
        deadline: float | None = None,
        retries: int | Retries = DEFAULT_RETRIES,
        http_client: Http | Http2 | None = None,
    ) -> None:
        # Not with the first call: a process that is forked during an import cannot repeat it.
        for name in models.__all__:
            getattr(models, name)
        self._base_url = _base_url(base_url, tenant)
        self._library = library_of(http_client)
        if http_client is not None:
            expected = getattr(self._library, self._own_connections.http_class.__name__)
            arguments.instance("http_client", http_client, expected)
        self._headers = {
            "x-publishable-api-key": arguments.token("publishable_key", publishable_key),
            "user-agent": f"xclade-store/{__version__} "
            f"python-{self._library.__name__}/{self._library.__version__}",
        }
        self._credentials = _credentials(self._base_url, http_client)
        if customer_token is not None:
            self._headers |= self._authorization(customer_token)
        self._retries = retries if isinstance(retries, Retries) else Retries(count=retries)
        self._timeouts = self._read_timeout(timeout)
        self._deadline = _read_deadline(deadline, DEADLINE)
        self._is_view = False
        if http_client is None:
            settings = http_settings(self._base_url)
            self._connections: Connections[Http] = self._own_connections(settings)
        else:
            given = cast("Http", http_client)
            self._connections = GivenConnections(given, self._own_connections.scope)

    def __repr__(self) -> str:
        # A URL's own repr keeps a password.
        shown = repr(httpx.URL(self._base_url)).removeprefix("URL(").removesuffix(")")
        return f"{type(self).__name__}({shown})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} cannot be pickled or copied: make one in each process, at "
            "the top of a module for example"
        )

    def as_customer(self, customer_token: str) -> Self:
        """Return a client for a signed-in customer, which shares this one's connections.

        It needs no closing, and works until this client is closed.
        """
        view = object.__new__(type(self))
        vars(view).update(vars(self))
        view._headers = self._headers | self._authorization(customer_token)
        view._is_view = True
        return view

    def _authorization(self, customer_token: str) -> dict[str, str]:
        token = arguments.customer_token(customer_token)
        if self._credentials:
            raise ValueError(
                f"customer_token and {self._credentials} both set the header Authorization: "
                "give one of them"
            )
        return {"authorization": f"Bearer {token}"}

    def _read_timeout(self, value: Timeout) -> Timeouts | None:
        """Return the timeouts as httpx's extension has them; None if nobody gave any."""
        if value is None:
            return None
        given: Any = value
        if not isinstance(given, httpx.Timeout | self._library.Timeout):
            given = httpx.Timeout(arguments.positive_seconds("timeout", given))
        timeouts: Timeouts = given.as_dict()
        return timeouts

    def _call(
        self,
        parts: Mapping[str, Any],
        result: type[Result],
        timeout: Timeout,
        deadline: float | None,
        envelope: str | None = None,
        key: str | None = None,
        initialized: Initialized | None = None,
    ) -> Call[Result]:
        try:
            request = self._connections.build_request(
                parts["method"],
                f"{self._base_url}{parts['url']}",
                self._read_timeout(timeout) or self._timeouts,
                params=parts["params"] or None,
                content=_JSON.encode(parts["json"]).encode() if "json" in parts else None,
                headers={**self._headers, **parts.get("headers", {})},
            )
        except self._library.InvalidURL as error:  # longer than httpx has them
            raise ValueError(f"the arguments do not make a valid URL: {error}") from error
        ends = _read_deadline(deadline, self._deadline)
        return Call(request, result, envelope, key, initialized, ends)

    def _failure(self, call: Call[Any], error: Exception) -> Outcome:
        """Return the outcome of an attempt that raised an error."""
        # An event hook of http_client raises it before the body is read.
        if isinstance(error, self._library.HTTPStatusError):
            status: int = cast("httpx.HTTPStatusError", error).response.status_code
            return httpx.Response(status, request=call.request)
        kind: type[ConnectionFailed | BrokenAnswer] = BrokenAnswer
        if isinstance(error, TimeoutError | self._library.TimeoutException):
            kind = TimedOut
        elif isinstance(error, self._library.TransportError):
            kind = ConnectionFailed
        message = f"{describe(call.request)}: {type(error).__name__}: {error}"
        failure = kind(message, idempotency_key=call.idempotency_key)
        failure.__cause__ = error
        return failure

    def _list_call(
        self,
        region_id: str,
        limit: int,
        offset: int,
        fields: str | None,
        timeout: Timeout,
        deadline: float | None,
    ) -> "Call[models.StorePaymentProviderListResponse]":
        parts = list_payment_providers._get_kwargs(
            region_id=arguments.identifier("region_id", region_id),
            limit=arguments.whole_number("limit", limit),
            offset=arguments.whole_number("offset", offset),
            fields=_fields(fields),
        )
        return self._call(parts, models.StorePaymentProviderListResponse, timeout, deadline)

    def _create_call(
        self,
        cart_id: str,
        fields: str | None,
        timeout: Timeout,
        deadline: float | None,
        result: type[Result],
    ) -> Call[Result]:
        body = {"cart_id": arguments.identifier("cart_id", cart_id)}
        parts = create_payment_collection._get_kwargs(body=body, fields=_fields(fields))
        return self._call(parts, result, timeout, deadline, "payment_collection")

    def _initialize_call(
        self,
        payment_collection_id: str,
        provider_id: str,
        data: Mapping[str, Any] | None,
        fields: str | None,
        idempotency_key: str | None,
        timeout: Timeout,
        deadline: float | None,
        result: type[Result],
    ) -> Call[Result]:
        body: dict[str, Any] = {"provider_id": arguments.identifier("provider_id", provider_id)}
        if data is not None:
            body["data"] = arguments.json_object("data", data)
        key = os.urandom(16).hex() if idempotency_key is None else idempotency_key
        parts = initialize_payment_session._get_kwargs(
            arguments.identifier("payment_collection_id", payment_collection_id),
            body=body,
            fields=_fields(fields),
            idempotency_key=arguments.idempotency_key(key),
        )
        sent = Initialized(payment_collection_id, provider_id)
        return self._call(parts, result, timeout, deadline, "payment_collection", key, sent)


def _base_url(base_url: str | None, tenant: str | None) -> str:
    if (base_url is None) == (tenant is None):
        raise ValueError("give either base_url or tenant")
    if base_url is None:
        if not re.fullmatch(
            r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", arguments.text("tenant", tenant)
        ):
            raise ValueError(f"tenant is not a valid subdomain: {tenant!r}")
        return SERVER.format(tenant=tenant)
    try:
        url = httpx.URL(arguments.text("base_url", base_url))
        url.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ValueError(f"base_url is not a valid URL: {error}") from error
    if (
        url.scheme not in {"http", "https"}
        or not url.host
        or (url.port or 0) not in range(_PORTS)
        or re.search("[?#]", base_url)
    ):
        message = "base_url must be http:// or https:// with a host, and nothing after the path"
        raise ValueError(message)
    return base_url.rstrip("/")


def _credentials(base_url: str, http_client: Any) -> str:
    """Return what sets Authorization besides customer_token. Raises: ValueError if two do."""
    given = {
        "the credentials in base_url": bool(httpx.URL(base_url).userinfo),
        "http_client.auth": http_client is not None and http_client.auth is not None,
        "http_client.headers": http_client is not None and "authorization" in http_client.headers,
    }
    sources = [name for name, is_given in given.items() if is_given]
    if len(sources) > 1:
        raise ValueError(f"{' and '.join(sources)} set the header Authorization: give one of them")
    return "".join(sources)


def _read_deadline(value: float | None, default: float) -> float:
    return default if value is None else arguments.positive_seconds("deadline", value)


def _fields(fields: str | None) -> str | Unset:
    return UNSET if fields is None else arguments.text("fields", fields)
