"""Safe retries: of all requests with one idempotency key, only the first is executed.

A record is stored before the first irreversible step, and its answer in the same transaction as the
changes of the request. So a retry finds either the answer, or the record of a request that died. It
then continues that request with the same session id, by which the provider recognizes it.
"""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from xclade_store_mock.errors import IdempotencyKeyReused, RequestStillRunning

LIFETIME = timedelta(hours=24)


class Answer(Struct, frozen=True):
    """The response to a request; `replayed` if it is the stored one of an earlier request."""

    status: int
    body: bytes
    replayed: bool = False


class KeyScope(Struct, frozen=True, dict=True):
    """Where a key is valid: the same key in another scope is another key."""

    publishable_key: str
    method: str
    path: str
    key: str

    @cached_property
    def digest(self) -> str:
        """A name for the scope that reveals neither key."""
        parts = json.dumps([self.publishable_key, self.method, self.path, self.key])
        return hashlib.sha256(parts.encode()).hexdigest()


class Record(Struct, frozen=True):
    """The request that a key came with, and its answer once it has one."""

    scope: KeyScope
    fingerprint: str
    session_id: str
    expires_at: datetime
    answer: Answer | None = None

    def answered(self, answer: Answer) -> "Record":
        return replace(self, answer=answer)


class Records(Protocol):
    """A storage of records."""

    def claim(self, scope: KeyScope) -> AbstractAsyncContextManager[bool]:
        """Claim the scope until the block ends; False if another request has claimed it."""

    async def record(self, scope: KeyScope) -> Record | None:
        """Return the record of a scope, even an expired one."""

    async def open_record(self, record: Record, now: datetime) -> None:
        """Store the record of a claimed scope, replacing an earlier one; delete expired ones."""


def parse_key(value: str) -> str:
    """Parse a key, bare or a quoted string (RFC 8941); the contract has checked its form."""
    if not value.startswith('"'):
        return value
    return re.sub(r"\\(.)", r"\1", value[1:-1])


def fingerprint(query: Mapping[str, str], body: Any) -> str:
    """Return a hash of a request's query and of the meaning of its body."""
    canonical = json.dumps([query, _canonical(body)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    """Return a value in which equal numbers are written alike: 1.0 is 1."""
    if isinstance(value, dict):
        return {name: _canonical(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_canonical(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


async def once(
    records: Records, draft: Record, execute: Callable[[Record], Awaitable[Answer]], now: datetime
) -> Answer:
    """Execute a request, or return the stored answer to an earlier one with its key.

    `execute` stores the answered record together with its changes. Raises: RequestStillRunning
    while the earlier request has no answer, IdempotencyKeyReused if it was a different request.
    """
    async with records.claim(draft.scope) as claimed:
        record = await records.record(draft.scope)
        if record is not None and record.expires_at <= now:
            record = None
        if record is not None and record.fingerprint != draft.fingerprint:
            raise IdempotencyKeyReused
        if record is not None and record.answer is not None:
            return replace(record.answer, replayed=True)
        if not claimed:
            raise RequestStillRunning
        if record is None:
            await records.open_record(draft, now)
        return await execute(record or draft)
