"""The store in memory: gone when the process ends."""

import asyncio
from collections.abc import AsyncIterator, Callable, Container, Iterable
from contextlib import asynccontextmanager

from xclade_store_mock.errors import CartNotFound, CollectionNotFound
from xclade_store_mock.payments import Cart, PaymentCollection, PaymentProvider, Region
from xclade_store_mock.store import Customer, PublishableKey, Store


class HeldCollection:
    """A payment collection that nobody else can change until it is let go."""

    def __init__(self, collection: PaymentCollection) -> None:
        self.collection = collection


class MemoryStorage:
    """Keeps a store's state; one event loop's, since nothing here waits while it changes."""

    def __init__(self, store: Store) -> None:
        self.reset(store)

    def reset(self, store: Store) -> None:
        """Start again from a store; requests that still run change what was, not what is."""
        self.store = store
        self._carts = dict(store.carts)
        self._collections = dict(store.payment_collections)
        self._collection_ids = {
            each.cart_id: each.id for each in self._collections.values() if each.cart_id
        }
        self._locks: dict[str, asyncio.Lock] = {}

    async def add_cart(self, cart: Cart) -> None:
        """Take in a cart; raise ValueError if its id is taken."""
        _require_free(cart.id, self._carts)
        self._carts[cart.id] = cart

    async def add_collection(self, collection: PaymentCollection) -> None:
        """Take in a payment collection; ValueError if its id or its cart is taken, CartNotFound."""
        _require_free(collection.id, self._collections)
        if collection.cart_id is not None:
            if collection.cart_id not in self._carts:
                raise CartNotFound(collection.cart_id)
            _require_free(collection.cart_id, self._collection_ids)
            self._collection_ids[collection.cart_id] = collection.id
        self._collections[collection.id] = collection

    async def collection(self, collection_id: str) -> PaymentCollection:
        """Find a payment collection as it is now, held or not; or CollectionNotFound."""
        if collection_id not in self._collections:
            raise CollectionNotFound(collection_id)
        return self._collections[collection_id]

    async def publishable_key(self, token: str) -> PublishableKey | None:
        """Find a publishable key."""
        return self.store.publishable_keys.get(token)

    async def customer(self, token: str) -> Customer | None:
        """Find a customer."""
        return self.store.customers.get(token)

    async def region(self, region_id: str) -> Region | None:
        """Find a region."""
        return self.store.regions.get(region_id)

    async def cart(self, cart_id: str) -> Cart | None:
        """Find a cart."""
        return self._carts.get(cart_id)

    async def payment_provider(self, provider_id: str) -> PaymentProvider | None:
        """Find a payment provider."""
        return self.store.payment_providers.get(provider_id)

    async def payment_providers(self, ids: Iterable[str]) -> list[PaymentProvider]:
        """Find payment providers, in the order of their ids."""
        return [self.store.payment_providers[each] for each in sorted(set(ids))]

    async def collection_of_cart(
        self, cart_id: str, create: Callable[[Cart], PaymentCollection]
    ) -> PaymentCollection:
        """Find a cart's payment collection, creating it if there is none; or CartNotFound."""
        cart = self._carts.get(cart_id)
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
        collections = self._collections  # a reset puts others in their place
        if collection_id not in collections:
            raise CollectionNotFound(collection_id)
        async with self._locks.setdefault(collection_id, asyncio.Lock()):
            held = HeldCollection(collections[collection_id])
            try:
                yield held
            finally:
                collections[collection_id] = held.collection


def _require_free(id_: str, taken: Container[str]) -> None:
    if id_ in taken:
        message = f"{id_!r} is taken"
        raise ValueError(message)
