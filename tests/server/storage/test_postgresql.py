"""What only PostgreSQL can do to a storage."""

import asyncio
from decimal import Decimal

import asyncpg
import psycopg
import pytest
from msgspec.structs import replace
from sqlalchemy.engine import make_url
from tests.server.stand_ins import PATIENCE
from tests.server.storage.conftest import Pair
from tests.server.storage.examples import (
    A_CHANCE,
    NOW,
    SEED,
    SESSION,
    answered,
    cart,
    record,
    shown,
)

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.payments.model import Cart
from xclade_store_mock.storage import Storage, texts, works
from xclade_store_mock.storage.opening import open_database, open_storage, prepare_storage

pytestmark = pytest.mark.anyio

MANY = 200
AFTER = replace(SEED.payment_collections["pay_col_1"], sessions=(SESSION,))


@pytest.fixture
def lived_in_database(lived_in_postgresql: str) -> str:
    """Let all pairs be of this kind."""
    return lived_in_postgresql


def break_connections(url: str) -> None:
    """End all connections to a database, as a restart of its server does."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def records_scanned(url: str) -> int:
    """Count the idempotency records that have been read without an index."""
    break_connections(url)  # which tell what they have counted when they end
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT seq_tup_read FROM pg_stat_user_tables"
            " WHERE relname = 'xclade_mock_idempotency_records'"
        ).fetchone()
    assert row
    return int(row[0])


async def read_at_once(storage: Storage) -> list[object]:
    """Read on several connections at once; answer the outcomes."""
    reads = (storage.cart("cart_1") for _ in range(8))
    return [*await asyncio.gather(*reads, return_exceptions=True)]


async def test_idle_connections_break_unnoticed(pair: Pair, lived_in_database: str) -> None:
    """Nobody fails for a connection that has broken since it was used last."""
    cart = SEED.carts["cart_1"]
    assert [cart] * 8 == await read_at_once(pair.one)
    break_connections(lived_in_database)

    assert [cart] * 8 == await read_at_once(pair.one)


async def test_recovers_in_a_transaction(pair: Pair, lived_in_database: str) -> None:
    """A connection that breaks in a transaction is the storage's failure, the next one's not."""
    break_connections(lived_in_database)
    await pair.one.reset(SEED)

    def break_off(settings: object) -> object:
        break_connections(lived_in_database)
        return settings

    with pytest.raises(StorageUnavailable):
        await pair.one.change_settings(break_off)  # type: ignore[arg-type]

    assert SEED.settings == await pair.one.change_settings(lambda it: it)


async def test_who_lost_the_lock_changes_nothing(pair: Pair, lived_in_database: str) -> None:
    """Locks break with their connections; who comes next is not written over by who had them."""
    async with pair.one.hold("pay_col_1") as first:
        break_connections(lived_in_database)
        async with asyncio.timeout(PATIENCE), pair.other.hold("pay_col_1") as second:
            await second.keep(AFTER)
        with pytest.raises(StorageUnavailable) as lost:
            await first.keep(replace(AFTER, status="canceled"))

    assert "pay_col_1 was changed while it was held" == lost.value.reason
    assert AFTER == await pair.one.collection("pay_col_1")


async def test_who_is_cancelled_takes_no_lock_along(pair: Pair) -> None:
    """Whoever gives up while a lock is taken neither keeps it nor loses those of others."""

    async def hold(storage: Storage, id_: str) -> None:
        async with storage.hold(id_):
            pass

    async with pair.one.hold("pay_col_1") as held:
        given_up = asyncio.create_task(hold(pair.one, "pay_col_2"))
        for _ in range(3):
            await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        async with asyncio.timeout(PATIENCE):
            await hold(pair.other, "pay_col_2")
        waiting = asyncio.create_task(hold(pair.other, "pay_col_1"))
        await asyncio.wait({waiting}, timeout=A_CHANCE)
        assert not waiting.done()
        await held.keep(AFTER)
    await waiting


async def test_who_prepares_waits_for_who_does(lived_in_postgresql: str) -> None:
    """Making tables is one server's turn at a time."""
    database = open_database(make_url(lived_in_postgresql))
    assert await database.take("tables")
    preparing = asyncio.create_task(prepare_storage(lived_in_postgresql, SEED))
    await asyncio.wait({preparing}, timeout=10 * A_CHANCE)
    assert not preparing.done()
    await database.release("tables")

    await preparing
    await database.close()


async def test_cart_that_comes_meanwhile(pair: Pair, lived_in_database: str) -> None:
    """Who puts a cart in while somebody else does is the later one, and does not fail."""
    earlier, later = cart("cart_x", "1"), cart("cart_x", "2")
    with psycopg.connect(lived_in_database) as connection:
        connection.execute(
            "INSERT INTO xclade_mock_carts VALUES (%s, %s)", (earlier.id, texts.write(earlier))
        )
        putting = asyncio.create_task(pair.one.put_cart(later, NOW))
        await asyncio.wait({putting}, timeout=A_CHANCE)
        assert not putting.done()

    await putting
    assert later == await pair.other.cart("cart_x")


async def test_who_are_in_each_others_way(pair: Pair, lived_in_database: str) -> None:
    """What is kept together is kept once more where PostgreSQL gave it up for another's sake."""
    database = open_database(make_url(lived_in_database))
    ids = ["pay_col_1", "pay_col_2"]
    found = await database.run(lambda it: works.find_surroundings(it, ids))
    kept = [works.Successor(each.id, each.revision, "{}", "next") for each in found if each]
    lock = "SELECT FROM xclade_mock_payment_collections WHERE id = %s FOR UPDATE"
    with psycopg.connect(lived_in_database) as other:
        # So that it is not the one that is given up.
        other.execute("SET deadlock_timeout = '60s'")
        other.execute(lock, ["pay_col_2"])
        keeping = asyncio.create_task(database.run(lambda it: works.keep_collections(it, kept)))
        await asyncio.wait({keeping}, timeout=A_CHANCE)
        async with asyncio.timeout(PATIENCE):
            await asyncio.to_thread(other.execute, lock, ["pay_col_1"])
        assert not keeping.done()

    assert [True, True] == [*await keeping]
    await database.close()
    await pair.one.reset(SEED)


@pytest.mark.parametrize("id_", ["cart\0", "cart\ud800"], ids=shown)
async def test_errors_tell_no_parameters(pair: Pair, id_: str) -> None:
    """What was to be kept may be secret: it is in no error's text, not even in that of a bug."""
    with pytest.raises((asyncpg.DataError, ValueError)) as failed:
        await pair.one.put_cart(Cart(id_, "a secret", "usd", Decimal(1)), NOW)

    assert "a secret" not in str(failed.value)


def test_ids_are_ordered_by_code_points(lived_in_postgresql: str) -> None:
    """Whatever the database's own order is: the locale where these tests run may be the same."""
    with psycopg.connect(lived_in_postgresql) as connection:
        found = connection.execute(
            "SELECT table_name, collation_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'id'"
        ).fetchall()

    assert {("xclade_mock_carts", "C"), ("xclade_mock_payment_collections", "C")} == {*found}


async def test_records_are_found_by_index_from_the_first_on(lived_in_postgresql: str) -> None:
    """What was planned while there were no records does not look at all of them later."""
    before = records_scanned(lived_in_postgresql)
    storage = open_storage(lived_in_postgresql)
    await storage.reset(SEED)
    for number in range(MANY):
        opened = record(str(number))
        await storage.open_record(opened, NOW)
        await storage.keep_answer(answered(opened))
    await storage.close()

    assert records_scanned(lived_in_postgresql) - before < MANY
