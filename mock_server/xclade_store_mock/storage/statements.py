"""What is said to the database: each function does its work on one connection."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Table,
    Update,
    bindparam,
    delete,
    func,
    insert,
    inspect,
    select,
    update,
)

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.idempotency import Answer, KeyScope, Record
from xclade_store_mock.payments import Cart, PaymentCollection, follow_cart
from xclade_store_mock.storage import texts
from xclade_store_mock.storage.tables import CARTS, COLLECTIONS, METADATA, RECORDS, STORE, VERSION
from xclade_store_mock.store import Settings, Store

_ID: BindParameter[str] = bindparam("id_")
_CART = select(CARTS.c.cart).where(CARTS.c.id == _ID)
_COLLECTION = select(COLLECTIONS.c.collection).where(COLLECTIONS.c.id == _ID)
_COLLECTION_OF_CART = (
    select(CARTS.c.cart, COLLECTIONS.c.id, COLLECTIONS.c.collection)
    .join_from(CARTS, COLLECTIONS, COLLECTIONS.c.cart_id == CARTS.c.id, isouter=True)
    .where(CARTS.c.id == _ID)
)
_SURROUNDINGS = (
    select(
        COLLECTIONS.c.collection,
        COLLECTIONS.c.revision,
        CARTS.c.cart,
        select(STORE.c.revision).scalar_subquery(),
    )
    .join_from(COLLECTIONS, CARTS, COLLECTIONS.c.cart_id == CARTS.c.id, isouter=True)
    .where(COLLECTIONS.c.id == _ID)
)
_KEEP_COLLECTION = (
    update(COLLECTIONS)
    .where(COLLECTIONS.c.id == _ID, COLLECTIONS.c.revision == bindparam("present"))
    .values(revision=bindparam("next"), collection=bindparam("text"))
)
_RECORD = select(RECORDS).where(RECORDS.c.scope == _ID)
_KEEP_ANSWER = (
    update(RECORDS)
    .where(RECORDS.c.scope == _ID, RECORDS.c.status.is_(None))
    .values(status=bindparam("answered"), body=bindparam("content"))
)
_REVISION = select(STORE.c.revision)
_SETTINGS = select(STORE.c.revision, STORE.c.settings)


class WrongVersion(Exception):
    """The database's tables are another version's."""


class Surroundings(NamedTuple):
    """A payment collection and what stands around it, at one moment; texts and revisions."""

    collection: str
    revision: str
    cart: str | None
    settings_revision: str


class CartAndCollection(NamedTuple):
    """A cart, and its payment collection if it has one."""

    cart: str
    collection_id: str | None
    collection: str | None


def prepare(connection: Connection, seed: Store) -> bool:
    """Make the tables and fill them, unless they are there; tell whether they were not.

    Raises WrongVersion.
    """
    if not inspect(connection).has_table(STORE.name):
        METADATA.create_all(connection)
        fill(connection, seed)
        return True
    version = connection.scalar(select(STORE.c.tables_version))
    if version != VERSION:
        message = f"its tables are of version {version}, and this server's of version {VERSION}"
        raise WrongVersion(message)
    # Better told now than at the first payment that the database cannot be written.
    connection.execute(update(STORE).values(tables_version=VERSION))
    return False


def fill(connection: Connection, store: Store) -> None:
    """Put a store in the place of what is there."""
    settings = texts.write(store.settings)
    row = {"tables_version": VERSION, "revision": _new_revision(), "settings": settings}
    # First, so that of two who do this at once one waits for the other.
    _put(connection, update(STORE), row)
    for table in (CARTS, COLLECTIONS, RECORDS):
        connection.execute(delete(table))
    _insert_all(connection, CARTS, [_cart_row(each) for each in store.carts.values()])
    collections = [_collection_row(each) for each in store.payment_collections.values()]
    _insert_all(connection, COLLECTIONS, collections)


def find_revision(connection: Connection) -> str:
    """Tell the settings' revision."""
    revision: str = connection.execute(_REVISION).scalar_one()
    return revision


def find_settings(connection: Connection) -> tuple[str, str]:
    """Find the settings and their revision."""
    revision, settings = connection.execute(_SETTINGS).one()
    return revision, settings


def change_settings(connection: Connection, change: Callable[[Settings], Settings]) -> Settings:
    """Put settings made of the present ones in their place."""
    _, text = connection.execute(_SETTINGS.with_for_update()).one()
    settings = change(texts.read_settings(text))
    values = {"revision": _new_revision(), "settings": texts.write(settings)}
    connection.execute(update(STORE).values(values))
    return settings


def find_cart(connection: Connection, id_: str) -> str | None:
    """Find a cart."""
    return connection.execute(_CART, {"id_": id_}).scalar_one_or_none()


def find_collection(connection: Connection, id_: str) -> str | None:
    """Find a payment collection."""
    return connection.execute(_COLLECTION, {"id_": id_}).scalar_one_or_none()


def find_surroundings(connection: Connection, id_: str) -> Surroundings | None:
    """Find a payment collection with its cart."""
    row = connection.execute(_SURROUNDINGS, {"id_": id_}).one_or_none()
    return None if row is None else Surroundings(*row)


