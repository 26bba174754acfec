"""What is done to a database: each function does its work on one connection."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ulid_transform import ulid_now

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.payments.model import Cart, PaymentCollection, Settings, Store
from xclade_store_mock.payments.rules import follow_cart
from xclade_store_mock.storage import statements, texts
from xclade_store_mock.storage.databases import Connection, Statement
from xclade_store_mock.storage.tables import STORE, VERSION


class WrongVersion(Exception):
    """The database's tables are another version's."""


class Surroundings(NamedTuple):
    """A payment collection and what stands around it, at one moment; texts and revisions."""

    id: str
    collection: str
    revision: str
    cart: str | None
    settings_revision: str


class Successor(NamedTuple):
    """What a payment collection of a revision became: its text, and its next revision."""

    id: str
    revision: str
    text: str
    next_revision: str


class CartAndCollection(NamedTuple):
    """A cart, and its payment collection if it has one."""

    cart: str
    collection_id: str | None
    collection: str | None


new_revision = ulid_now
"""Makes what tells one state of a row from all others."""


async def prepare(connection: Connection, seed: Store) -> bool:
    """Make the tables and fill them, unless they are there; tell whether they were not.

    Raises WrongVersion.
    """
    if not await connection.has_table(STORE.name):
        for each in statements.CREATE:
            await connection.change(each)
        await fill(connection, seed)
        return True
    version = await _find(connection, statements.VERSION)
    if version != VERSION:
        message = f"its tables are of version {version}, and this server's of version {VERSION}"
        raise WrongVersion(message)
    # Better told now than at the first payment that the database cannot be written.
    await connection.change(statements.KEEP_VERSION)
    return False


async def fill(connection: Connection, store: Store) -> None:
    """Put a store in the place of what is there."""
    # First, so that of two who do this at once one waits for the other.
    await _put(
        connection,
        statements.PUT_STORE,
        tables_version=VERSION,
        revision=new_revision(),
        settings=texts.write(store.settings),
    )
    for each in statements.EMPTY:
        await connection.change(each)
    for cart in store.carts.values():
        await connection.change(statements.PUT_CART.insert, **_cart_row(cart))
    for collection in store.payment_collections.values():
        await connection.change(statements.INSERT_COLLECTION, **_collection_row(collection))


async def find_revision(connection: Connection, askers: Sequence[None]) -> Sequence[str]:
    """Tell the settings' revision, to all who ask."""
    ((revision,),) = await connection.rows(statements.REVISION)
    return [str(revision)] * len(askers)


async def find_settings(connection: Connection) -> tuple[str, str]:
    """Find the settings and their revision."""
    ((revision, settings),) = await connection.rows(statements.SETTINGS)
    return revision, settings


async def change_settings(
    connection: Connection, change: Callable[[Settings], Settings]
) -> Settings:
    """Put settings made of the present ones in their place."""
    ((_, text),) = await connection.rows(statements.LOCK_SETTINGS)
    settings = change(texts.read_settings(text))
    await connection.change(
        statements.KEEP_SETTINGS, next=new_revision(), text=texts.write(settings)
    )
    return settings


async def find_cart(connection: Connection, id_: str) -> str | None:
    """Find a cart."""
    text: str | None = await _find(connection, statements.CART, id_=id_)
    return text


async def find_collection(connection: Connection, id_: str) -> str | None:
    """Find a payment collection."""
    text: str | None = await _find(connection, statements.COLLECTION, id_=id_)
    return text


async def find_surroundings(
    connection: Connection, ids: Sequence[str]
) -> Sequence[Surroundings | None]:
    """Find payment collections with their carts."""
    rows = await connection.row_for_each(statements.SURROUNDINGS, [{"id_": id_} for id_ in ids])
    return [Surroundings(*row) if row else None for row in rows]


async def find_collection_of_cart(connection: Connection, id_: str) -> CartAndCollection | None:
    """Find a cart and its payment collection."""
    row = await connection.row(statements.COLLECTION_OF_CART, id_=id_)
    return CartAndCollection(*row) if row else None


async def page_of(
    connection: Connection, listing: statements.Listing, limit: int, offset: int
) -> tuple[list[str], int]:
    """List a column's values, and count all."""
    ((count,),) = await connection.rows(listing.total)
    page = await connection.rows(listing.page, most=limit, skipped=offset)
    return [value for (value,) in page], count


async def put_cart(connection: Connection, cart: Cart, now: datetime) -> None:
    """Put a cart in, or in its earlier self's place; its payment collection follows it."""
    await _put(connection, statements.PUT_CART, id_=cart.id, **_cart_row(cart))
    found = await connection.row(statements.FOLLOWER, id_=cart.id)
    if found is not None:
        revision, text = found
        followed = follow_cart(texts.read_collection(text), cart, now=now)
        successor = Successor(followed.id, revision, texts.write(followed), new_revision())
        (is_kept,) = await keep_collections(connection, (successor,))
        if not is_kept:
            raise lost(successor)


async def add_collection(connection: Connection, collection: PaymentCollection) -> None:
    """Put a payment collection in; ValueError if its id or its cart is taken."""
    for same, id_ in (
        (statements.COLLECTION, collection.id),
        (statements.FOLLOWER, collection.cart_id),
    ):
        if id_ is not None and await connection.row(same, id_=id_) is not None:
            message = f"{id_!r} is taken"
            raise ValueError(message)
    await connection.change(statements.INSERT_COLLECTION, **_collection_row(collection))


async def create_collection_of_cart(
    connection: Connection, cart_id: str, create: Callable[[Cart], PaymentCollection]
) -> PaymentCollection:
    """Make a cart's payment collection, unless someone was quicker."""
    # Whoever locks the cart first makes its collection.
    ((text,),) = await connection.rows(statements.LOCK_CART, id_=cart_id)
    found = await find_collection_of_cart(connection, cart_id)
    if found is not None and found.collection is not None:
        return texts.read_collection(found.collection)
    collection = create(texts.read_cart(text))
    await connection.change(statements.INSERT_COLLECTION, **_collection_row(collection))
    return collection


async def keep_collections(
    connection: Connection, successors: Sequence[Successor]
) -> Sequence[bool]:
    """Keep what collections became; tell whether each was of the revision that was read."""
    rows = [
        {"id_": each.id, "present": each.revision, "next": each.next_revision, "text": each.text}
        for each in successors
    ]
    return await connection.change_for_each(statements.KEEP_COLLECTION, rows)


def lost(successor: Successor) -> StorageUnavailable:
    """Say that a collection is of another revision by now.

    Whoever holds a collection has lost it when the database's server, and with it all locks, went
    down in between.
    """
    return StorageUnavailable(f"{successor.id} was changed while it was held")


async def _find(connection: Connection, statement: Statement, **values: Any) -> Any:
    row = await connection.row(statement, **values)
    return row[0] if row else None


async def _put(connection: Connection, put: statements.Put, **row: Any) -> None:
    if await connection.change(put.change, **row) == 0:
        await connection.change(put.insert, **row)


def _cart_row(cart: Cart) -> dict[str, Any]:
    return {"id": cart.id, "cart": texts.write(cart)}


def _collection_row(collection: PaymentCollection) -> dict[str, Any]:
    return {
        "id": collection.id,
        "cart_id": collection.cart_id,
        "revision": new_revision(),
        "collection": texts.write(collection),
    }
