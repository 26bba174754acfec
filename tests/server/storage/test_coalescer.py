"""Callers whose items a database processes in one batch: each gets its own result."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest
from tests.server.storage.examples import NOW, SEED, answered, record

from xclade_store_mock.errors import CollectionNotFound, StorageUnavailable
from xclade_store_mock.payments.idempotency import Record
from xclade_store_mock.storage import Connection, Database, DatabaseUrl, open_database, sql
from xclade_store_mock.storage.batches import Coalescer
from xclade_store_mock.storage.schema import CollectionRow, CollectionUpdate

pytestmark = pytest.mark.anyio

ONE, OTHER, *_ = SEED.payment_collections.values()
LOST = "is not the revision that the row has"


@pytest.fixture
async def database(shared_database: str) -> AsyncIterator[Database]:
    """Open a database that holds the seed."""
    opened = open_database(DatabaseUrl.parse(shared_database))
    await opened.transact(lambda it: sql.fill(it, SEED))
    yield opened
    await opened.close()


async def find(database: Database, *ids: str) -> list[CollectionRow]:
    """Return the rows of collections that exist."""
    rows = await database.run(lambda it: sql.find_collections(it, ids))
    return [row for row in rows if isinstance(row, CollectionRow)]


async def open_two_records(database: Database) -> tuple[Record, Record]:
    """Open two idempotency records."""
    mine, theirs = record("a"), record("b")
    await database.transact(lambda it: sql.open_records(it, [(mine, NOW), (theirs, NOW)]))
    return mine, theirs


def update_of(row: CollectionRow, revision: str | None = None) -> CollectionUpdate:
    """Return an update of a row, or of another revision of it."""
    return CollectionUpdate(row.id, revision or row.revision, f"next of {row.id}", row.collection)


async def keep_answered(
    database: Database, *pairs: tuple[CollectionUpdate, Record]
) -> list[type[object]]:
    """Keep collections with their answers, in one batch; return the outcomes' types."""
    coalescer = Coalescer(database)
    outcomes = await asyncio.gather(
        *(coalescer.transact(sql.keep_answered, pair) for pair in pairs), return_exceptions=True
    )
    return [type(outcome) for outcome in outcomes]


async def test_each_caller_gets_its_own_row(database: Database) -> None:
    """A caller gets the same result as if it were alone."""
    ids = [OTHER.id, "pay_col_unknown", ONE.id, OTHER.id]

    coalescer = Coalescer(database)
    found = await asyncio.gather(
        *(coalescer.run(sql.find_collections, each) for each in ids), return_exceptions=True
    )

    assert [OTHER.id, None, ONE.id, OTHER.id] == [getattr(row, "id", None) for row in found]
    assert isinstance(found[1], CollectionNotFound)
    assert [] == await database.run(lambda it: sql.find_collections(it, []))


async def test_each_caller_gets_its_own_record(database: Database) -> None:
    """A batch of keys finds one record each; a record that does not exist is None."""
    one, other, unknown = record("a"), record("b"), record("c")
    coalescer = Coalescer(database)
    await asyncio.gather(
        *(coalescer.transact(sql.open_records, (each, NOW)) for each in (one, other))
    )

    records = [other, unknown, one, other]
    found = await asyncio.gather(*(coalescer.run(sql.find_records, each.scope) for each in records))

    assert [other, None, one, other] == found


async def test_revision_conflict_fails_one_item(database: Database) -> None:
    """Of several collections, the one that has changed meanwhile fails; the others are kept."""
    one, other = before = await find(database, ONE.id, OTHER.id)
    updates = [update_of(one, LOST), update_of(other), update_of(one, LOST)]

    outcomes = await database.run(lambda it: sql.keep_collections(it, updates))

    assert [StorageUnavailable, type(None), StorageUnavailable] == [type(it) for it in outcomes]
    after = await find(database, ONE.id, OTHER.id)
    assert [before[0].revision, "next of pay_col_2"] == [row.revision for row in after]


async def test_impossible_item_fails_its_batch(database: Database) -> None:
    """If the database refuses a value, nothing of the batch is kept, and every caller knows."""
    one, other = before = await find(database, ONE.id, OTHER.id)
    broken = update_of(other)._replace(text=cast("str", None))

    coalescer = Coalescer(database)
    outcomes = await asyncio.gather(
        *(coalescer.run(sql.keep_collections, each) for each in (update_of(one), broken)),
        return_exceptions=True,
    )

    assert [True, True] == [isinstance(each, Exception) for each in outcomes]
    assert before == await find(database, ONE.id, OTHER.id)


async def test_items_submitted_at_once_are_one_query(database: Database) -> None:
    """Items that are submitted to one function at the same time share one transaction."""
    batches = []

    async def double(_: Connection, items: Sequence[int]) -> Sequence[int]:
        batches.append([*items])
        return [2 * each for each in items]

    coalescer = Coalescer(database)
    results = await asyncio.gather(*(coalescer.transact(double, each) for each in (1, 2, 3)))

    assert ([2, 4, 6], [[1, 2, 3]]) == (results, batches)


async def test_answer_is_not_kept_without_its_collection(database: Database) -> None:
    """A revision conflict leaves the request unanswered, alone or in a batch."""
    one, other = await find(database, ONE.id, OTHER.id)
    mine, theirs = await open_two_records(database)
    lost = (update_of(one, LOST), answered(mine))

    outcomes = await keep_answered(database, lost, (update_of(other), answered(theirs)))
    alone = await keep_answered(database, lost)

    assert [StorageUnavailable, type(None)] == outcomes
    assert [StorageUnavailable] == alone
    scopes = [mine.scope, theirs.scope]
    found = await database.run(lambda it: sql.find_records(it, scopes))
    assert [mine, answered(theirs)] == [*found]


async def test_collection_is_not_kept_without_its_answer(database: Database) -> None:
    """A lost claim fails its own payment; the others of the batch are kept."""
    one, other = await find(database, ONE.id, OTHER.id)
    mine, theirs = await open_two_records(database)
    earlier = answered(theirs, b"earlier")
    await database.run(lambda it: sql.keep_answers(it, [earlier]))

    outcomes = await keep_answered(
        database, (update_of(one), answered(mine)), (update_of(other), answered(theirs))
    )

    assert [type(None), StorageUnavailable] == outcomes
    after = await find(database, ONE.id, OTHER.id)
    assert ["next of pay_col_1", other.revision] == [row.revision for row in after]
    scopes = [mine.scope, theirs.scope]
    found = await database.run(lambda it: sql.find_records(it, scopes))
    assert [answered(mine), earlier] == [*found]
