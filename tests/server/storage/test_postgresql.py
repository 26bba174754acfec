"""What only PostgreSQL can do to a storage."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import asyncpg
import psycopg
import pytest
from tests.server.stand_ins import PATIENCE
from tests.server.storage.conftest import Pair
from tests.server.storage.examples import NOW, SEED, SESSION, shown

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.payments import Cart
from xclade_store_mock.storage import Storage

pytestmark = pytest.mark.anyio

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
