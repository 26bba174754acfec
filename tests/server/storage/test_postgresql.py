"""What only PostgreSQL can do to a storage."""

import asyncio
from decimal import Decimal

import asyncpg
import psycopg
import pytest
from msgspec.structs import replace
from tests.conftest import PATIENCE
from tests.databases import OLDER_POSTGRESQL, POSTGRESQL
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
from xclade_store_mock.storage import (
    DatabaseUrl,
    Storage,
    open_database,
    open_storage,
    prepare_storage,
    schema,
    sql,
)

pytestmark = pytest.mark.anyio

MANY = 200
AFTER = replace(SEED.payment_collections["pay_col_1"], sessions=(SESSION,))


@pytest.fixture(params=[POSTGRESQL, OLDER_POSTGRESQL])
def shared_database(request: pytest.FixtureRequest) -> str:
    """Use PostgreSQL only."""
    url: str = request.getfixturevalue(f"shared_{request.param}")
    return url


def break_connections(url: str) -> None:
    """End all connections to a database, as a restart of its server does."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def records_scanned(url: str) -> int:
    """Return how many idempotency records have been read without an index."""
    break_connections(url)  # which report their counts when they end
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT seq_tup_read FROM pg_stat_user_tables"
            " WHERE relname = 'xclade_mock_idempotency_records'"
        ).fetchone()
    assert row
    return int(row[0])


async def read_at_once(storage: Storage) -> list[object]:
    """Read on several connections at once; return the outcomes."""
    reads = (storage.cart("cart_1") for _ in range(8))
    return [*await asyncio.gather(*reads, return_exceptions=True)]


async def test_broken_idle_connections_are_replaced(pair: Pair, shared_database: str) -> None:
    """No call fails because a connection has broken since it was used last."""
    cart = SEED.carts["cart_1"]
    assert [cart] * 8 == await read_at_once(pair.one)
    break_connections(shared_database)

    assert [cart] * 8 == await read_at_once(pair.one)


async def test_broken_transaction_fails_one_call(pair: Pair, shared_database: str) -> None:
    """A connection that breaks in a transaction fails this call, not the next one."""
    break_connections(shared_database)
    await pair.one.reset(SEED)

    def break_off(settings: object) -> object:
        break_connections(shared_database)
        return settings

    with pytest.raises(StorageUnavailable):
        await pair.one.change_settings(break_off)  # type: ignore[arg-type]

    assert SEED.settings == await pair.one.change_settings(lambda it: it)


async def test_lost_lock_changes_nothing(pair: Pair, shared_database: str) -> None:
    """A lock ends with its connection; its former holder cannot overwrite the next one's change."""
    async with pair.one.hold("pay_col_1") as first:
        break_connections(shared_database)
        async with asyncio.timeout(PATIENCE), pair.other.hold("pay_col_1") as second:
            await second.keep(AFTER)
        with pytest.raises(StorageUnavailable) as lost:
            await first.keep(replace(AFTER, status="canceled"))

    assert "pay_col_1 was changed while it was held" == lost.value.reason
    assert AFTER == await pair.one.collection("pay_col_1")


async def test_cancelled_task_keeps_no_lock(pair: Pair) -> None:
    """A task that is cancelled while it acquires a lock releases it, and no other lock."""

    async def hold(storage: Storage, id_: str) -> None:
        async with storage.hold(id_):
            pass

    async with pair.one.hold("pay_col_1") as held:
        cancelled = asyncio.create_task(hold(pair.one, "pay_col_2"))
        for _ in range(3):
            await asyncio.sleep(0)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        async with asyncio.timeout(PATIENCE):
            await hold(pair.other, "pay_col_2")
        waiting = asyncio.create_task(hold(pair.other, "pay_col_1"))
        await asyncio.wait({waiting}, timeout=A_CHANCE)
        assert not waiting.done()
        await held.keep(AFTER)
    await waiting