def find_collection_of_cart(connection: Connection, id_: str) -> CartAndCollection | None:
    """Find a cart and its payment collection."""
    row = connection.execute(_COLLECTION_OF_CART, {"id_": id_}).one_or_none()
    return None if row is None else CartAndCollection(*row)


def page_of(
    connection: Connection, column: ColumnElement[str], limit: int, offset: int
) -> tuple[list[str], int]:
    """List a column's values by id, and count all."""
    table = column.table
    page = select(column).order_by(table.c.id).limit(limit).offset(offset)
    count = connection.execute(select(func.count()).select_from(table)).scalar_one()
    return list(connection.execute(page).scalars()), count


def put_cart(connection: Connection, cart: Cart, now: datetime) -> None:
    """Put a cart in, or in its earlier self's place; its payment collection follows it."""
    _put(connection, update(CARTS).where(CARTS.c.id == cart.id), _cart_row(cart))
    of_cart = select(COLLECTIONS.c.revision, COLLECTIONS.c.collection)
    found = connection.execute(of_cart.where(COLLECTIONS.c.cart_id == cart.id)).one_or_none()
    if found is not None:
        revision, text = found
        followed = follow_cart(texts.read_collection(text), cart, now=now)
        keep_collection(connection, followed, revision)


def add_collection(connection: Connection, collection: PaymentCollection) -> None:
    """Put a payment collection in; ValueError if its id or its cart is taken."""
    for column in (COLLECTIONS.c.id, COLLECTIONS.c.cart_id):
        id_ = getattr(collection, column.name)
        same = select(column).where(column == id_)
        if id_ is not None and connection.execute(same).one_or_none() is not None:
            message = f"{id_!r} is taken"
            raise ValueError(message)
    connection.execute(insert(COLLECTIONS).values(_collection_row(collection)))


def create_collection_of_cart(
    connection: Connection, cart_id: str, create: Callable[[Cart], PaymentCollection]
) -> PaymentCollection:
    """Make a cart's payment collection, unless someone was quicker."""
    # Whoever locks the cart first makes its collection.
    text = connection.execute(_CART.with_for_update(), {"id_": cart_id}).scalar_one()
    found = find_collection_of_cart(connection, cart_id)
    if found is not None and found.collection is not None:
        return texts.read_collection(found.collection)
    collection = create(texts.read_cart(text))
    connection.execute(insert(COLLECTIONS).values(_collection_row(collection)))
    return collection


def keep_collection(
    connection: Connection,
    collection: PaymentCollection,
    revision: str,
    record: Record | None = None,
) -> str:
    """Keep what a collection of this revision became; answer its new revision.

    Raises StorageUnavailable if it is of another revision by now: whoever holds a collection has
    lost it when the database's server, and with it all locks, went down in between.
    """
    following = _new_revision()
    values = {
        "id_": collection.id,
        "present": revision,
        "next": following,
        "text": texts.write(collection),
    }
    if connection.execute(_KEEP_COLLECTION, values).rowcount != 1:
        reason = f"{collection.id} was changed while it was held"
        raise StorageUnavailable(reason)
    if record is not None:
        keep_answer(connection, record)
    return following


def find_record(connection: Connection, scope: KeyScope) -> Record | None:
    """Find the record of a scope."""
    row = connection.execute(_RECORD, {"id_": scope.digest}).one_or_none()
    if row is None:
        return None
    answer = None if row.status is None else Answer(row.status, row.body)
    expires_at = datetime.fromtimestamp(row.expires_at, UTC)
    return Record(scope, row.fingerprint, row.session_id, expires_at, answer)


def open_record(connection: Connection, record: Record, now: datetime) -> None:
    """Keep a record without an answer, in an earlier one's place; forget the expired ones."""
    row = {
        "scope": record.scope.digest,
        "fingerprint": record.fingerprint,
        "session_id": record.session_id,
        "expires_at": record.expires_at.timestamp(),
    }
    expired = RECORDS.c.expires_at <= now.timestamp()
    connection.execute(delete(RECORDS).where(expired | (RECORDS.c.scope == row["scope"])))
    connection.execute(insert(RECORDS).values(row))


def keep_answer(connection: Connection, record: Record) -> None:
    """Keep a record's answer; StorageUnavailable if it has one already, as in keep_collection."""
    if record.answer is None:
        message = f"{record!r} has no answer"
        raise TypeError(message)
    values = {
        "id_": record.scope.digest,
        "answered": record.answer.status,
        "content": record.answer.body,
    }
    if connection.execute(_KEEP_ANSWER, values).rowcount != 1:
        reason = "a request was answered while its idempotency key was claimed"
        raise StorageUnavailable(reason)


def _new_revision() -> str:
    return secrets.token_hex(8)


def _put(connection: Connection, change: Update, row: Mapping[str, Any]) -> None:
    """Change the row that is there, or insert it."""
    if connection.execute(change.values(row)).rowcount == 0:
        connection.execute(insert(change.table).values(row))


def _insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _cart_row(cart: Cart) -> dict[str, Any]:
    return {"id": cart.id, "cart": texts.write(cart)}


def _collection_row(collection: PaymentCollection) -> dict[str, Any]:
    return {
        "id": collection.id,
        "cart_id": collection.cart_id,
        "revision": _new_revision(),
        "collection": texts.write(collection),
    }
