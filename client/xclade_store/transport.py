"""Retries, told apart from sending: what to do next, for a sync or an async driver to do.

A call is sent again only if that cannot make it happen twice, or if its idempotency key sees to it.
"""

import logging
import random
import time
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field

import httpx

from xclade_store import arguments
from xclade_store.errors import RETRIED_STATUSES, retry_after

_log = logging.getLogger("xclade_store")

Outcome = httpx.Response | httpx.RequestError


async def _async_sleep(seconds: float) -> None:
    # With either of the event loops that httpx knows; imported late, since not all need it.
    import anyio  # noqa: PLC0415

    await anyio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how patiently a call is made again; all times in seconds.

    Pauses grow from `first_pause` by doubling up to `longest_pause`, each a random part between
    half and all of that; a store's `Retry-After` counts instead. No pause begins that would end
    later than `total` after the call's beginning.
    """

    count: int = 2
    first_pause: float = 0.5
    longest_pause: float = 8.0
    total: float = 60.0
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    async_sleep: Callable[[float], Awaitable[None]] = field(default=_async_sleep, repr=False)
    jitter: Callable[[], float] = field(default=random.random, repr=False)

    def __post_init__(self) -> None:
        arguments.whole_number("count", self.count)
        for name in ("first_pause", "longest_pause", "total"):
            arguments.seconds(name, getattr(self, name))

    def pause(self, attempt: int, outcome: Outcome) -> float:
        """Answer how long to wait after an attempt, the first being 1."""
        asked = retry_after(outcome) if isinstance(outcome, httpx.Response) else None
        if asked is not None:
            return asked
        longest = min(self.first_pause * 2.0 ** (attempt - 1), self.longest_pause)
        return longest * (1 + self.jitter()) / 2


def exchange(
    request: httpx.Request, retries: Retries
) -> Generator[float | None, Outcome | None, Outcome]:
    """Yield None to have the request sent, a number to have so many seconds slept.

    Takes what came of the sending, and returns the last of it.
    """
    started = retries.clock()
    attempt = 0
    while True:
        attempt += 1
        sent = retries.clock()
        outcome = yield None
        if outcome is None:
            message = "a driver has to tell what came of its sending"
            raise TypeError(message)
        _log_attempt(request, attempt, outcome, retries.clock() - sent)
        if attempt > retries.count or not _is_retried(outcome):
            return outcome
        pause = retries.pause(attempt, outcome)
        if retries.clock() + pause - started > retries.total:
            return outcome
        yield pause


def _is_retried(outcome: Outcome) -> bool:
    if isinstance(outcome, httpx.Response):
        return outcome.status_code in RETRIED_STATUSES
    return isinstance(outcome, httpx.TransportError)


def _log_attempt(request: httpx.Request, attempt: int, outcome: Outcome, seconds: float) -> None:
    if _log.isEnabledFor(logging.DEBUG):
        answer = (
            str(outcome.status_code)
            if isinstance(outcome, httpx.Response)
            else type(outcome).__name__
        )
        _log.debug(
            "%s %s -> %s (attempt %d, %.0f ms)",
            request.method,
            request.url.path,
            answer,
            attempt,
            seconds * 1000,
        )
