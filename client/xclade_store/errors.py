"""What can go wrong with a call: it returns its result or raises one of these.

StoreError
├── ConnectionFailed            no answer: refused, or broken off
│   └── TimedOut
├── BrokenAnswer                not what the contract says: HTML, half of a JSON, wrong types
└── ErrorAnswer                 the store answered with an error
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

Bad arguments raise ValueError or TypeError instead, before anything is sent.
"""

import time
from email.utils import parsedate_to_datetime

import httpx

RETRIED_STATUSES = frozenset({409, 429, 502, 503, 504})
"""The statuses after which the same call may succeed; not 500: stores refuse with it, too."""


def retry_after(response: httpx.Response) -> float | None:
    """Read the header, in seconds or as a date; None where there is no sense in it."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        date = parsedate_to_datetime(value)
        return max(0.0, date.timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


class StoreError(Exception):
    """A call that did not get its result.

    `body` holds the raw bytes of the answer, `retry_after` the seconds that the store asked to wait
    (`Retry-After`). `retryable` tells whether the same call may succeed
    later; make it with the same `idempotency_key`, so that it cannot happen twice.
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
        """Tell whether the same call may succeed later."""
        return self.status is None or self.status in RETRIED_STATUSES

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.status, self.type, self.message) if part)


class ConnectionFailed(StoreError):
    """The store could not be reached, or broke off."""


class TimedOut(ConnectionFailed):
    """The store took too long."""


class BrokenAnswer(StoreError):
    """The answer is not one that the contract knows."""


class ErrorAnswer(StoreError):
    """The store answered with an error; `type` and `code` are open vocabularies."""


class InvalidData(ErrorAnswer):
    """The store found the request malformed."""


class NotAllowed(ErrorAnswer):
    """The store does not allow it."""


class Unauthorized(ErrorAnswer):
    """The publishable key is missing, unknown or revoked."""


class NotFound(ErrorAnswer):
    """The cart or the payment collection does not exist."""


class Conflict(ErrorAnswer):
    """A call with the same idempotency key is still running."""


class BodyTooLarge(ErrorAnswer):
    """The request's `data` is too large."""


class UnsupportedMediaType(ErrorAnswer):
    """The store, or something in front of it, does not read JSON."""


class Duplicate(ErrorAnswer):
    """The idempotency key belongs to another call."""


class PaymentRefused(ErrorAnswer):
    """The payment provider refused; the message is its own."""


class RateLimited(ErrorAnswer):
    """There were too many calls."""


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
# Those that mean the same whatever the type.
_PLAIN_STATUSES = frozenset({401, 404, 409, 413, 415, 429})


def error_class(status: int, type_: str | None, message: str) -> type[ErrorAnswer]:
    """Choose the class that says what an error answer means."""
    if status in _SERVER_ERRORS:
        return ServerFailed
    if status in _PLAIN_STATUSES:
        return _BY_STATUS[status]
    # A Medusa backend says so of a missing or unknown publishable key.
    if type_ == "not_allowed" and "publishable" in message.lower():
        return Unauthorized
    return _BY_TYPE.get(type_ or "", _BY_STATUS.get(status, ErrorAnswer))
