"""What is said to a database: constants, each written for a kind of database only once."""

from typing import NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.schema import CreateIndex, CreateTable

from xclade_store_mock.storage.databases import Statement
from xclade_store_mock.storage.tables import CARTS, COLLECTIONS, METADATA, RECORDS, STORE


class Put(NamedTuple):
    """Changes the row that is there; else inserts it."""

    change: Statement
    insert: Statement


class Listing(NamedTuple):
    """Lists a column, a page of it; and counts all."""

    page: Statement
    total: Statement


def _listing(column: ColumnElement[str]) -> Listing:
    page = select(column).order_by(column.table.c.id)
    return Listing(
        page.limit(bindparam("most")).offset(bindparam("skipped")),
        select(func.count()).select_from(column.table),
    )


_ID: BindParameter[str] = bindparam("id_")

CREATE: tuple[Statement, ...] = (
    *(CreateTable(table) for table in METADATA.sorted_tables),
    *(CreateIndex(index) for table in METADATA.sorted_tables for index in table.indexes),
)
EMPTY = tuple(delete(table) for table in (CARTS, COLLECTIONS, RECORDS))

# Without values, INSERT and UPDATE ask for those of all columns.
PUT_STORE = Put(update(STORE), insert(STORE))
VERSION = select(STORE.c.tables_version)
KEEP_VERSION = update(STORE).values(tables_version=STORE.c.tables_version)
REVISION = select(STORE.c.revision)
SETTINGS = select(STORE.c.revision, STORE.c.settings)
LOCK_SETTINGS = SETTINGS.with_for_update()
KEEP_SETTINGS = update(STORE).values(revision=bindparam("next"), settings=bindparam("text"))

PUT_CART = Put(update(CARTS).where(CARTS.c.id == _ID), insert(CARTS))
CART = select(CARTS.c.cart).where(CARTS.c.id == _ID)
LOCK_CART = CART.with_for_update()
CARTS_BY_ID = _listing(CARTS.c.cart)

INSERT_COLLECTION = insert(COLLECTIONS)
COLLECTION = select(COLLECTIONS.c.collection).where(COLLECTIONS.c.id == _ID)
COLLECTIONS_BY_ID = _listing(COLLECTIONS.c.collection)
FOLLOWER = select(COLLECTIONS.c.revision, COLLECTIONS.c.collection).where(
    COLLECTIONS.c.cart_id == _ID
)
COLLECTION_OF_CART = (
    select(CARTS.c.cart, COLLECTIONS.c.id, COLLECTIONS.c.collection)
    .join_from(CARTS, COLLECTIONS, COLLECTIONS.c.cart_id == CARTS.c.id, isouter=True)
    .where(CARTS.c.id == _ID)
)
SURROUNDINGS = (
    select(
        COLLECTIONS.c.id,
        COLLECTIONS.c.collection,
        COLLECTIONS.c.revision,
        CARTS.c.cart,
        select(STORE.c.revision).scalar_subquery(),
    )
    .join_from(COLLECTIONS, CARTS, COLLECTIONS.c.cart_id == CARTS.c.id, isouter=True)
    .where(COLLECTIONS.c.id == _ID)
)
KEEP_COLLECTION = (
    update(COLLECTIONS)
    .where(COLLECTIONS.c.id == _ID, COLLECTIONS.c.revision == bindparam("present"))
    .values(revision=bindparam("next"), collection=bindparam("text"))
)

INSERT_RECORD = insert(RECORDS)
RECORD = select(
    RECORDS.c.fingerprint,
    RECORDS.c.session_id,
    RECORDS.c.expires_at,
    RECORDS.c.status,
    RECORDS.c.body,
).where(RECORDS.c.scope == _ID)
KEEP_ANSWER = (
    update(RECORDS)
    .where(RECORDS.c.scope == _ID, RECORDS.c.status.is_(None))
    .values(status=bindparam("answered"), body=bindparam("content"))
)
# Who has no answer yet may be at work: the control API puts the clock forward at any moment.
FORGET = delete(RECORDS).where(
    RECORDS.c.expires_at <= bindparam("now"), RECORDS.c.status.is_not(None)
)
DROP_RECORD = delete(RECORDS).where(RECORDS.c.scope == _ID)
