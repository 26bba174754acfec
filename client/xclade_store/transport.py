"""Retries and time limits of a call.

`exchange` decides what to do next and performs no I/O: a sync and an async driver do it. A call is
sent again only if that cannot make it happen twice, or if its idempotency key prevents it.
"""

import logging
import random
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx

from xclade_store import arguments
from xclade_store.errors import (
    RETRIED_STATUSES,
    ConnectionFailed,
    StoreError,
    TimedOut,
    retry_after,
)

_log = logging.getLogger("xclade_store")

Outcome = httpx.Response | StoreError


async def _async_sleep(seconds: float) -> None:
    # Imported late, since sync code does not need it.
    import anyio  # noqa: PLC0415

    await anyio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a call is retried, and after which pauses, in seconds.

    Pauses double from `first_pause` up to `longest_pause`; each is a random part between half and
    all of that. A `Retry-After` of the store's takes precedence. A pause that would not end before
    the call's deadline is not begun: the call fails at once.
    """

    count: int = 2
    first_pause: float = 0.5
    longest_pause: float = 8.0
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    async_sleep: Callable[[float], Awaitable[None]] = field(default=_async_sleep, repr=False)
    jitter: Callable[[], float] = field(default=random.random, repr=False)

    def __post_init__(self) -> None:
        arguments.whole_number("count", self.count)
        for name in ("first_pause", "longest_pause"):
            arguments.seconds(name, getattr(self, name))

    def pause(self, attempt: int, outcome: Outcome) -> float:
        """Return how long to wait after an attempt, the first being 1."""
        asked = _asked_pause(outcome)
        if asked is not None:
            return asked
        longest = min(self.first_pause * 2.0 ** (attempt - 1), self.longest_pause)
        return longest * (1 + self.jitter()) / 2


class Send(NamedTuple):
    """Send the request, and give up when so many seconds have passed."""

    seconds: float


class Pause(NamedTuple):
    """Wait for so many seconds."""

    seconds: float


def exchange(
    request: httpx.Request, retries: Retries, deadline: float
) -> Generator[Send | Pause, Outcome | None, Outcome]:
    """Yield what to do next, expect the outcome of each Send, and return the last one."""
    ends = retries.clock() + deadline
    attempt = 0
    while True:
        attempt += 1
        sent = retries.clock()
        outcome = yield Send(ends - sent)
        if outcome is None:
            raise TypeError("send the outcome of the attempt")
        now = retries.clock()
        _log_attempt(request, attempt, outcome, now - sent)
        if isinstance(outcome, TimedOut) and now >= ends:
            message = f"{describe(request)}: no result within the deadline of {deadline:g} s"
            return _failure(outcome, message, attempt)
        if attempt > retries.count or not _is_retried(outcome):
            return _last(outcome, attempt)
        pause = retries.pause(attempt, outcome)
        if now + pause >= ends:
            return _last(outcome, attempt)
        _log_pause(request, attempt, outcome, pause)
        yield Pause(pause)


def describe(request: httpx.Request) -> str:
    """Return a request's method and URL, without credentials and query."""
    return f"{request.method} {request.url.copy_with(userinfo=b'', query=None)}"


def _is_retried(outcome: Outcome) -> bool:
    if isinstance(outcome, StoreError):
        return isinstance(outcome, ConnectionFailed)
    return outcome.status_code in RETRIED_STATUSES


def _asked_pause(outcome: Outcome) -> float | None:
    return None if isinstance(outcome, StoreError) else retry_after(outcome)


def _last(outcome: Outcome, attempts: int) -> Outcome:
    """Return the outcome of the last attempt, with the number of attempts if there is no answer."""
    if isinstance(outcome, ConnectionFailed):
        return _failure(outcome, outcome.message, attempts)
    return outcome


def _failure(outcome: ConnectionFailed, message: str, attempts: int) -> ConnectionFailed:
    counted = f"{message} ({attempts} attempt{'' if attempts == 1 else 's'})"
    error = type(outcome)(counted, idempotency_key=outcome.idempotency_key)
    error.__cause__ = outcome.__cause__
    return error


def _reason(outcome: Outcome) -> str:
    if isinstance(outcome, StoreError):
        return type(outcome.__cause__ or outcome).__name__
    return str(outcome.status_code)


def _log_attempt(request: httpx.Request, attempt: int, outcome: Outcome, seconds: float) -> None:
    if _log.isEnabledFor(logging.DEBUG):
        _log.debug(
            "%s %s -> %s (attempt %d, %.0f ms)",
            request.method,
            request.url.path,
            _reason(outcome),
            attempt,
            seconds * 1000,
        )


def _log_pause(request: httpx.Request, attempt: int, outcome: Outcome, seconds: float) -> None:
    _log.info(
        "%s %s: attempt %d failed (%s), retrying in %.1f s%s",
        request.method,
        request.url.path,
        attempt,
        _reason(outcome),
        seconds,
        "" if _asked_pause(outcome) is None else " as the store asked",
    )


@contextmanager
def async_time_limit(request: httpx.Request, seconds: float) -> Generator[None]:
    """Cancel the block after so many seconds. Raises: TimeoutError."""
    import anyio  # noqa: PLC0415 - imported late, since sync code does not need it

    _shorten_timeouts(request, seconds)
    with anyio.fail_after(seconds):
        yield


_ends: ContextVar[float | None] = ContextVar("_ends", default=None)
"""When the attempt that is sent in this thread has to end, by time.monotonic()."""


@contextmanager
def time_limit(request: httpx.Request, seconds: float) -> Generator[None]:
    """Fail the sending in the block after so many seconds. Raises: TimeoutError or a timeout.

    httpx's timeouts begin anew with each read, so that a server which sends one byte now and then
    could hold a call for ever. The connections that are opened in the block are made to respect
    the limit here and in later blocks.
    """
    _shorten_timeouts(request, seconds)
    request.extensions["trace"] = _limit_new_connection
    token = _ends.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends.reset(token)


def _shorten_timeouts(request: httpx.Request, seconds: float) -> None:
    timeouts: dict[str, float | None] = request.extensions["timeout"]
    request.extensions["timeout"] = {
        name: seconds if value is None else min(value, seconds) for name, value in timeouts.items()
    }


def _limit_new_connection(event: str, info: dict[str, Any]) -> None:
    """Wrap the methods of a new network stream: httpx's extension `trace` shows them all."""
    if event.endswith(".send_request_headers.started"):
        # The connection is open: further events would only take time. Not so for a proxy's.
        if info["request"].method != b"CONNECT":
            info["request"].extensions.pop("trace", None)
        return
    if not event.endswith((".connect_tcp.complete", ".start_tls.complete")):
        return
    stream = info["return_value"]
    read, write, start_tls = stream.read, stream.write, stream.start_tls

    def limited_read(max_bytes: int, timeout: float | None = None) -> Any:
        return read(max_bytes, _limited(timeout))

    def limited_write(buffer: bytes, timeout: float | None = None) -> None:
        write(buffer, _limited(timeout))

    def limited_start_tls(
        ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> Any:
        return start_tls(ssl_context, server_hostname, _limited(timeout))

    stream.read, stream.write, stream.start_tls = limited_read, limited_write, limited_start_tls


def _limited(timeout: float | None) -> float | None:
    """Return a timeout that ends in time. Raises: TimeoutError if the time is up."""
    ends = _ends.get()
    if ends is None:
        return timeout
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left if timeout is None else min(timeout, left)
