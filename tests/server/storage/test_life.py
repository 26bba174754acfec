"""A storage's life: prepared once, reset, closed and used again."""

import asyncio

import pytest
from tests.conftest import PATIENCE, served
from tests.server.storage.conftest import Pair
from tests.server.storage.examples import LATER, NOW, SEED, answered, cart, collection, record

from xclade_store_mock.app import create_app
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.errors import CollectionNotFound
from xclade_store_mock.payments.seed import demo_store
from xclade_store_mock.storage import Storage, open_storage, prepare_storage
from xclade_store_mock.storage.memory import MemoryStorage
from xclade_store_mock.web.dialect import Dialect

pytestmark = pytest.mark.anyio

DEMO = demo_store(NOW)


class ClosingStorage(MemoryStorage):
    """Knows whether it was closed."""

    closed = False

    async def close(self) -> None:
        """Close."""
        self.closed = True


async def contents(storage: Storage) -> object:
    """Return everything in a storage."""
    carts, cart_count = await storage.carts(100)
    collections, count = await storage.collections(100)
    return await storage.settings(), carts, cart_count, collections, count


async def live(storage: Storage) -> None:
    """Change something of each kind."""
    opened = record("a")
    await storage.put_cart(cart("cart_1", "1"), LATER)
    await storage.put_cart(cart("cart_x"), LATER)
    await storage.add_collection(collection("pay_col_x", "cart_x"))
    await storage.open_record(opened, NOW)
    await storage.keep_answer(answered(opened))


async def test_only_the_first_seed_counts(database_url: str) -> None:
    """A storage that holds a store ignores later seeds."""
    assert await prepare_storage(database_url, SEED) is None
    assert SEED.settings == await prepare_storage(database_url, DEMO)

    storage = open_storage(database_url)
    assert SEED.settings == await storage.settings()
    assert 3 == (await storage.carts(0))[1]
    await storage.close()


async def test_one_of_many_servers_seeds(database_url: str) -> None:
    """Servers that prepare an empty database at once agree on one store."""
    seeded = await asyncio.gather(*(prepare_storage(database_url, SEED) for _ in range(4)))

    assert 1 == seeded.count(None)
    storage = open_storage(database_url)
    assert SEED.settings == await storage.settings()
    assert 3 == (await storage.carts(0))[1]
    await storage.close()


async def test_reset_leaves_nothing(storage: Storage) -> None:
    """After a reset there is the new store and nothing else."""
    await live(storage)

    await storage.reset(DEMO)

    assert DEMO.settings == await storage.settings()
    assert [DEMO.carts[each] for each in sorted(DEMO.carts)] == (await storage.carts(100))[0]
    collections, count = await storage.collections(100)
    assert DEMO.payment_collections == {each.id: each for each in collections}
    assert len(DEMO.payment_collections) == count
    assert await storage.record(record("a").scope) is None
    assert await storage.cart("cart_1") is None
    with pytest.raises(CollectionNotFound):
        async with storage.hold("pay_col_1"):
            pass


async def test_reset_is_seen_by_others_at_once(pair: Pair) -> None:
    """A server that shares the storage sees the reset."""
    before = await contents(pair.other)
    await live(pair.one)
    assert before != await contents(pair.other)

    await pair.one.reset(SEED)

    assert before == await contents(pair.other)


async def test_resets_at_once_leave_one_store(storage: Storage) -> None:
    """Many resets and changes of settings at once leave one whole store."""
    same = [storage.change_settings(lambda it: it) for _ in range(5)]
    await asyncio.gather(*(storage.reset(SEED) for _ in range(5)), *same)

    assert SEED.settings == await storage.settings()
    assert [*SEED.carts.values()] == (await storage.carts(100))[0]


async def test_closed_storage_can_be_used_again(storage: Storage) -> None:
    """Closing, even twice, closes connections and loses no data."""
    await live(storage)
    before = await contents(storage)

    await storage.close()
    await storage.close()

    async with asyncio.timeout(PATIENCE):
        assert before == await contents(storage)
        async with storage.claim(record("a").scope) as claimed:
            assert claimed
        async with storage.hold("pay_col_1") as held:
            await held.keep(held.collection)
        assert answered(record("a")) == await storage.record(record("a").scope)
    await storage.close()


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_server_closes_its_storage(dialect: Dialect) -> None:
    """A server that stops closes its storage."""
    storage = ClosingStorage(SEED)
    with served(create_app(storage=storage, dialect=dialect)):
        assert not storage.closed

    assert storage.closed
