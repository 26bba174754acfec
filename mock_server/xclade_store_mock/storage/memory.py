"""The store in memory: gone when the process ends."""

from asyncio import Lock
from collections import OrderedDict, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Self, TypeVar

from xclade_store_mock.errors import CartNotFound, CollectionNotFound
from xclade_store_mock.payments.idempotency import KeyScope, Record
from xclade_store_mock.payments.model import Cart, PaymentCollection, Settings, Store
from xclade_store_mock.payments.rules import follow_cart
from xclade_store_mock.storage import MOST_RECORDS, HeldCollection

T = TypeVar("T")

_NEVER = datetime.max.replace(tzinfo=UTC)


class _Records(OrderedDict[KeyScope, Record]):
    """Idempotency records, in the order in which they were opened."""

    # The earliest expiry. Their order does not reveal it, since the clock can be moved back.
    next_expiry = _NEVER

    def open(self, record: Record, now: datetime) -> None:
        if self.next_expiry <= now:
            self._drop_expired(now)
        self[record.scope] = record
        self.move_to_end(record.scope)
        self.next_expiry = min(self.next_expiry, record.expires_at)
        if len(self) > MOST_RECORDS:
            self._drop_oldest()

    def _drop_expired(self, now: datetime) -> None:
        for record in [*self.values()]:
            # A request without an answer may still be running: the clock can be moved by a day.
            if record.expires_at <= now and record.answer:
                del self[record.scope]
        expiries = (each.expires_at for each in self.values() if each.expires_at > now)
        self.next_expiry = min(expiries, default=_NEVER)

    def _drop_oldest(self) -> None:
        # Two, so that the number falls again after an unanswered one was moved.
        for _ in range(min(2, len(self) - MOST_RECORDS)):
            scope, record = self.popitem(last=False)
            if record.answer is None and len(self) < 10 * MOST_RECORDS:
                self[scope] = record


class _State:
    def __init__(self, store: Store) -> None:
        self.settings = store.settings
        self.carts = dict(store.carts)
        self.collections = dict(store.payment_collections)
        self.collection_ids = {
            each.cart_id: each.id for each in self.collections.values() if each.cart_id
        }
        self.locks: defaultdict[str, Lock] = defaultdict(Lock)
        self.records = _Records()
        self.claimed: set[KeyScope] = set()

    def add(self, collection: PaymentCollection) -> PaymentCollection:
        self.collections[collection.id] = collection
        if collection.cart_id is not None:
            self.collection_ids[collection.cart_id] = collection.id
        return collection


class _Hold(HeldCollection):
    """Holds a collection for a block; a generator would cost 5 % more bytecode per payment."""

    def __init__(self, state: _State, id_: str) -> None:
        self._state = state
        self._id = id_

    async def __aenter__(self) -> Self:
        state = self._state
        if self._id not in state.collections:
            raise CollectionNotFound(self._id)
        await state.locks[self._id].acquire()
        self.collection = state.collections[self._id]
        self.cart = state.carts.get(self.collection.cart_id or "")
        self.settings = state.settings
        return self

    async def __aexit__(self, *_: object) -> None:
        self._state.locks[self._id].release()

    async def keep(self, collection: PaymentCollection, record: Record | None = None) -> None:
        self._state.collections[collection.id] = collection
        if record is not None:
            self._state.records[record.scope] = record


class MemoryStorage:
    """Keeps a store's state for one event loop: nothing here awaits while it changes the state."""

    def __init__(self, store: Store) -> None:
        self._state = _State(store)

    async def reset(self, store: Store) -> None:
        # Requests that are still running change the earlier state.
        self._state = _State(store)

    async def close(self) -> None:
        pass

    async def settings(self) -> Settings:
        return self._state.settings

    async def change_settings(self, change: Callable[[Settings], Settings]) -> Settings:
        self._state.settings = change(self._state.settings)
        return self._state.settings

    async def cart(self, cart_id: str) -> Cart | None:
        return self._state.carts.get(cart_id)

    async def carts(self, limit: int, offset: int = 0) -> tuple[list[Cart], int]:
        return _page(self._state.carts, limit, offset)

    async def put_cart(self, cart: Cart, now: datetime) -> None:
        state = self._state
        collection_id = state.collection_ids.get(cart.id)
        if collection_id is None:
            state.carts[cart.id] = cart
            return
        async with self.hold(collection_id) as held:
            state.carts[cart.id] = cart
            await held.keep(follow_cart(held.collection, cart, now=now))

    async def collection(self, collection_id: str) -> PaymentCollection:
        if collection_id not in self._state.collections:
            raise CollectionNotFound(collection_id)
        return self._state.collections[collection_id]

    async def collections(self, limit: int, offset: int = 0) -> tuple[list[PaymentCollection], int]:
        return _page(self._state.collections, limit, offset)

    async def add_collection(self, collection: PaymentCollection) -> None:
        state = self._state
        if collection.cart_id is not None and collection.cart_id not in state.carts:
            raise CartNotFound(collection.cart_id)
        for id_, taken in (
            (collection.id, state.collections),
            (collection.cart_id, state.collection_ids),
        ):
            if id_ in taken:
                raise ValueError(f"{id_!r} is taken")
        state.add(collection)

    async def collection_of_cart(
        self, cart_id: str, create: Callable[[Cart], PaymentCollection]
    ) -> PaymentCollection:
        state = self._state
        if cart_id not in state.carts:
            raise CartNotFound(cart_id)
        if cart_id in state.collection_ids:
            return state.collections[state.collection_ids[cart_id]]
        return state.add(create(state.carts[cart_id]))

    async def find_collection_of_cart(self, cart_id: str) -> PaymentCollection | None:
        return self._state.collections.get(self._state.collection_ids.get(cart_id, ""))

    def hold(self, collection_id: str) -> _Hold:
        return _Hold(self._state, collection_id)

    @asynccontextmanager
    async def claim(self, scope: KeyScope) -> AsyncIterator[bool]:
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
        return self._state.records.get(scope)

    async def open_record(self, record: Record, now: datetime) -> None:
        self._state.records.open(record, now)

    async def keep_answer(self, record: Record) -> None:
        # After a reset, the record is gone.
        if record.scope in self._state.records:
            self._state.records[record.scope] = record


def _page(rows: Mapping[str, T], limit: int, offset: int) -> tuple[list[T], int]:
    return [rows[id_] for id_ in sorted(rows)[offset : offset + limit]], len(rows)
