"""The store in memory: gone when the process ends."""

from asyncio import Lock
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Self, TypeVar

from xclade_store_mock.errors import CartNotFound, CollectionNotFound
from xclade_store_mock.payments.idempotency import KeyScope, Record
from xclade_store_mock.payments.model import Cart, PaymentCollection, Settings, Store
from xclade_store_mock.payments.rules import follow_cart

T = TypeVar("T")


class _State:
    def __init__(self, store: Store) -> None:
        self.settings = store.settings
        self.carts = dict(store.carts)
        self.collections = dict(store.payment_collections)
        self.collection_ids = {
            each.cart_id: each.id for each in self.collections.values() if each.cart_id
        }
        self.turns: defaultdict[str, Lock] = defaultdict(Lock)
        # In the order in which they expire.
        self.records: dict[KeyScope, Record] = {}
        self.claimed: set[KeyScope] = set()

    def add(self, collection: PaymentCollection) -> PaymentCollection:
        self.collections[collection.id] = collection
        if collection.cart_id is not None:
            self.collection_ids[collection.cart_id] = collection.id
        return collection


class _HeldCollection:
    """A collection for as long as the block runs that takes its turn."""

    __slots__ = ("_id", "_turn", "cart", "collection", "settings", "state")

    collection: PaymentCollection
    cart: Cart | None
    settings: Settings

    def __init__(self, state: _State, collection_id: str) -> None:
        self.state = state
        self._id = collection_id

    async def __aenter__(self) -> Self:
        if self._id not in self.state.collections:
            raise CollectionNotFound(self._id)
        self._turn = self.state.turns[self._id]
        await self._turn.acquire()
        self.collection = self.state.collections[self._id]
        self.cart = self.state.carts.get(self.collection.cart_id or "")
        self.settings = self.state.settings
        return self

    async def __aexit__(self, *_: object) -> None:
        self._turn.release()

    async def keep(self, collection: PaymentCollection, record: Record | None = None) -> None:
        self.state.collections[collection.id] = collection
        if record is not None:
            self.state.records[record.scope] = record


class MemoryStorage:
    """Keeps a store's state; one event loop's, since nothing here waits while it changes."""

    def __init__(self, store: Store) -> None:
        self._state = _State(store)

    async def reset(self, store: Store) -> None:
        """Start again; requests that still run change what was, not what is."""
        self._state = _State(store)

    async def close(self) -> None:
        """There is nothing to let go of."""

    async def settings(self) -> Settings:
        """Answer the settings as they are now."""
        return self._state.settings

    async def change_settings(self, change: Callable[[Settings], Settings]) -> Settings:
        """Put settings made of the present ones in their place."""
        self._state.settings = change(self._state.settings)
        return self._state.settings

    async def cart(self, cart_id: str) -> Cart | None:
        """Find a cart."""
        return self._state.carts.get(cart_id)

    async def carts(self, limit: int, offset: int = 0) -> tuple[list[Cart], int]:
        """List carts by id, and count all."""
        return _page(self._state.carts, limit, offset)

    async def put_cart(self, cart: Cart, now: datetime) -> None:
        """Take in a cart, new or changed; its payment collection follows it."""
        collection_id = self._state.collection_ids.get(cart.id)
        if collection_id is None:
            self._state.carts[cart.id] = cart
            return
        async with self.hold(collection_id) as held:
            held.state.carts[cart.id] = cart
            await held.keep(follow_cart(held.collection, cart, now=now))

    async def collection(self, collection_id: str) -> PaymentCollection:
        """Find a payment collection as it is now, held or not; or CollectionNotFound."""
        if collection_id not in self._state.collections:
            raise CollectionNotFound(collection_id)
        return self._state.collections[collection_id]

    async def collections(self, limit: int, offset: int = 0) -> tuple[list[PaymentCollection], int]:
        """List payment collections by id, and count all."""
        return _page(self._state.collections, limit, offset)

    async def add_collection(self, collection: PaymentCollection) -> None:
        """Take in a payment collection; ValueError if its id or its cart is taken, CartNotFound."""
        state = self._state
        if collection.cart_id is not None and collection.cart_id not in state.carts:
            raise CartNotFound(collection.cart_id)
        for id_, taken in (
            (collection.id, state.collections),
            (collection.cart_id, state.collection_ids),
        ):
            if id_ in taken:
                message = f"{id_!r} is taken"
                raise ValueError(message)
        state.add(collection)

    async def collection_of_cart(
        self, cart_id: str, create: Callable[[Cart], PaymentCollection]
    ) -> PaymentCollection:
        """Find a cart's payment collection, creating it if there is none; or CartNotFound."""
        state = self._state
        if cart_id not in state.carts:
            raise CartNotFound(cart_id)
        if cart_id in state.collection_ids:
            return state.collections[state.collection_ids[cart_id]]
        return state.add(create(state.carts[cart_id]))

    def hold(self, collection_id: str) -> _HeldCollection:
        """Wait for one's turn at a payment collection; or CollectionNotFound."""
        return _HeldCollection(self._state, collection_id)

    @asynccontextmanager
    async def claim(self, scope: KeyScope) -> AsyncIterator[bool]:
        """Tell whether nobody else is at work in the scope; then nobody else will be meanwhile."""
        claimed = self._state.claimed
        if scope in claimed:
            yield False
            return
        claimed.add(scope)
        try:
            yield True
        finally:
            claimed.discard(scope)

    async def record(self, scope: KeyScope) -> Record | None:
        """Find a scope's record, expired or not."""
        return self._state.records.get(scope)

    async def open_record(self, record: Record, now: datetime) -> None:
        """Keep the record of a claimed scope, in place of an earlier one; forget expired ones."""
        records = self._state.records
        records.pop(record.scope, None)
        while records and next(iter(records.values())).expires_at <= now:
            del records[next(iter(records))]
        records[record.scope] = record

    async def keep_answer(self, record: Record) -> None:
        """Keep the record of a request that changed nothing, unless a reset took it away."""
        if record.scope in self._state.records:
            self._state.records[record.scope] = record


def _page(rows: Mapping[str, T], limit: int, offset: int) -> tuple[list[T], int]:
    return [rows[id_] for id_ in sorted(rows)[offset : offset + limit]], len(rows)
