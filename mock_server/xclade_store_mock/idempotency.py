"""Safe retries: of all requests with one idempotency key, only the first is carried out."""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from xclade_store_mock.errors import IdempotencyKeyReused, RequestStillRunning

LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered; `replayed` if it is an earlier request's answer."""

    status: int
    body: bytes
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class KeyScope:
    """What a key belongs to: the same key elsewhere is another key."""

    publishable_key: str
    method: str
    path: str
    key: str


@dataclass(slots=True)
class _Record:
    fingerprint: str
    expires_at: datetime
    answer: Answer | None = None


def parse_key(value: str) -> str:
    """Read a key, bare or as a quoted string (RFC 8941); its form is the contract's affair."""
    if not value.startswith('"'):
        return value
    return re.sub(r"\\(.)", r"\1", value[1:-1])


def fingerprint(query: Mapping[str, str], body: Any) -> str:
    """Tell requests apart by their query and the meaning of their body."""
    canonical = json.dumps([query, body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


class IdempotencyRecords:
    """Remembers answers for 24 hours."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        # In the order in which they expire.
        self._records: dict[KeyScope, _Record] = {}

    def reset(self) -> None:
        """Forget every answer."""
        self._records = {}

    async def once(
        self, scope: KeyScope, fingerprint: str, carry_out: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """Carry a request out, or answer as its twin was answered.

        Raises RequestStillRunning while the twin has no answer, and IdempotencyKeyReused if it is
        no twin. A request that ends in an exception has no answer, and so leaves no trace.
        """
        self._forget_expired()
        earlier = self._records.get(scope)
        if earlier is not None:
            if earlier.fingerprint != fingerprint:
                raise IdempotencyKeyReused
            if earlier.answer is None:
                raise RequestStillRunning
            return replace(earlier.answer, replayed=True)
        record = self._records[scope] = _Record(fingerprint, self._clock() + LIFETIME)
        try:
            record.answer = await carry_out()
        finally:
            if record.answer is None:
                self._records.pop(scope, None)
        return record.answer

    def _forget_expired(self) -> None:
        now = self._clock()
        while self._records:
            scope, record = next(iter(self._records.items()))
            if record.expires_at > now:
                return
            del self._records[scope]
