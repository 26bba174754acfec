"""Holding a payment collection: one task at a time, all or nothing."""

import asyncio
from contextlib import suppress
from decimal import Decimal

import pytest
from msgspec.structs import replace
from tests.conftest import PATIENCE
from tests.server.storage.conftest import Pair
from tests.server.storage.examples import A_CHANCE, NOW, SEED, SESSION, answered, record

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.storage import Storage

pytestmark = pytest.mark.anyio

BEFORE = SEED.payment_collections["pay_col_1"]
AFTER = replace(BEFORE, sessions=(SESSION,))


async def test_held_collection_comes_with_its_cart(storage: Storage) -> None:
    """A held collection comes with all that initializing a session needs."""
    async with storage.hold("pay_col_1") as held:
        assert (BEFORE, SEED.carts["cart_1"]) == (held.collection, held.cart)
    async with storage.hold("pay_col_alone") as held:
        assert (SEED.payment_collections["pay_col_alone"], None) == (held.collection, held.cart)


async def test_kept_collection_is_seen_at_once(storage: Storage) -> None:
    """A kept collection can be read before it is released; the holder's copy stays the same."""
    async with storage.hold("pay_col_1") as held:
        await held.keep(AFTER)
        assert AFTER == await storage.collection("pay_col_1")
        assert BEFORE == held.collection
    assert AFTER == await storage.collection("pay_col_1")
    assert AFTER == await storage.collection_of_cart("cart_1", lambda _: BEFORE)


async def test_collection_kept_twice(storage: Storage) -> None:
    """Of two changes by one holder, the later counts."""
    async with storage.hold("pay_col_1") as held:
        await held.keep(AFTER)
        await held.keep(replace(AFTER, status="awaiting"))

    assert "awaiting" == (await storage.collection("pay_col_1")).status


async def test_change_by_another_server_is_seen(pair: Pair) -> None:
    """A server sees it although it has held the collection before."""
    async with pair.one.hold("pay_col_1") as held:
        await held.keep(replace(held.collection, status="awaiting"))
    async with pair.other.hold("pay_col_1") as held:
        assert "awaiting" == held.collection.status
        await held.keep(replace(held.collection, status="canceled"))

    async with pair.one.hold("pay_col_1") as held:
        assert "canceled" == held.collection.status


async def test_holders_take_turns(storage: Storage) -> None:
    """One task at a time holds a collection, so no change is lost."""
    inside = 0

    async def add_one() -> None:
        nonlocal inside
        async with storage.hold("pay_col_2") as held:
            inside += 1
            assert 1 == inside
            await asyncio.sleep(0)
            await held.keep(replace(held.collection, amount=held.collection.amount + 1))
            inside -= 1

    await asyncio.gather(*(add_one() for _ in range(20)))

    assert Decimal(25) == (await storage.collection("pay_col_2")).amount


async def test_different_collections_are_held_side_by_side(storage: Storage) -> None:
    """No task waits for another collection."""
    meeting = asyncio.Barrier(3)

    async def meet(collection_id: str) -> None:
        async with storage.hold(collection_id) as held, asyncio.timeout(PATIENCE):
            await meeting.wait()
            await held.keep(held.collection)

    await asyncio.gather(*(meet(each) for each in SEED.payment_collections))


async def test_failure_changes_nothing_and_releases(storage: Storage) -> None:
    """A holder that fails has changed nothing, and the next one gets the collection."""
    for _ in range(2):
        with pytest.raises(LookupError):
            async with asyncio.timeout(PATIENCE), storage.hold("pay_col_1"):
                raise LookupError

    assert BEFORE == await storage.collection("pay_col_1")


async def test_cancelled_task_releases(storage: Storage) -> None:
    """A collection is free again when its holder, or a waiting task, is cancelled."""

    async def hold(reached: asyncio.Event) -> None:
        async with storage.hold("pay_col_1"):
            reached.set()
            await asyncio.Event().wait()

    reached = asyncio.Event()
    holder = asyncio.create_task(hold(reached))
    await reached.wait()
    waiter = asyncio.create_task(hold(asyncio.Event()))
    await asyncio.wait({waiter}, timeout=A_CHANCE)
    for task in (waiter, holder):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async with asyncio.timeout(PATIENCE), storage.hold("pay_col_1") as held:
        await held.keep(AFTER)
    assert AFTER == await storage.collection("pay_col_1")


async def test_collection_and_answer_are_kept_together(storage: Storage) -> None:
    """The session and the record of its request are both stored."""
    opened = record("a")
    async with storage.claim(opened.scope), storage.hold("pay_col_1") as held:
        await storage.open_record(opened, NOW)
        await held.keep(AFTER, answered(opened))

    assert AFTER == await storage.collection("pay_col_1")
    assert answered(opened) == await storage.record(opened.scope)


async def test_collection_is_not_kept_without_its_answer(pair: Pair) -> None:
    """A request that another one has answered meanwhile changes nothing."""
    opened = record("a")
    earlier = answered(opened, b"earlier")
    await pair.one.open_record(opened, NOW)
    async with pair.one.hold("pay_col_1") as held:
        await pair.other.keep_answer(earlier)
        with pytest.raises(StorageUnavailable):
            await held.keep(AFTER, answered(opened))

    assert BEFORE == await pair.one.collection("pay_col_1")
    assert earlier == await pair.one.record(opened.scope)
    async with pair.one.hold("pay_col_1") as held:
        await held.keep(AFTER)
    assert AFTER == await pair.other.collection("pay_col_1")


async def test_holder_changes_nothing_after_a_reset(storage: Storage) -> None:
    """A request that began before a reset changes nothing after it."""
    opened = record("a")
    await storage.open_record(opened, NOW)
    async with storage.hold("pay_col_1") as held:
        await storage.reset(SEED)
        with suppress(StorageUnavailable):
            await held.keep(AFTER, answered(opened))

    assert BEFORE == await storage.collection("pay_col_1")
    assert await storage.record(opened.scope) is None


async def test_former_holder_changes_nothing(pair: Pair) -> None:
    """A change that another holder made meanwhile is not overwritten."""
    async with pair.one.hold("pay_col_1") as held:
        await pair.other.reset(SEED)
        with pytest.raises(StorageUnavailable):
            await held.keep(AFTER)

    assert BEFORE == await pair.one.collection("pay_col_1")
