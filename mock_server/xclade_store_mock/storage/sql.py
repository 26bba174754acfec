"""The store in a database, shared by any number of processes.

A process that changes a collection holds a lock, which ends with the process. Storing the change
checks the collection's revision once more, since a lock can be lost while it is held.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime
from typing import Self
from weakref import WeakValueDictionary

from xclade_store_mock.errors import CartNotFound, CollectionNotFound, StorageUnavailable
from xclade_store_mock.jsontext import find_unstorable
from xclade_store_mock.payments.idempotency import KeyScope, Record
from xclade_store_mock.payments.model import Cart, PaymentCollection, Settings, Store
from xclade_store_mock.payments.rules import follow_cart
from xclade_store_mock.storage import Connection, Database, Row, schema
from xclade_store_mock.storage.batches import Coalescer, Outcomes

# Seconds between two attempts to acquire a lock; a process holds one for some milliseconds, or for
# as long as a payment provider takes.
_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.05

_MOST_CACHED = 1_000
_LONGEST_CACHED = 4_096  # characters; a payment provider's data can be of any size


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
    rows = [schema.record_values(record) for record, _ in opened]
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


class _Cache:
    """The settings and collections read or stored last, so that no text is decoded twice."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Each with its revision.
        self._settings: tuple[str, Settings] | None = None
        self._collections: dict[str, tuple[str, PaymentCollection]] = {}

    async def settings(self, revision: str) -> Settings:
        if self._settings is None or self._settings[0] != revision:
            row = await self._database.run(lambda it: it.row(schema.SETTINGS))
            revision, text = _require(row)
            self._settings = (revision, schema.read_settings(text))
        return self._settings[1]

    def collection(self, row: schema.CollectionRow) -> PaymentCollection:
        revision, collection = self._collections.get(row.id, ("", None))
        if collection is None or revision != row.revision:
            collection = schema.read_collection(row.collection)
            self.put(row.revision, collection, row.collection)
        return collection

    def put(self, revision: str, collection: PaymentCollection, text: str) -> None:
        self._collections.pop(collection.id, None)
        if len(text) <= _LONGEST_CACHED:
            self._collections[collection.id] = revision, collection
        if len(self._collections) > _MOST_CACHED:
            del self._collections[next(iter(self._collections))]


class _NamedLock:
    """A lock among all processes; those who wait in this process form a queue."""

    def __init__(self, database: Database, queue: asyncio.Lock, name: str) -> None:
        self._database = database
        self._queue = queue
        self._name = name

    async def __aenter__(self) -> Self:
        await self._queue.acquire()
        pause = _FIRST_PAUSE
        is_acquired = False
        try:
            while not (is_acquired := await self._database.acquire_lock(self._name)):
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        finally:
            if not is_acquired:
                self._queue.release()
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._database.release_lock(self._name)
        finally:
            self._queue.release()


class _HeldCollection(_NamedLock):
    def __init__(self, storage: "SqlStorage", collection_id: str) -> None:
        super().__init__(storage.database, storage.queue(collection_id), collection_id)
        self._coalescer = storage.coalescer
        self._cache = storage.cache
        self._revision = ""

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        try:
            row = await self._coalescer.run(find_collections, self._name)
            self._revision = row.revision
            self.collection = self._cache.collection(row)
            self.cart = schema.read_cart(row.cart) if row.cart else None
            self.settings = await self._cache.settings(row.settings_revision)
        except BaseException:  # also when cancelled: nobody else would release the lock
            await self.__aexit__()
            raise
        return self

    async def keep(self, collection: PaymentCollection, record: Record | None = None) -> None:
        text, revision = schema.write(collection), schema.new_revision()
        update = schema.CollectionUpdate(self._name, self._revision, revision, text)
        if record is None:
            await self._coalescer.run(keep_collections, update)
        else:
            await self._coalescer.transact(keep_answered, (update, record))
        self._revision = revision
        self._cache.put(revision, collection, text)


class SqlStorage:
    """Keeps a store's state in a database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.coalescer = Coalescer(database)
        self.cache = _Cache(database)
        self._queues: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def queue(self, name: str) -> asyncio.Lock:
        """Return the lock for which this process's tasks wait before they acquire a named one."""
        return self._queues.setdefault(name, asyncio.Lock())

    async def prepare(self, seed: Store) -> bool:
        """Create and fill the tables, unless they exist; return whether they did not."""
        # First: if a file cannot be opened, no lock file is to appear beside it.
        await self.database.create()
        async with self._lock("tables"):
            return await self.database.transact(lambda it: _prepare(it, seed))

    async def reset(self, store: Store) -> None:
        await self.database.transact(lambda it: fill(it, store))

    async def close(self) -> None:
        await self.database.close()

    async def settings(self) -> Settings:
        return await self.cache.settings(await self.coalescer.run(find_revisions, None))

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
        row = await self._find(schema.COLLECTION_BY_CART, cart_id)
        if row is not None:
            return schema.read_collection(row[2])
        if _is_unstorable(cart_id):
            raise CartNotFound(cart_id)
        return await self.database.transact(lambda it: _create_collection(it, cart_id, create))

    def hold(self, collection_id: str) -> _HeldCollection:
        if _is_unstorable(collection_id):
            raise CollectionNotFound(collection_id)
        return _HeldCollection(self, collection_id)

    @asynccontextmanager
    async def claim(self, scope: KeyScope) -> AsyncIterator[bool]:
        queue = self.queue(scope.digest)
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
        return await self.coalescer.run(find_records, scope)

    async def open_record(self, record: Record, now: datetime) -> None:
        await self.coalescer.transact(open_records, (record, now))

    async def keep_answer(self, record: Record) -> None:
        await self.coalescer.run(keep_answers, record)

    async def _find(self, statement: str, id_: str) -> Row | None:
        if _is_unstorable(id_):
            return None
        return await self.database.run(lambda it: it.row(statement, id_))

    async def _page(self, page: str, count: str, *window: int) -> tuple[list[str], int]:
        (total,) = _require(await self.database.run(lambda it: it.row(count)))
        rows = await self.database.run(lambda it: it.rows(page, *window))
        return [text for (text,) in rows], total

    def _lock(self, name: str) -> _NamedLock:
        return _NamedLock(self.database, self.queue(name), name)


async def _prepare(connection: Connection, seed: Store) -> bool:
    if not await connection.has_table(schema.STORE):
        await connection.create_tables()
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
