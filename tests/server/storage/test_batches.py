"""Questions that are asked together."""

import asyncio
from collections.abc import Sequence

import pytest
from tests.server.stand_ins import PATIENCE

from xclade_store_mock.storage.batches import Batches

pytestmark = pytest.mark.anyio


class Oracle:
    """Notes what it is asked, and answers when it may."""

    def __init__(self) -> None:
        self.asked: list[Sequence[int]] = []
        self.may_answer = asyncio.Event()

    async def answer(self, questions: Sequence[int]) -> Sequence[int]:
        """Double each; of a negative one nothing comes."""
        self.asked.append([*questions])
        await self.may_answer.wait()
        if min(questions) < 0:
            raise ValueError(min(questions))
        return [2 * each for each in questions]


async def ask(batches: Batches[int, int], *questions: int) -> list[asyncio.Future[int]]:
    """Ask, and let the questions arrive."""
    answers = [batches.ask(each) for each in questions]
    for _ in range(3):
        await asyncio.sleep(0)
    return answers


async def test_what_comes_meanwhile_is_asked_next() -> None:
    """One batch at a time, and no question is answered by what was asked before it came."""
    oracle = Oracle()
    batches = Batches(oracle.answer)
    answers = [*await ask(batches, 1, 2), *await ask(batches, 3), *await ask(batches, 4)]

    assert [[1, 2]] == oracle.asked
    oracle.may_answer.set()
    assert [2, 4, 6, 8] == await asyncio.gather(*answers)
    assert [[1, 2], [3, 4]] == oracle.asked


async def test_batch_waits_for_those_who_are_about_to_ask() -> None:
    """Questions that come one turn of the event loop after the other are asked together."""
    oracle = Oracle()
    batches = Batches(oracle.answer)
    answers = []
    for question in (1, 2, 3):
        answers.append(batches.ask(question))
        await asyncio.sleep(0)
    oracle.may_answer.set()

    assert [2, 4, 6] == await asyncio.gather(*answers)
    assert [[1, 2, 3]] == oracle.asked


async def test_batch_does_not_wait_for_ever() -> None:
    """Though there is always somebody about to ask, those who have are answered."""
    oracle = Oracle()
    oracle.may_answer.set()
    batches = Batches(oracle.answer)
    first = batches.ask(1)
    for question in range(1_000):
        if first.done():
            break
        batches.ask(question)
        await asyncio.sleep(0)

    assert first.done()


async def test_failure_is_its_batchs_own() -> None:
    """All that were asked together fail, and nobody else."""
    oracle = Oracle()
    batches = Batches(oracle.answer)
    answers = [*await ask(batches, 1, -1), *await ask(batches, 2)]
    oracle.may_answer.set()
    outcomes = await asyncio.gather(*answers, return_exceptions=True)

    assert ["-1", "-1", "4"] == [str(each) for each in outcomes]


async def test_who_stops_waiting_takes_nothing_away() -> None:
    """The others of a batch, and the next ones, get their answers."""
    oracle = Oracle()
    batches = Batches(oracle.answer)
    first, second = await ask(batches, 1, 2)
    first.cancel()
    (third,) = await ask(batches, 3)
    oracle.may_answer.set()

    async with asyncio.timeout(PATIENCE):
        assert [4, 6] == [await second, await third]
    assert first.cancelled()
