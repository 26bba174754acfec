"""Carts: found, listed, and followed by their payment collections."""

import asyncio
from decimal import Decimal

import pytest
from msgspec.structs import replace
from tests.server.storage.examples import (
    A_CHANCE,
    LATER,
    NOW,
    SEED,
    SESSION,
    STRANGE_IDS,
    cart,
    shown,
)

from xclade_store_mock.storage import Storage

pytestmark = pytest.mark.anyio

AMOUNTS = (
    "0",
    "0.00",
    "25.50",
    "0.1",
    "0.30000000000000004",
    "12345678901234567.89",
    "1E+3",
    "1E-7",
    "100000000000000000000",
)


async def start_session(storage: Storage, collection_id: str) -> None:
    """Give a collection a session."""
    async with storage.hold(collection_id) as held:
        await held.keep(replace(held.collection, sessions=(SESSION,)))


async def test_carts_are_the_seeds(storage: Storage) -> None:
    """The carts of the seed are all there."""
    assert SEED.carts == {each: await storage.cart(each) for each in SEED.carts}


@pytest.mark.parametrize("id_", STRANGE_IDS, ids=shown)
async def test_unknown_cart_is_none(storage: Storage, id_: str) -> None:
    """No id but a cart's own finds it, whatever characters it contains."""
    assert await storage.cart(id_[:100]) is None
    assert await storage.cart(id_) is None


@pytest.mark.parametrize("amount", AMOUNTS)
async def test_total_is_kept_digit_by_digit(storage: Storage, amount: str) -> None:
    """A total keeps every digit, trailing zeros included; so does the collection's amount."""
    await storage.put_cart(cart("cart_1", amount), LATER)

    found = await storage.cart("cart_1")
    assert found
    assert amount == str(found.total)
    assert amount == str((await storage.collection("pay_col_1")).amount)


async def test_new_cart_has_no_collection(storage: Storage) -> None:
    """Adding a cart changes nothing else."""
    await storage.put_cart(cart("cart_x"), LATER)

    assert cart("cart_x") == await storage.cart("cart_x")
    assert 4 == (await storage.carts(9))[1]
    found, count = await storage.collections(9)
    assert [*SEED.payment_collections.values()] == found
    assert 3 == count


@pytest.mark.parametrize("changes", [{"total": Decimal(6)}, {"currency_code": "usd"}], ids=repr)
async def test_collection_follows_its_cart(storage: Storage, changes: dict[str, object]) -> None:
    """A collection takes its cart's new total or currency, and loses its sessions."""
    await start_session(storage, "pay_col_2")
    changed = replace(SEED.carts["cart_2"], **changes)

    await storage.put_cart(changed, LATER)

    expected = replace(
        SEED.payment_collections["pay_col_2"],
        amount=changed.total,
        currency_code=changed.currency_code,
        updated_at=LATER,
    )
    assert changed == await storage.cart("cart_2")
    assert expected == await storage.collection("pay_col_2")
    other = SEED.payment_collections["pay_col_1"]
    assert other == await storage.collection("pay_col_1")


async def test_collection_stays_if_its_cart_costs_the_same(storage: Storage) -> None:
    """A change of region alone keeps the sessions."""
    await start_session(storage, "pay_col_2")
    before = await storage.collection("pay_col_2")
    changed = replace(SEED.carts["cart_2"], region_id="reg_none")

    await storage.put_cart(changed, LATER)

    assert before == await storage.collection("pay_col_2")
    async with storage.hold("pay_col_2") as held:
        assert changed == held.cart


async def test_collection_created_later_follows_too(storage: Storage) -> None:
    """A collection follows its cart from its creation on."""
    made = replace(SEED.payment_collections["pay_col_2"], id="pay_col_new", cart_id="cart_new")
    await storage.collection_of_cart("cart_new", lambda _: made)

    await storage.put_cart(cart("cart_new", "77"), LATER)

    assert Decimal(77) == (await storage.collection("pay_col_new")).amount


async def test_cart_waits_until_its_collection_is_free(storage: Storage) -> None:
    """A cart whose collection is held changes afterwards, and undoes no change of the holder."""
    async with storage.hold("pay_col_1") as held:
        change = asyncio.create_task(storage.put_cart(cart("cart_1", "1"), LATER))
        await asyncio.wait({change}, timeout=A_CHANCE)
        assert SEED.carts["cart_1"] == await storage.cart("cart_1")
        await held.keep(replace(held.collection, status="awaiting", sessions=(SESSION,)))
    await change

    followed = await storage.collection("pay_col_1")
    assert (Decimal(1), "awaiting", ()) == (followed.amount, followed.status, followed.sessions)
    assert cart("cart_1", "1") == await storage.cart("cart_1")


async def test_same_new_cart_at_once(storage: Storage) -> None:
    """Of several calls that add one cart, the last wins, and none fails."""
    carts = [cart("cart_x", str(total)) for total in range(5)]
    # From here on, every call finds an open connection.
    await asyncio.gather(*(storage.cart(each.id) for each in carts))

    await asyncio.gather(*(storage.put_cart(each, NOW) for each in carts))

    assert await storage.cart("cart_x") in carts
    assert 4 == (await storage.carts(9))[1]


async def test_carts_are_listed_by_id(storage: Storage) -> None:
    """Ids are ordered by code point, in any locale of the database; the count includes all."""
    names = ["B", "a", "A", "b", "_", "-", "~", "10", "9", "é", "z", "ß", "中", "🙂"]
    for name in names:
        await storage.put_cart(cart(name), NOW)
    ordered = sorted([*names, *SEED.carts])

    found, count = await storage.carts(100)
    middle, same_count = await storage.carts(5, 7)

    assert ordered == [each.id for each in found]
    assert ordered[7:12] == [each.id for each in middle]
    assert len(ordered) == count == same_count


@pytest.mark.parametrize(("limit", "offset", "shown"), [(0, 0, 0), (2, 2, 1), (2, 3, 0), (9, 9, 0)])
async def test_pages_end_where_the_list_ends(
    storage: Storage, limit: int, offset: int, shown: int
) -> None:
    """A page beyond the end is empty, and still comes with the count."""
    carts, cart_count = await storage.carts(limit, offset)
    collections, collection_count = await storage.collections(limit, offset)

    assert (shown, 3) == (len(carts), cart_count)
    assert (shown, 3) == (len(collections), collection_count)