async def test_one_server_prepares_at_a_time(shared_postgresql: str) -> None:
    """A server waits while another one creates the tables."""
    database = open_database(DatabaseUrl.parse(shared_postgresql))
    assert await database.acquire_lock("tables")
    preparing = asyncio.create_task(prepare_storage(shared_postgresql, SEED))
    await asyncio.wait({preparing}, timeout=10 * A_CHANCE)
    assert not preparing.done()
    await database.release_lock("tables")

    await preparing
    await database.close()


async def until_somebody_waits(url: str) -> None:
    """Wait until a transaction waits for another one's lock."""
    with psycopg.connect(url, autocommit=True) as observer:
        while observer.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone() is None:  # noqa: ASYNC110 - another process's
            await asyncio.sleep(0.01)


async def test_same_cart_added_at_once(pair: Pair, shared_database: str) -> None:
    """A cart that another transaction adds meanwhile is replaced; the call does not fail."""
    earlier, later = cart("cart_x", "1"), cart("cart_x", "2")
    with psycopg.connect(shared_database) as connection:
        connection.execute(
            "INSERT INTO xclade_mock_carts VALUES (%s, %s)", (earlier.id, schema.write(earlier))
        )
        putting = asyncio.create_task(pair.one.put_cart(later, NOW))
        await until_somebody_waits(shared_database)
        assert not putting.done()

    await putting
    assert later == await pair.other.cart("cart_x")


async def test_deadlock_is_retried(pair: Pair, shared_database: str) -> None:
    """A batch that PostgreSQL gives up because of a deadlock is run again."""
    database = open_database(DatabaseUrl.parse(shared_database))
    ids = ["pay_col_1", "pay_col_2"]
    rows = await database.run(lambda it: sql.find_collections(it, ids))
    updates = [
        schema.CollectionUpdate(row.id, row.revision, "next", "{}")
        for row in rows
        if isinstance(row, schema.CollectionRow)
    ]
    lock = "SELECT FROM xclade_mock_payment_collections WHERE id = %s FOR UPDATE"
    with psycopg.connect(shared_database) as other:
        # So that PostgreSQL gives up the storage's transaction, not this one.
        other.execute("SET deadlock_timeout = '600s'")
        other.execute(lock, ["pay_col_2"])
        keeping = asyncio.create_task(database.run(lambda it: sql.keep_collections(it, updates)))
        await until_somebody_waits(shared_database)
        async with asyncio.timeout(PATIENCE):
            await asyncio.to_thread(other.execute, lock, ["pay_col_1"])
        assert not keeping.done()

    assert [None, None] == [*await keeping]
    found = await database.run(lambda it: sql.find_collections(it, ids))
    assert ["next", "next"] == [getattr(row, "revision", None) for row in found]
    await database.close()
    await pair.one.reset(SEED)


@pytest.mark.parametrize("id_", ["cart\0", "cart\ud800"], ids=shown)
async def test_errors_show_no_values(pair: Pair, id_: str) -> None:
    """No error contains a value, which may be secret; not even an error that a bug causes."""
    with pytest.raises((asyncpg.DataError, ValueError)) as failed:
        await pair.one.put_cart(Cart(id_, "a secret", "usd", Decimal(1)), NOW)

    assert "a secret" not in str(failed.value)


def test_ids_are_ordered_by_code_points(shared_database: str) -> None:
    """The collation is set, since the locale of these tests may happen to order ids so too."""
    with psycopg.connect(shared_database) as connection:
        found = connection.execute(
            "SELECT table_name, column_name, collation_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name IN ('id', 'cart_id')"
            " AND data_type = 'text'"
        ).fetchall()

    assert {
        ("xclade_mock_carts", "id", "C"),
        ("xclade_mock_payment_collections", "id", "C"),
        ("xclade_mock_payment_collections", "cart_id", "C"),
    } == {*found}


async def test_records_are_found_by_an_index_from_the_first_on(shared_database: str) -> None:
    """A plan that was made while there were no records does not scan all of them later."""
    before = records_scanned(shared_database)
    storage = open_storage(shared_database)
    await storage.reset(SEED)
    for number in range(MANY):
        opened = record(str(number))
        await storage.open_record(opened, NOW)
        await storage.keep_answer(answered(opened))
    await storage.close()

    assert records_scanned(shared_database) - before < MANY
