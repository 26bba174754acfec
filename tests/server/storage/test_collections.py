"""Payment collections: found, listed, added, and created once for each cart."""

import asyncio
from decimal import Decimal

import pytest
from tests.server.storage.conftest import Pair
from tests.server.storage.examples import LATER, NOW, SEED, STRANGE_IDS, cart, collection, shown

from xclade_store_mock.errors import CartNotFound, CollectionNotFound
from xclade_store_mock.payments.model import Cart, PaymentCollection
from xclade_store_mock.payments.rules import create_collection
from xclade_store_mock.storage import Storage

pytestmark = pytest.mark.anyio


class Maker:
    """Creates payment collections, and counts them."""

    def __init__(self, name: str = "made") -> None:
        self.made = 0
        self._name = name

    def __call__(self, cart: Cart) -> PaymentCollection:
        """Return a collection for a cart."""
        self.made += 1
        return create_collection(cart, new_id=lambda it: f"{it}{self._name}", now=LATER)


async def test_collections_are_the_seeds(storage: Storage) -> None:
    """The collections of the seed are all there, with or without a cart."""
    found = {each: await storage.collection(each) for each in SEED.payment_collections}

    assert SEED.payment_collections == found


@pytest.mark.parametrize("id_", STRANGE_IDS, ids=shown)
async def test_unknown_collection_is_not_found(storage: Storage, id_: str) -> None:
    """The error names the id, whatever characters it contains, and nothing stays locked."""
    with pytest.raises(CollectionNotFound) as found:
        await storage.collection(id_)
    assert str(CollectionNotFound(id_)) == str(found.value)
    for _ in range(2):
        with pytest.raises(CollectionNotFound):
            async with storage.hold(id_):
                pass


@pytest.mark.parametrize("id_", STRANGE_IDS, ids=shown)
async def test_unknown_cart_has_no_collection(storage: Storage, id_: str) -> None:
    """No collection is created for a cart that does not exist."""
    make = Maker()

    with pytest.raises(CartNotFound):
        await storage.collection_of_cart(id_, make)
    with pytest.raises(CartNotFound):
        await storage.add_collection(collection("pay_col_x", cart_id=id_))
    assert await storage.find_collection_of_cart(id_) is None

    assert 0 == make.made
    assert 3 == (await storage.collections(0))[1]


async def test_collection_is_kept_whole(storage: Storage) -> None:
    """Sessions, exact amounts, times and data of any shape come back unchanged."""
    added = collection("pay_col_x", cart_id="cart_new")
    await storage.add_collection(added)

    found = await storage.collection("pay_col_x")
    assert added == found
    # Equality is not enough: 32.97 equals 32.970, and -0.0 equals 0.
    assert repr(added) == repr(found)
    async with storage.hold("pay_col_x") as held:
        assert repr(added) == repr(held.collection)
        assert SEED.carts["cart_new"] == held.cart


async def test_many_collections_without_a_cart(storage: Storage) -> None:
    """Any number of collections may have no cart."""
    await storage.add_collection(collection("pay_col_x"))
    await storage.add_collection(collection("pay_col_y"))

    async with storage.hold("pay_col_y") as held:
        assert held.cart is None


@pytest.mark.parametrize(
    "added",
    [collection("pay_col_1"), collection("pay_col_x", "cart_1"), collection("pay_col_1", "cart_2")],
    ids=["id", "cart", "both"],
)
async def test_taken_collection_is_refused(storage: Storage, added: PaymentCollection) -> None:
    """An id or a cart keeps the collection that it has."""
    with pytest.raises(ValueError, match="is taken"):
        await storage.add_collection(added)

    found, count = await storage.collections(9)
    assert [*SEED.payment_collections.values()] == found
    assert 3 == count
    for cart_id, collection_id in (("cart_1", "pay_col_1"), ("cart_2", "pay_col_2")):
        assert collection_id == (await storage.collection_of_cart(cart_id, Maker())).id


async def test_same_collection_is_added_once(storage: Storage) -> None:
    """Of several calls that add one collection, one succeeds; the others fail with ValueError."""
    outcomes = await asyncio.gather(
        *(storage.add_collection(collection("pay_col_x", "cart_new")) for _ in range(5)),
        return_exceptions=True,
    )

    assert 1 == outcomes.count(None)
    assert {type(None), ValueError} == {type(each) for each in outcomes}


async def test_collections_are_listed_by_id(storage: Storage) -> None:
    """Ids are ordered by code point, in any locale of the database; the count includes all."""
    names = ["pay_col_B", "pay_col_a", "PAY", "pay-col", "pay_col_é", "pay_col_10", "pay_col_9"]
    for name in names:
        await storage.add_collection(collection(name))
    ordered = sorted([*names, *SEED.payment_collections])

    found, count = await storage.collections(100)
    middle, same_count = await storage.collections(3, 4)

    assert ordered == [each.id for each in found]
    assert ordered[4:7] == [each.id for each in middle]
    assert 10 == count == same_count


async def test_collection_of_cart_is_created_once(storage: Storage) -> None:
    """The first call creates a cart's collection; all calls return it."""
    make = Maker()

    found = await asyncio.gather(*(storage.collection_of_cart("cart_new", make) for _ in range(10)))

    expected = Maker()(SEED.carts["cart_new"])
    assert [expected] * 10 == found
    assert expected == await storage.find_collection_of_cart("cart_new")
    assert expected == await storage.collection(expected.id)
    assert 4 == (await storage.collections(0))[1]
    assert 1 == make.made


async def test_collection_of_cart_is_found(storage: Storage) -> None:
    """A collection that exists is not created again."""
    make = Maker()

    found = await storage.collection_of_cart("cart_1", make)

    assert SEED.payment_collections["pay_col_1"] == found
    assert 0 == make.made


async def test_failed_creation_leaves_nothing(storage: Storage) -> None:
    """After a failure, the next call creates the collection."""

    def fail(_: Cart) -> PaymentCollection:
        raise LookupError

    with pytest.raises(LookupError):
        await storage.collection_of_cart("cart_new", fail)

    assert 3 == (await storage.collections(0))[1]
    made = await storage.collection_of_cart("cart_new", Maker())
    assert made == await storage.collection(made.id)


async def test_two_servers_create_one_collection(pair: Pair) -> None:
    """A cart has one collection, whichever server creates it."""
    found = await asyncio.gather(
        *(pair[number % 2].collection_of_cart("cart_new", Maker()) for number in range(10))
    )

    assert 1 == len({each.id for each in found})
    assert 4 == (await pair.one.collections(0))[1]


async def test_carts_change_while_their_collections_are_created(pair: Pair) -> None:
    """A collection has its cart's total even if both change at once."""
    for number in range(5):
        id_ = f"cart_x{number}"
        await pair.one.put_cart(cart(id_, "1"), NOW)
        await asyncio.gather(
            pair.one.collection_of_cart(id_, Maker(id_)), pair.other.put_cart(cart(id_, "2"), LATER)
        )

        assert Decimal(2) == (await pair.one.collection(f"pay_col_{id_}")).amount
