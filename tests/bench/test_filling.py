"""The database that the storage benchmark fills is one that the server could have written."""

import asyncio

from tests.bench.filling import fill

from xclade_store_mock.storage import opened


def test_filled_database_is_a_store(database_url: str) -> None:
    """Each collection has its cart and its session, and there are carts without a collection."""
    fill(database_url, 3, 2)

    async def look() -> list[object]:
        async with opened(database_url) as storage, storage.hold("pay_col_3") as held:
            assert held.cart
            (session,) = held.collection.sessions
            alone = await storage.cart("cart_5")
            assert alone
            return [held.cart.id, session.id, session.amount == held.cart.total, alone.id]

    assert ["cart_3", "payses_3", True, "cart_5"] == asyncio.run(look())
