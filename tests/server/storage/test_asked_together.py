"""What several ask a database at the same time, each gets its own answer to."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest
from sqlalchemy.engine import make_url
from tests.server.storage.examples import SEED

from xclade_store_mock.storage import texts, works
from xclade_store_mock.storage.databases import Database
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

    found = await asyncio.gather(*(database.ask(works.find_surroundings, each) for each in asked))

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

    outcomes = await asyncio.gather(
        *(database.ask(works.keep_collections, each) for each in (sound, broken)),
        return_exceptions=True,
    )

    assert [True, True] == [isinstance(each, Exception) for each in outcomes]
    assert before == await database.run(lambda it: works.find_surroundings(it, [one.id, other.id]))
