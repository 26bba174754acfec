"""Items that are processed in batches."""

import asyncio
import gc
from collections.abc import Sequence

import pytest
from tests.conftest import PATIENCE

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.storage.batches import Batches

pytestmark = pytest.mark.anyio


class Doubler:
    """Doubles the items of a batch once it may finish; notes each batch."""

    def __init__(self) -> None:
        self.batches: list[Sequence[int]] = []
        self.may_finish = asyncio.Event()

    async def process(self, items: Sequence[int]) -> Sequence[int | StorageUnavailable]:
        """Double each item. A negative item fails its batch; 0 fails alone."""
        self.batches.append([*items])
        await self.may_finish.wait()
        if min(items) < 0:
            raise ValueError(min(items))
        return [2 * each or StorageUnavailable("zero") for each in items]


async def submit(batches: Batches[int, int], *items: int) -> list[asyncio.Future[int]]:
    """Submit items, and wait until their batch has started if none was running."""
    futures = [batches.submit(each) for each in items]
    for _ in range(3):
        await asyncio.sleep(0)
    return futures


async def test_items_submitted_meanwhile_form_the_next_batch() -> None:
    """One batch runs at a time, and no item joins a batch that has started."""
    doubler = Doubler()
    batches = Batches(doubler.process)
    futures = [*await submit(batches, 1, 2), *await submit(batches, 3), *await submit(batches, 4)]

    assert [[1, 2]] == doubler.batches
    doubler.may_finish.set()
    assert [2, 4, 6, 8] == await asyncio.gather(*futures)
    assert [[1, 2], [3, 4]] == doubler.batches


async def test_batch_waits_while_items_arrive() -> None:
    """Items that arrive in successive iterations of the event loop share a batch."""
    doubler = Doubler()
    batches = Batches(doubler.process)
    futures = []
    for item in (1, 2, 3):
        futures.append(batches.submit(item))
        await asyncio.sleep(0)
    doubler.may_finish.set()

    assert [2, 4, 6] == await asyncio.gather(*futures)
    assert [[1, 2, 3]] == doubler.batches


async def test_batch_does_not_wait_forever() -> None:
    """A batch with enough items starts although more keep arriving."""
    doubler = Doubler()
    doubler.may_finish.set()
    batches = Batches(doubler.process)
    first = batches.submit(1)
    for item in range(1, 1_000):
        if first.done():
            break
        batches.submit(item)
        await asyncio.sleep(0)

    assert first.done()


async def test_failed_batch_fails_its_items_only() -> None:
    """All items of a batch fail with it; those of the next batch do not."""
    doubler = Doubler()
    batches = Batches(doubler.process)
    futures = [*await submit(batches, 1, -1), *await submit(batches, 2)]
    doubler.may_finish.set()
    outcomes = await asyncio.gather(*futures, return_exceptions=True)

    assert ["-1", "-1", "4"] == [str(each) for each in outcomes]


async def test_failed_item_fails_alone() -> None:
    """An exception among the outcomes is raised for its own item."""
    doubler = Doubler()
    batches = Batches(doubler.process)
    futures = await submit(batches, 1, 0, 2)
    doubler.may_finish.set()
    outcomes = await asyncio.gather(*futures, return_exceptions=True)

    assert [int, StorageUnavailable, int] == [type(each) for each in outcomes]


async def test_each_caller_gets_its_own_exception() -> None:
    """A shared exception would collect the tracebacks and the contexts of all callers."""
    doubler = Doubler()
    batches = Batches(doubler.process)
    futures = await submit(batches, -1, 1)
    doubler.may_finish.set()
    one, other = await asyncio.gather(*futures, return_exceptions=True)

    assert isinstance(one, ValueError)
    assert isinstance(other, ValueError)
    assert one is not other
    assert one.args == other.args
    # The cause shows where it failed.
    assert one.__cause__ is other.__cause__
    assert one.__cause__
    assert one.__cause__.__traceback__


async def test_cancelled_caller_affects_nobody_else() -> None:
    """The other items of the batch, and the next batch, are processed."""
    doubler = Doubler()
    batches = Batches(doubler.process)
    first, second = await submit(batches, 1, 2)
    first.cancel()
    (third,) = await submit(batches, 3)
    doubler.may_finish.set()

    async with asyncio.timeout(PATIENCE):
        assert [4, 6] == [await second, await third]
    assert first.cancelled()


def test_no_batch_starts_when_the_loop_ends() -> None:
    """A batch that is cancelled with the event loop cancels the waiting items too."""
    doubler = Doubler()
    futures: list[asyncio.Future[int]] = []

    async def leave() -> None:
        batches = Batches(doubler.process)
        futures.extend([*await submit(batches, 1), *await submit(batches, 2)])

    asyncio.run(leave())
    gc.collect()  # a task that never ran would warn now

    assert [[1]] == doubler.batches
    assert [True, True] == [each.cancelled() for each in futures]
