"""What is done to the idempotency records in a database, for several who ask at the same time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import compress
from typing import Any

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.payments.idempotency import Answer, KeyScope, Record
from xclade_store_mock.storage import statements
from xclade_store_mock.storage.databases import Connection
from xclade_store_mock.storage.works import Successor, keep_collections


async def find_records(
    connection: Connection, scopes: Sequence[KeyScope]
) -> Sequence[Record | None]:
    """Find the records of scopes."""
    rows = await connection.row_for_each(
        statements.RECORD, [{"id_": scope.digest} for scope in scopes]
    )
    return [_record(scope, row) for scope, row in zip(scopes, rows, strict=True)]


async def open_records(
    connection: Connection, opened: Sequence[tuple[Record, datetime]]
) -> Sequence[bool]:
    """Keep records without answers, in earlier ones' places; forget those expired by a time."""
    latest = max(now for _, now in opened)
    await connection.change(statements.FORGET, now=latest.timestamp())
    scopes = [{"id_": record.scope.digest} for record, _ in opened]
    await connection.change_for_each(statements.DROP_RECORD, scopes)
    rows = [_record_row(record) for record, _ in opened]
    return await connection.change_for_each(statements.INSERT_RECORD, rows)


async def keep_answers(connection: Connection, records: Sequence[Record]) -> Sequence[bool]:
    """Keep records' answers; tell whether each had none yet."""
    rows = [{"id_": each.scope.digest, **_answer_row(each)} for each in records]
    return await connection.change_for_each(statements.KEEP_ANSWER, rows)


async def keep_answered(
    connection: Connection, answered: Sequence[tuple[Successor, Record]]
) -> Sequence[bool]:
    """Keep what collections became as `keep_collections` does, and the answers to that.

    Raises StorageUnavailable.
    """
    successors, records = zip(*answered, strict=True)
    are_kept = await keep_collections(connection, successors)
    if not all(await keep_answers(connection, [*compress(records, are_kept)])):
        raise answered_already()
    return are_kept


def answered_already() -> StorageUnavailable:
    """Say that a record has an answer already: its claim was lost, as in `works.lost`."""
    reason = "a request was answered while its idempotency key was claimed"
    return StorageUnavailable(reason)


def _record(scope: KeyScope, row: Sequence[Any] | None) -> Record | None:
    if row is None:
        return None
    fingerprint, session_id, expires_at, status, body = row
    answer = None if status is None else Answer(status, body)
    return Record(scope, fingerprint, session_id, datetime.fromtimestamp(expires_at, UTC), answer)


def _record_row(record: Record) -> dict[str, Any]:
    return {
        "scope": record.scope.digest,
        "fingerprint": record.fingerprint,
        "session_id": record.session_id,
        "expires_at": record.expires_at.timestamp(),
        "status": None,
        "body": None,
    }


def _answer_row(record: Record) -> dict[str, Any]:
    if record.answer is None:
        message = f"{record!r} has no answer"
        raise TypeError(message)
    return {"answered": record.answer.status, "content": record.answer.body}
