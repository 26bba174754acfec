"""The store in a database, shared by any number of processes.

A process that changes a collection holds a lock, which ends with the process. Storing the change
checks the collection's revision once more, since a lock can be lost while it is held.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakValueDictionary

from xclade_store_mock.errors import CartNotFound, CollectionNotFound, StorageUnavailable
from xclade_store_mock.jsontext import find_unstorable
from xclade_store_mock.payments.idempotency import KeyScope, Record
from xclade_store_mock.payments.model import Cart, PaymentCollection, Settings, Store
from xclade_store_mock.payments.rules import follow_cart
from xclade_store_mock.storage import Connection, Database, HeldCollection, Row, schema
from xclade_store_mock.storage.batches import Coalescer, Outcomes

# Seconds between two attempts to acquire a lock; a process holds one for some milliseconds, or for
# as long as a payment provider takes.
_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.05


async def find_collections(
    connection: Connection, ids: Sequence[str]
) -> Outcomes[schema.CollectionRow]:
    """Return the rows of payment collections; CollectionNotFound is an outcome, too."""
    rows = await connection.row_for_each(schema.COLLECTION_ROW, ids)
    return [
        schema.CollectionRow(*row) if row else CollectionNotFound(id_)
        for id_, row in zip(ids, rows, strict=True)
    ]


async def keep_collections(
    connection: Connection, updates: Sequence[schema.CollectionUpdate]
) -> Outcomes[None]:
    """Store changed collections. An update fails if another one came first."""
    are_kept = await connection.change_for_each(schema.KEEP_COLLECTION, updates)
    return [
        None if is_kept else revision_conflict(update.id)
        for update, is_kept in zip(updates, are_kept, strict=True)
    ]


async def keep_answered(
    connection: Connection, pairs: Sequence[tuple[schema.CollectionUpdate, Record]]
) -> Outcomes[None]:
    """Store each changed collection and the record of its request: both or neither."""
    outcomes = [*await keep_answers(connection, [record for _, record in pairs])]
    answered = [place for place, failure in enumerate(outcomes) if failure is None]
    kept = await keep_collections(connection, [pairs[place][0] for place in answered])
    for place, failure in zip(answered, kept, strict=True):
        if failure is not None:
            outcomes[place] = failure
            await connection.change(schema.DROP_ANSWER, pairs[place][1].scope.digest)
    return outcomes


async def keep_answers(connection: Connection, records: Sequence[Record]) -> Outcomes[None]:
    """Store the answers of records. An answer fails if the record has one already."""
    rows = [schema.answer_values(record) for record in records]
    are_kept = await connection.change_for_each(schema.KEEP_ANSWER, rows)
    # If one is not, its claim was lost, as a lock can be.
    reason = "a request was answered while its idempotency key was claimed"
    return [None if is_kept else StorageUnavailable(reason) for is_kept in are_kept]


async def find_records(
    connection: Connection, scopes: Sequence[KeyScope]
) -> Outcomes[Record | None]:
    """Return the records of idempotency keys."""
    rows = await connection.row_for_each(schema.RECORD, [scope.digest for scope in scopes])
    return [schema.read_record(scope, row) for scope, row in zip(scopes, rows, strict=True)]


async def open_records(
    connection: Connection, opened: Sequence[tuple[Record, datetime]]
) -> Outcomes[None]:
    """Store unanswered records, each at a time, and drop those that are not kept any longer."""
    latest = max(now for _, now in opened)
    await connection.change(schema.FORGET_RECORDS, latest.timestamp())
    rows = [
        (each.scope.digest, each.fingerprint, each.session_id, each.expires_at.timestamp())
        for each, _ in opened
    ]
    await connection.change_for_each(schema.OPEN_RECORD, rows)
    return [None] * len(opened)


async def find_revisions(connection: Connection, callers: Sequence[None]) -> Outcomes[str]:
    """Return the settings' revision to all callers."""
    row = await connection.row(schema.REVISION)
    return [_require(row)[0]] * len(callers)


async def fill(connection: Connection, store: Store) -> None:
    """Replace everything by a store."""
    # First: of two resets at once, the second waits here for the first.
    settings = schema.write(store.settings)
    await connection.change(schema.PUT_STORE, schema.VERSION, schema.new_revision(), settings)
    for statement in schema.EMPTY:
        await connection.change(statement)
    carts = [(cart.id, schema.write(cart)) for cart in store.carts.values()]
    await connection.change_for_each(schema.PUT_CART, carts)
    collections = [schema.collection_values(each) for each in store.payment_collections.values()]
    await connection.change_for_each(schema.INSERT_COLLECTION, collections)


