"""Safe retries: of all requests with one idempotency key, only the first is carried out.

A record is kept before the first step that cannot be taken back, and its answer together with what
the request changed. So a retry finds either the answer or the record of a request that died; that
one it carries on, under the same session id, by which the provider knows it again.
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
    """What a request was answered; `replayed` if it is an earlier request's answer."""

    status: int
    body: bytes
    replayed: bool = False


class KeyScope(Struct, frozen=True, dict=True):
    """What a key belongs to: the same key elsewhere is another key."""

    publishable_key: str
    method: str
    path: str
    key: str

    @cached_property
    def digest(self) -> str:
        """A name for the scope that gives neither key away."""
        parts = json.dumps([self.publishable_key, self.method, self.path, self.key])
        return hashlib.sha256(parts.encode()).hexdigest()


class Record(Struct, frozen=True):
    """Of a key: the request that it came with, and its answer once there is one."""

    scope: KeyScope
    fingerprint: str
    session_id: str
    expires_at: datetime
    answer: Answer | None = None

    def answered(self, answer: Answer) -> "Record":
        """Make the record of the finished request."""
        return replace(self, answer=answer)


class Records(Protocol):
    """Where records are kept."""

    def claim(self, scope: KeyScope) -> AbstractAsyncContextManager[bool]:
        """Tell whether nobody else is at work in the scope; then nobody else will be meanwhile."""

    async def record(self, scope: KeyScope) -> Record | None:
        """Find a scope's record, expired or not."""

    async def open_record(self, record: Record, now: datetime) -> None:
        """Keep the record of a claimed scope, in place of an earlier one; forget expired ones."""


def parse_key(value: str) -> str:
    """Read a key, bare or as a quoted string (RFC 8941); its form is the contract's affair."""
    if not value.startswith('"'):
        return value
    return re.sub(r"\\(.)", r"\1", value[1:-1])


def fingerprint(query: Mapping[str, str], body: Any) -> str:
    """Tell requests apart by their query and the meaning of their body."""
    canonical = json.dumps([query, _canonical(body)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    """Write equal numbers alike: 1.0 is 1."""
    if isinstance(value, dict):
        return {name: _canonical(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_canonical(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


async def once(
    records: Records,
    draft: Record,
    carry_out: Callable[[Record], Awaitable[Answer]],
    now: datetime,
) -> Answer:
    """Carry a request out, or answer as its twin was answered.

    `carry_out` keeps the answered record with what it changed. Raises RequestStillRunning while
    the twin has no answer, and IdempotencyKeyReused if it is no twin.
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
        return await carry_out(record or draft)
