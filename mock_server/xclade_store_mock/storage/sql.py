"""The store in a database, for as many processes as like.

Processes take turns at a collection by locks that end with the process that has them. Whether a
turn was kept is checked once more, by the collection's revision, where the collection changes.
"""

import asyncio
from asyncio import Lock
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime
from functools import partial
from typing import Self, TypeVar
from weakref import WeakValueDictionary

from xclade_store_mock.errors import CartNotFound, CollectionNotFound
from xclade_store_mock.jsontext import find_unstorable
from xclade_store_mock.payments.idempotency import KeyScope, Record
from xclade_store_mock.payments.model import Cart, PaymentCollection, Settings, Store
from xclade_store_mock.storage import records, statements, texts, works
from xclade_store_mock.storage.batches import Together
from xclade_store_mock.storage.databases import Connection, Database
from xclade_store_mock.storage.tables import STORE

T = TypeVar("T")

# Seconds between two looks at whether another process has done; a turn takes a few milliseconds, or
# as long as a payment provider does.
_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.05

_MOST_KNOWN = 1_000
_LONGEST_KNOWN = 4_096  # characters; beyond it, what a payment provider gave may be of any size


class _Known:
    """The settings and payment collections that were read or kept last: no text is read twice."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Each with its revision.
        self._settings: tuple[str, Settings] | None = None
        self._collections: dict[str, tuple[str, PaymentCollection]] = {}

    async def settings(self, revision: str) -> Settings:
        if self._settings is None or self._settings[0] != revision:
            revision, text = await self._database.run(works.find_settings)
            self._settings = (revision, texts.read_settings(text))
        return self._settings[1]

    def collection(self, found: works.Surroundings) -> PaymentCollection:
        known, collection = self._collections.get(found.id, ("", None))
        if collection is None or known != found.revision:
            collection = texts.read_collection(found.collection)
            self.note(found.revision, collection, found.collection)
        return collection

    def note(self, revision: str, collection: PaymentCollection, text: str) -> None:
        self._collections.pop(collection.id, None)
        if len(text) <= _LONGEST_KNOWN:
            self._collections[collection.id] = revision, collection
        if len(self._collections) > _MOST_KNOWN:
            del self._collections[next(iter(self._collections))]


class _Turn:
    """One's turn at something: first in this process, where there is a queue, then among all."""

    def __init__(self, database: Database, queue: Lock, name: str) -> None:
        self._database = database
        self._queue = queue
        self._name = name

    async def __aenter__(self) -> Self:
        await self._queue.acquire()
        pause = _FIRST_PAUSE
        is_mine = False
        try:
            while not (is_mine := await self._database.take(self._name)):
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        finally:
            if not is_mine:
                self._queue.release()
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._database.release(self._name)
        finally:
            self._queue.release()


class _HeldCollection(_Turn):
    """A payment collection while one's turn at it lasts."""

    collection: PaymentCollection
    cart: Cart | None
    settings: Settings

    def __init__(self, together: Together, queue: Lock, name: str, known: _Known) -> None:
        super().__init__(together.database, queue, name)
        self._together = together
        self._known = known
        self._revision = ""

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        try:
            await self._look()
        except BaseException:  # cancelled, too: the turn is not to last
            await self.__aexit__()
            raise
        return self

    async def _look(self) -> None:
        found = await self._together.run(works.find_surroundings, self._name)
        if found is None:
            raise CollectionNotFound(self._name)
        self._revision = found.revision
        self.collection = self._known.collection(found)
        self.cart = texts.read_cart(found.cart) if found.cart else None
        self.settings = await self._known.settings(found.settings_revision)

    async def keep(self, collection: PaymentCollection, record: Record | None = None) -> None:
        text, following = texts.write(collection), works.new_revision()
        successor = works.Successor(self._name, self._revision, text, following)
        if record is None:
            is_kept = await self._together.run(works.keep_collections, successor)
        else:
            answered = successor, record
            is_kept = await self._together.transact(records.keep_answered, answered)
        if not is_kept:
            raise works.lost(successor)
        self._revision = following
        self._known.note(following, collection, text)


