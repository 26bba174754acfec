"""The store in memory: gone when the process ends."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from xclade_store_mock.errors import CartNotFound, CollectionNotFound
from xclade_store_mock.payments import Cart, PaymentCollection, PaymentProvider, Region
from xclade_store_mock.store import PublishableKey, Store


class HeldCollection:
    """A payment collection that nobody else can change until it is let go."""

    def __init__(self, collection: PaymentCollection) -> None:
        self.collection = collection


class MemoryStorage:
    """Keeps a store's state; one event loop's, since nothing here waits while it changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._collections = dict(store.payment_collections)
        self._collection_ids = {
            each.cart_id: each.id for each in self._collections.values() if each.cart_id
        }
        self._locks: dict[str, asyncio.Lock] = {}

    async def publishable_key(self, token: str) -> PublishableKey | None:
        """Find a publishable key."""
        return self._store.publishable_keys.get(token)

    async def region(self, region_id: str) -> Region | None:
        """Find a region."""
        return self._store.regions.get(region_id)

    async def cart(self, cart_id: str) -> Cart | None:
        """Find a cart."""
        return self._store.carts.get(cart_id)

    async def payment_provider(self, provider_id: str) -> PaymentProvider | None:
        """Find a payment provider."""
        return self._store.payment_providers.get(provider_id)

    async def payment_providers(self, ids: Iterable[str]) -> list[PaymentProvider]:
        """Find payment providers, in the order of their ids."""
        return [self._store.payment_providers[each] for each in sorted(ids)]

    async def collection_of_cart(
        self, cart_id: str, create: Callable[[Cart], PaymentCollection]
    ) -> PaymentCollection:
        """Find a cart's payment collection, creating it if there is none; or CartNotFound."""
        cart = self._store.carts.get(cart_id)
        if cart is None:
            raise CartNotFound(cart_id)
        if cart_id not in self._collection_ids:
            collection = create(cart)
            self._collections[collection.id] = collection
            self._collection_ids[cart_id] = collection.id
        return self._collections[self._collection_ids[cart_id]]

    @asynccontextmanager
    async def hold_collection(self, collection_id: str) -> AsyncIterator[HeldCollection]:
        """Hold a payment collection, and keep what it became even if an error passes."""
        if collection_id not in self._collections:
            raise CollectionNotFound(collection_id)
        async with self._locks.setdefault(collection_id, asyncio.Lock()):
            held = HeldCollection(self._collections[collection_id])
            try:
                yield held
            finally:
                self._collections[collection_id] = held.collection
