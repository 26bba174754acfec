"""Holding a payment collection: one at a time, all or nothing."""

import asyncio
from contextlib import suppress
from decimal import Decimal

import pytest
from msgspec.structs import replace
from tests.server.stand_ins import PATIENCE
from tests.server.storage.conftest import Pair
from tests.server.storage.examples import A_CHANCE, NOW, SEED, SESSION, answered, record

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.storage import Storage

pytestmark = pytest.mark.anyio

BEFORE = SEED.payment_collections["pay_col_1"]
AFTER = replace(BEFORE, sessions=(SESSION,))


async def test_held_collection_comes_with_its_cart(storage: Storage) -> None:
    """Who holds a collection has what initializing a session needs."""
    async with storage.hold("pay_col_1") as held:
        assert (BEFORE, SEED.carts["cart_1"]) == (held.collection, held.cart)
    async with storage.hold("pay_col_alone") as held:
        assert (SEED.payment_collections["pay_col_alone"], None) == (held.collection, held.cart)


async def test_what_is_kept_is_there(storage: Storage) -> None:
    """What is kept can be read at once, held or not; what it came from is still at hand."""
    async with storage.hold("pay_col_1") as held:
        await held.keep(AFTER)
        assert AFTER == await storage.collection("pay_col_1")
        assert BEFORE == held.collection
    assert AFTER == await storage.collection("pay_col_1")
    assert AFTER == await storage.collection_of_cart("cart_1", lambda _: BEFORE)


async def test_kept_twice_in_one_turn(storage: Storage) -> None:
    """The later one counts."""
    async with storage.hold("pay_col_1") as held:
        await held.keep(AFTER)
        await held.keep(replace(AFTER, status="awaiting"))

    assert "awaiting" == (await storage.collection("pay_col_1")).status


async def test_what_another_kept_is_seen(pair: Pair) -> None:
    """Also by who has held the collection before."""
    async with pair.one.hold("pay_col_1") as held:
        await held.keep(replace(held.collection, status="awaiting"))
    async with pair.other.hold("pay_col_1") as held:
        assert "awaiting" == held.collection.status
        await held.keep(replace(held.collection, status="canceled"))

    async with pair.one.hold("pay_col_1") as held:
        assert "canceled" == held.collection.status


async def test_holders_take_turns(storage: Storage) -> None:
    """One at a time holds a collection, so nobody's change is lost."""
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
    """Nobody waits for another collection."""
    meeting = asyncio.Barrier(3)

    async def meet(collection_id: str) -> None:
        async with storage.hold(collection_id) as held, asyncio.timeout(PATIENCE):
            await meeting.wait()
            await held.keep(held.collection)

    await asyncio.gather(*(meet(each) for each in SEED.payment_collections))


async def test_failure_changes_nothing_and_lets_go(storage: Storage) -> None:
    """Who fails before keeping anything has changed nothing, and the next one gets the turn."""
    for _ in range(2):
        with pytest.raises(LookupError):
            async with asyncio.timeout(PATIENCE), storage.hold("pay_col_1"):
                raise LookupError

    assert BEFORE == await storage.collection("pay_col_1")


async def test_who_is_cancelled_lets_go(storage: Storage) -> None:
    """A turn is over when its holder is stopped, or stops waiting for it."""

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
    """A session and the record of its request are there both."""
    opened = record("a")
    async with storage.claim(opened.scope), storage.hold("pay_col_1") as held:
        await storage.open_record(opened, NOW)
        await held.keep(AFTER, answered(opened))

    assert AFTER == await storage.collection("pay_col_1")
    assert answered(opened) == await storage.record(opened.scope)


async def test_without_its_answer_a_collection_is_not_kept(pair: Pair) -> None:
    """Where a request has been answered meanwhile, it has done nothing."""
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


async def test_who_holds_what_was_reset_changes_nothing(storage: Storage) -> None:
    """A request that began before a reset changes nothing after it."""
    opened = record("a")
    await storage.open_record(opened, NOW)
    async with storage.hold("pay_col_1") as held:
        await storage.reset(SEED)
        with suppress(StorageUnavailable):
            await held.keep(AFTER, answered(opened))

    assert BEFORE == await storage.collection("pay_col_1")
    assert await storage.record(opened.scope) is None


async def test_who_lost_a_collection_changes_nothing(pair: Pair) -> None:
    """What somebody else made of a collection meanwhile is not written over."""
    async with pair.one.hold("pay_col_1") as held:
        await pair.other.reset(SEED)
        with pytest.raises(StorageUnavailable):
            await held.keep(AFTER)

    assert BEFORE == await pair.one.collection("pay_col_1")