class SqlStorage:
    """Keeps a store's state in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queues: WeakValueDictionary[str, Lock] = WeakValueDictionary()
        self._together = Together(database)
        self._known = _Known(database)

    async def prepare(self, seed: Store) -> bool:
        """Make the tables and fill them, unless they are there; tell whether they were not.

        Raises WrongVersion.
        """
        # Before anything is locked: what cannot be opened has no lock file beside it.
        await self._database.run(lambda it: it.has_table(STORE.name))
        async with self._turn("tables"):
            return await self._database.transact(partial(works.prepare, seed=seed))

    async def reset(self, store: Store) -> None:
        """Start again from a store; requests that still run fail."""
        await self._database.transact(partial(works.fill, store=store))

    async def close(self) -> None:
        """Close the database's connections."""
        await self._database.close()

    async def settings(self) -> Settings:
        """Answer the settings as they are now."""
        return await self._known.settings(await self._together.run(works.find_revision, None))

    async def change_settings(self, change: Callable[[Settings], Settings]) -> Settings:
        """Put settings made of the present ones in their place."""
        return await self._database.transact(partial(works.change_settings, change=change))

    async def cart(self, cart_id: str) -> Cart | None:
        """Find a cart."""
        text = await self._find(works.find_cart, cart_id)
        return None if text is None else texts.read_cart(text)

    async def carts(self, limit: int, offset: int = 0) -> tuple[list[Cart], int]:
        """List carts by id, and count all."""
        rows, count = await self._database.run(
            lambda it: works.page_of(it, statements.CARTS_BY_ID, limit, offset)
        )
        return [texts.read_cart(each) for each in rows], count

    async def put_cart(self, cart: Cart, now: datetime) -> None:
        """Take in a cart, new or changed; its payment collection follows it."""
        found = await self._find(works.find_collection_of_cart, cart.id)
        collection_id = found.collection_id if found else None
        async with self._turn(collection_id) if collection_id else nullcontext():
            await self._database.transact(partial(works.put_cart, cart=cart, now=now))

    async def collection(self, collection_id: str) -> PaymentCollection:
        """Find a payment collection as it is now, held or not; or CollectionNotFound."""
        text = await self._find(works.find_collection, collection_id)
        if text is None:
            raise CollectionNotFound(collection_id)
        return texts.read_collection(text)

    async def collections(self, limit: int, offset: int = 0) -> tuple[list[PaymentCollection], int]:
        """List payment collections by id, and count all."""
        rows, count = await self._database.run(
            lambda it: works.page_of(it, statements.COLLECTIONS_BY_ID, limit, offset)
        )
        return [texts.read_collection(each) for each in rows], count

    async def add_collection(self, collection: PaymentCollection) -> None:
        """Take in a payment collection; ValueError if its id or its cart is taken, CartNotFound."""
        if collection.cart_id is not None and await self.cart(collection.cart_id) is None:
            raise CartNotFound(collection.cart_id)
        add = partial(works.add_collection, collection=collection)
        await self._database.transact(add)

    async def collection_of_cart(
        self, cart_id: str, create: Callable[[Cart], PaymentCollection]
    ) -> PaymentCollection:
        """Find a cart's payment collection, creating it if there is none; or CartNotFound."""
        found = await self._find(works.find_collection_of_cart, cart_id)
        if found is None:
            raise CartNotFound(cart_id)
        if found.collection is not None:
            return texts.read_collection(found.collection)
        return await self._database.transact(
            lambda it: works.create_collection_of_cart(it, cart_id, create)
        )

    def hold(self, collection_id: str) -> _HeldCollection:
        """Wait for one's turn at a payment collection; or CollectionNotFound."""
        if _has_no_rows(collection_id):
            raise CollectionNotFound(collection_id)
        queue = self._queue(collection_id)
        return _HeldCollection(self._together, queue, collection_id, self._known)

    @asynccontextmanager
    async def claim(self, scope: KeyScope) -> AsyncIterator[bool]:
        """Tell whether nobody else is at work in the scope; then nobody else will be meanwhile."""
        queue = self._queue(scope.digest)
        if queue.locked():
            yield False
            return
        async with queue:
            claimed = await self._database.take(scope.digest)
            try:
                yield claimed
            finally:
                if claimed:
                    await self._database.release(scope.digest)

    async def record(self, scope: KeyScope) -> Record | None:
        """Find a scope's record, expired or not."""
        return await self._together.run(records.find_records, scope)

    async def open_record(self, record: Record, now: datetime) -> None:
        """Keep the record of a claimed scope, in place of an earlier one; forget expired ones."""
        await self._together.transact(records.open_records, (record, now))

    async def keep_answer(self, record: Record) -> None:
        """Keep the record of a request that changed nothing."""
        if not await self._together.run(records.keep_answers, record):
            raise records.answered_already()

    async def _find(
        self, find: Callable[[Connection, str], Awaitable[T | None]], id_: str
    ) -> T | None:
        """Find something by its id."""
        if _has_no_rows(id_):
            return None
        return await self._database.run(lambda it: find(it, id_))

    def _turn(self, name: str) -> _Turn:
        return _Turn(self._database, self._queue(name), name)

    def _queue(self, name: str) -> Lock:
        return self._queues.setdefault(name, Lock())


def _has_no_rows(id_: str) -> bool:
    """Tell that there is nothing by an id, since no database can keep it."""
    return not id_.isprintable() and find_unstorable(id_) is not None
