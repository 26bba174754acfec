"""What several ask a database at the same time, each gets its own answer to."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest
from sqlalchemy.engine import make_url
from tests.server.storage.examples import NOW, SEED, answered, record

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.storage import records, texts, works
from xclade_store_mock.storage.batches import Together
from xclade_store_mock.storage.databases import Connection, Database
from xclade_store_mock.storage.opening import open_database

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(lived_in_database: str) -> AsyncIterator[Database]:
    """Open a database of either kind, with the seed in it."""
    opened = open_database(make_url(lived_in_database))
    await opened.transact(lambda it: works.fill(it, SEED))
    yield opened
    await opened.close()


async def test_what_is_found_is_who_asked(database: Database) -> None:
    """Collections come in the order in which they were asked for; one that is not there is None."""
    one, other, *_ = SEED.payment_collections
    asked = [other, "pay_col_unknown", one, other]

    found = await database.run(lambda it: works.find_surroundings(it, asked))

    assert [other, None, one, other] == [each and each.id for each in found]
    assert [] == await database.run(lambda it: works.find_surroundings(it, []))


async def test_each_gets_its_own_answer(database: Database) -> None:
    """Who asks at the same time as others is answered as if nobody else had."""
    one, other, *_ = SEED.payment_collections
    asked = [other, "pay_col_unknown", one, other]

    together = Together(database)
    found = await asyncio.gather(*(together.run(works.find_surroundings, each) for each in asked))

    assert [other, None, one, other] == [each and each.id for each in found]


async def test_one_loses_its_turn_alone(database: Database) -> None:
    """Of what is kept together, what is of another revision by now is told from the rest."""
    one, other, *_ = SEED.payment_collections.values()
    before = await database.run(lambda it: works.find_surroundings(it, [one.id, other.id]))
    assert before[0]
    assert before[1]
    text = texts.write(one)
    lost = works.Successor(one.id, "another revision", text, "next")
    kept = works.Successor(other.id, before[1].revision, text, "next")

    answers = await database.run(lambda it: works.keep_collections(it, [lost, kept, lost]))
    after = await database.run(lambda it: works.find_surroundings(it, [one.id, other.id]))

    assert [False, True, False] == [*answers]
    assert after[1]
    assert (before[0], "next", text) == (after[0], after[1].revision, after[1].collection)


async def test_all_or_none_are_kept(database: Database) -> None:
    """When one of several cannot be kept, the others are told so, and have not been kept."""
    one, other, *_ = SEED.payment_collections.values()
    before = await database.run(lambda it: works.find_surroundings(it, [one.id, other.id]))
    assert before[0]
    assert before[1]
    sound = works.Successor(one.id, before[0].revision, texts.write(one), "next")
    broken = works.Successor(other.id, before[1].revision, cast("str", None), "next")

    together = Together(database)
    outcomes = await asyncio.gather(
        *(together.run(works.keep_collections, each) for each in (sound, broken)),
        return_exceptions=True,
    )

    assert [True, True] == [isinstance(each, Exception) for each in outcomes]
    assert before == await database.run(lambda it: works.find_surroundings(it, [one.id, other.id]))


async def test_work_is_done_once_for_all(database: Database) -> None:
    """Who asks for the same at the same time gets it done in one transaction."""
    done = []

    async def work(_: Connection, questions: Sequence[int]) -> Sequence[int]:
        done.append([*questions])
        return [2 * each for each in questions]

    together = Together(database)
    answers = await asyncio.gather(*(together.transact(work, each) for each in (1, 2, 3)))

    assert ([2, 4, 6], [[1, 2, 3]]) == (answers, done)


async def test_record_is_found_for_who_asked(database: Database) -> None:
    """Records come in the order in which they were asked for; one that is not there is None."""
    one, other, unknown = record("a"), record("b"), record("c")
    together = Together(database)
    opened = [together.transact(records.open_records, (each, NOW)) for each in (one, other)]
    await asyncio.gather(*opened)

    asked = [other, unknown, one, other]
    found = await asyncio.gather(
        *(together.run(records.find_records, each.scope) for each in asked)
    )

    assert [other, None, one, other] == found


async def test_answer_is_lost_with_its_turn(database: Database) -> None:
    """Of collections that are kept together, one of another revision leaves no answer either."""
    one, other, *_ = SEED.payment_collections.values()
    before = await database.run(lambda it: works.find_surroundings(it, [other.id]))
    assert before[0]
    mine, theirs = record("a"), record("b")
    await database.transact(lambda it: records.open_records(it, [(mine, NOW), (theirs, NOW)]))
    lost = works.Successor(one.id, "another revision", texts.write(one), "next")
    kept = works.Successor(other.id, before[0].revision, texts.write(other), "next")

    pairs = [(lost, answered(mine)), (kept, answered(theirs))]
    are_kept = await database.transact(lambda it: records.keep_answered(it, pairs))
    alone = await database.transact(lambda it: records.keep_answered(it, pairs[:1]))

    assert ([False, True], [False]) == ([*are_kept], [*alone])
    scopes = [mine.scope, theirs.scope]
    found = await database.run(lambda it: records.find_records(it, scopes))
    assert [mine, answered(theirs)] == [*found]


async def test_no_collection_is_kept_without_its_answer(database: Database) -> None:
    """When one of several has been answered already, nothing of any of them is kept."""
    collections = [*SEED.payment_collections.values()][:2]
    ids = [each.id for each in collections]
    before = await database.run(lambda it: works.find_surroundings(it, ids))
    mine, theirs = record("a"), record("b")
    await database.transact(lambda it: records.open_records(it, [(mine, NOW), (theirs, NOW)]))
    await database.run(lambda it: records.keep_answers(it, [answered(theirs, b"earlier")]))
    successors = [
        works.Successor(id_, found.revision, found.collection, "next")
        for id_, found in zip(ids, before, strict=True)
        if found
    ]

    together = Together(database)
    pairs = zip(successors, [answered(mine), answered(theirs)], strict=True)
    outcomes = await asyncio.gather(
        *(together.transact(records.keep_answered, each) for each in pairs), return_exceptions=True
    )

    assert [StorageUnavailable] * 2 == [type(each) for each in outcomes]
    assert before == await database.run(lambda it: works.find_surroundings(it, ids))
    scopes = [mine.scope, theirs.scope]
    found = await database.run(lambda it: records.find_records(it, scopes))
    assert [mine, answered(theirs, b"earlier")] == [*found]
