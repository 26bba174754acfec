"""Errors of a call, which returns its result or raises one of these.

StoreError
├── ConnectionFailed            no response: connection refused or dropped
│   └── TimedOut                a timeout or the deadline passed
├── BrokenAnswer                the response breaks the contract: HTML, cut-off JSON, wrong types
├── HttpClientShared            an http_client cannot be used in this process or event loop
└── ErrorAnswer                 the store responded with an error
    ├── InvalidData             400
    ├── NotAllowed              400, 403
    ├── Unauthorized            401, and 400 about the publishable key
    ├── NotFound                404
    ├── Conflict                409: a call with the same idempotency key is still running
    ├── BodyTooLarge            413
    ├── UnsupportedMediaType    415
    ├── Duplicate               422: the idempotency key belongs to another call
    ├── PaymentRefused          422: by the payment provider
    ├── RateLimited             429
    └── ServerFailed            5xx

Invalid arguments raise ValueError or TypeError instead, before anything is sent.
"""

import time
from email.utils import parsedate_to_datetime

import httpx

RETRIED_STATUSES = frozenset({409, 429, 502, 503, 504})
"""The statuses after which the same call may succeed. Not 500: stores also refuse with it."""


def retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that Retry-After asks to wait; None if it is missing or invalid."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        date = parsedate_to_datetime(value)
        return max(0.0, date.timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


class StoreError(Exception):
    """A call failed.

    `body` holds the raw bytes of the response, `retry_after` the seconds that the store asked to
    wait (`Retry-After`). To repeat a call that is `retryable`, pass its `idempotency_key`, so that
    it cannot happen twice.
    """

    def __init__(
        self,
        message: str,
        *,
        response: httpx.Response | None = None,
        type: str | None = None,  # noqa: A002 - the wire's name
        code: str | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.type = type
        self.code = code
        self.idempotency_key = idempotency_key
        self.status = None if response is None else response.status_code
        self.body = None if response is None else response.content
        self.request_id = None if response is None else response.headers.get("x-request-id")
        self.retry_after = None if response is None else retry_after(response)

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later, so that the client retries it."""
        return self.status in RETRIED_STATUSES

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.status, self.type, self.message) if part)


class ConnectionFailed(StoreError):
    """The store could not be reached, or dropped the connection."""

    @property
    def retryable(self) -> bool:
        """True: the client retries the call."""
        return True


class TimedOut(ConnectionFailed):
    """A timeout or the deadline of the call passed."""


class BrokenAnswer(StoreError):
    """The response breaks the contract, or comes from something other than the Store API."""


class HttpClientShared(StoreError):
    """The `http_client` belongs to another process or event loop."""


class ErrorAnswer(StoreError):
    """The store responded with an error; `type` and `code` may have new values."""


class InvalidData(ErrorAnswer):
    """The request is malformed."""


class NotAllowed(ErrorAnswer):
    """The store does not allow this call."""


class Unauthorized(ErrorAnswer):
    """The publishable key is missing, unknown or revoked."""


class NotFound(ErrorAnswer):
    """The cart or the payment collection does not exist."""


class Conflict(ErrorAnswer):
    """A call with the same idempotency key is still running."""


class BodyTooLarge(ErrorAnswer):
    """The request's `data` is too large."""


class UnsupportedMediaType(ErrorAnswer):
    """The store, or something in front of it, does not accept JSON."""


class Duplicate(ErrorAnswer):
    """The idempotency key belongs to another call."""


class PaymentRefused(ErrorAnswer):
    """The payment provider refused; the message is the provider's."""


class RateLimited(ErrorAnswer):
    """There were too many calls; see `retry_after`."""


class ServerFailed(ErrorAnswer):
    """The store failed, or could not reach the payment provider."""


_BY_STATUS: dict[int, type[ErrorAnswer]] = {
    400: InvalidData,
    401: Unauthorized,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    413: BodyTooLarge,
    415: UnsupportedMediaType,
    422: InvalidData,
    429: RateLimited,
}
_BY_TYPE: dict[str, type[ErrorAnswer]] = {
    "duplicate_error": Duplicate,
    "not_allowed": NotAllowed,
    "payment_authorization_error": PaymentRefused,
}
_SERVER_ERRORS = range(500, 600)
# These mean the same whatever the type.
_PLAIN_STATUSES = frozenset({401, 404, 409, 413, 415, 429})


def error_class(status: int, type_: str | None, message: str) -> type[ErrorAnswer]:
    """Return the class for an error response."""
    if status in _SERVER_ERRORS:
        return ServerFailed
    if status in _PLAIN_STATUSES:
        return _BY_STATUS[status]
    # Medusa responds so to a missing or unknown publishable key.
    if type_ == "not_allowed" and "publishable" in message.lower():
        return Unauthorized
    return _BY_TYPE.get(type_ or "", _BY_STATUS.get(status, ErrorAnswer))