def revision_conflict(collection_id: str) -> StorageUnavailable:
    """Return the error of a collection that changed while it was held.

    A lock is lost when the database's server goes down while it is held.
    """
    return StorageUnavailable(f"{collection_id} was changed while it was held")


@dataclass(slots=True)
class _HeldCollection(HeldCollection):
    coalescer: Coalescer
    revision: str

    async def keep(self, collection: PaymentCollection, record: Record | None = None) -> None:
        update = schema.CollectionUpdate(
            collection.id, self.revision, schema.new_revision(), schema.write(collection)
        )
        if record is None:
            await self.coalescer.run(keep_collections, update)
        else:
            await self.coalescer.transact(keep_answered, (update, record))
        self.revision = update.next_revision


class SqlStorage:
    """Keeps a store's state in a database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._coalescer = Coalescer(database)
        # The settings read last and their revision, so that no text is decoded twice.
        self._settings: tuple[str, Settings] | None = None
        self._queues: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def prepare(self, seed: Store) -> bool:
        """Create and fill the tables, unless they exist; return whether they did not."""
        # First: if a file cannot be opened, no lock file is to appear beside it.
        await self.database.create()
        async with self._lock("tables"):
            return await self.database.transact(lambda it: _prepare(it, self.database, seed))

    async def reset(self, store: Store) -> None:
        await self.database.transact(lambda it: fill(it, store))

    async def close(self) -> None:
        await self.database.close()

    async def settings(self) -> Settings:
        return await self._settings_at(await self._coalescer.run(find_revisions, None))

    async def change_settings(self, change: Callable[[Settings], Settings]) -> Settings:
        return await self.database.transact(lambda it: _change_settings(it, change))

    async def cart(self, cart_id: str) -> Cart | None:
        row = await self._find(schema.CART, cart_id)
        return schema.read_cart(row[0]) if row else None

    async def carts(self, limit: int, offset: int = 0) -> tuple[list[Cart], int]:
        texts, count = await self._page(schema.CARTS, schema.COUNT_CARTS, limit, offset)
        return [schema.read_cart(text) for text in texts], count

    async def put_cart(self, cart: Cart, now: datetime) -> None:
        row = await self._find(schema.COLLECTION_BY_CART, cart.id)
        async with self._lock(row[0]) if row else nullcontext():
            await self.database.transact(lambda it: _put_cart(it, cart, now))

    async def collection(self, collection_id: str) -> PaymentCollection:
        row = await self._find(schema.COLLECTION, collection_id)
        if row is None:
            raise CollectionNotFound(collection_id)
        return schema.read_collection(row[0])

    async def collections(self, limit: int, offset: int = 0) -> tuple[list[PaymentCollection], int]:
        page, count_all = schema.COLLECTIONS, schema.COUNT_COLLECTIONS
        texts, count = await self._page(page, count_all, limit, offset)
        return [schema.read_collection(text) for text in texts], count

    async def add_collection(self, collection: PaymentCollection) -> None:
        if collection.cart_id is not None and await self.cart(collection.cart_id) is None:
            raise CartNotFound(collection.cart_id)
        await self.database.transact(lambda it: _add_collection(it, collection))

    async def collection_of_cart(
        self, cart_id: str, create: Callable[[Cart], PaymentCollection]
    ) -> PaymentCollection:
        found = await self.find_collection_of_cart(cart_id)
        if found is not None:
            return found
        if _is_unstorable(cart_id):
            raise CartNotFound(cart_id)
        return await self.database.transact(lambda it: _create_collection(it, cart_id, create))

    async def find_collection_of_cart(self, cart_id: str) -> PaymentCollection | None:
        row = await self._find(schema.COLLECTION_BY_CART, cart_id)
        return schema.read_collection(row[2]) if row else None

    @asynccontextmanager
    async def hold(self, collection_id: str) -> AsyncIterator[_HeldCollection]:
        if _is_unstorable(collection_id):
            raise CollectionNotFound(collection_id)
        async with self._lock(collection_id):
            row = await self._coalescer.run(find_collections, collection_id)
            yield _HeldCollection(
                schema.read_collection(row.collection),
                schema.read_cart(row.cart) if row.cart else None,
                await self._settings_at(row.settings_revision),
                self._coalescer,
                row.revision,
            )

    @asynccontextmanager
    async def claim(self, scope: KeyScope) -> AsyncIterator[bool]:
        queue = self._queue(scope.digest)
        if queue.locked():
            yield False
            return
        async with queue:
            is_acquired = await self.database.acquire_lock(scope.digest)
            try:
                yield is_acquired
            finally:
                if is_acquired:
                    await self.database.release_lock(scope.digest)

    async def record(self, scope: KeyScope) -> Record | None:
        return await self._coalescer.run(find_records, scope)

    async def open_record(self, record: Record, now: datetime) -> None:
        await self._coalescer.transact(open_records, (record, now))

    async def keep_answer(self, record: Record) -> None:
        await self._coalescer.run(keep_answers, record)

    async def _find(self, statement: str, id_: str) -> Row | None:
        if _is_unstorable(id_):
            return None
        return await self.database.run(lambda it: it.row(statement, id_))

    async def _page(self, page: str, count: str, *window: int) -> tuple[list[str], int]:
        (total,) = _require(await self.database.run(lambda it: it.row(count)))
        rows = await self.database.run(lambda it: it.rows(page, *window))
        return [text for (text,) in rows], total

    async def _settings_at(self, revision: str) -> Settings:
        if self._settings is None or self._settings[0] != revision:
            row = await self.database.run(lambda it: it.row(schema.SETTINGS))
            revision, text = _require(row)
            self._settings = (revision, schema.read_settings(text))
        return self._settings[1]

    def _queue(self, name: str) -> asyncio.Lock:
        """Return the lock for which this process's tasks wait before they acquire a named one."""
        return self._queues.setdefault(name, asyncio.Lock())

    @asynccontextmanager
    async def _lock(self, name: str) -> AsyncIterator[None]:
        """Hold a lock among all processes for the block."""
        async with self._queue(name):
            pause = _FIRST_PAUSE
            while not await self.database.acquire_lock(name):
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            try:
                yield
            finally:
                await self.database.release_lock(name)


async def _prepare(connection: Connection, database: Database, seed: Store) -> bool:
    if await connection.row(database.find_table, schema.STORE) is None:
        for statement in database.create_tables:
            await connection.change(statement)
        await fill(connection, seed)
        return True
    row = await connection.row(schema.VERSION_OF_TABLES)
    version = row[0] if row else None
    if version != schema.VERSION:
        versions = f"version {version}, and this server's of version {schema.VERSION}"
        raise StorageUnavailable(f"its tables are of {versions}; name another database")
    # A database that cannot be written fails here, not at the first payment.
    await connection.change(schema.TRY_TO_WRITE)
    return False


async def _change_settings(
    connection: Connection, change: Callable[[Settings], Settings]
) -> Settings:
    _, text = _require(await connection.lock_row(schema.SETTINGS))
    settings = change(schema.read_settings(text))
    await connection.change(schema.KEEP_SETTINGS, schema.new_revision(), schema.write(settings))
    return settings


async def _put_cart(connection: Connection, cart: Cart, now: datetime) -> None:
    await connection.change(schema.PUT_CART, cart.id, schema.write(cart))
    row = await connection.row(schema.COLLECTION_BY_CART, cart.id)
    if row is not None:
        id_, revision, text = row
        followed = follow_cart(schema.read_collection(text), cart, now=now)
        update = schema.CollectionUpdate(
            id_, revision, schema.new_revision(), schema.write(followed)
        )
        (failure,) = await keep_collections(connection, [update])
        if failure is not None:
            raise failure


async def _add_collection(connection: Connection, collection: PaymentCollection) -> None:
    for statement, id_ in (
        (schema.COLLECTION, collection.id),
        (schema.COLLECTION_BY_CART, collection.cart_id),
    ):
        if id_ is not None and await connection.row(statement, id_) is not None:
            raise ValueError(f"{id_!r} is taken")
    await connection.change(schema.INSERT_COLLECTION, *schema.collection_values(collection))


async def _create_collection(
    connection: Connection, cart_id: str, create: Callable[[Cart], PaymentCollection]
) -> PaymentCollection:
    # Of several, the first to lock the cart creates its collection.
    cart = await connection.lock_row(schema.CART, cart_id)
    if cart is None:
        raise CartNotFound(cart_id)
    row = await connection.row(schema.COLLECTION_BY_CART, cart_id)
    if row is not None:
        return schema.read_collection(row[2])
    collection = create(schema.read_cart(cart[0]))
    await connection.change(schema.INSERT_COLLECTION, *schema.collection_values(collection))
    return collection


def _require(row: Row | None) -> Row:
    if row is None:
        raise StorageUnavailable("the table of the store is empty")
    return row


def _is_unstorable(id_: str) -> bool:
    """Return whether no row can have this id, because no database can store it."""
    return not id_.isprintable() and find_unstorable(id_) is not None
