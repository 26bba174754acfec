"""Where a store's state is kept."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from xclade_store_mock.payments.idempotency import Record, Records
from xclade_store_mock.payments.model import Cart, PaymentCollection, Settings, Store


class StorageError(Exception):
    """A storage cannot be used; the text tells which and why, without its password."""


class HeldCollection(Protocol):
    """A payment collection that nobody else can change until it is let go."""

    @property
    def collection(self) -> PaymentCollection:
        """The collection as it was when it was taken."""

    @property
    def cart(self) -> Cart | None:
        """The collection's cart."""

    @property
    def settings(self) -> Settings:
        """The store's settings at the same moment."""

    async def keep(self, collection: PaymentCollection, record: Record | None = None) -> None:
        """Keep what the collection became, and with it the record of the request: both or none."""


class Storage(Records, Protocol):
    """Keeps a store's state; every method raises StorageUnavailable when it cannot."""

    async def settings(self) -> Settings:
        """Answer the settings as they are now."""

    async def change_settings(self, change: Callable[[Settings], Settings]) -> Settings:
        """Put settings made of the present ones in their place; nobody else can, meanwhile."""

    async def cart(self, cart_id: str) -> Cart | None:
        """Find a cart."""

    async def put_cart(self, cart: Cart, now: datetime) -> None:
        """Take in a cart, new or changed; its payment collection follows it."""

    async def carts(self, limit: int, offset: int = 0) -> tuple[list[Cart], int]:
        """List carts by id, and count all."""

    async def collection(self, collection_id: str) -> PaymentCollection:
        """Find a payment collection as it is now, held or not; or CollectionNotFound."""

    async def collections(self, limit: int, offset: int = 0) -> tuple[list[PaymentCollection], int]:
        """List payment collections by id, and count all."""

    async def add_collection(self, collection: PaymentCollection) -> None:
        """Take in a payment collection; ValueError if its id or its cart is taken, CartNotFound."""

    async def collection_of_cart(
        self, cart_id: str, create: Callable[[Cart], PaymentCollection]
    ) -> PaymentCollection:
        """Find a cart's payment collection, creating it if there is none; or CartNotFound."""

    def hold(self, collection_id: str) -> AbstractAsyncContextManager[HeldCollection]:
        """Wait for one's turn at a payment collection; or CollectionNotFound."""

    async def keep_answer(self, record: Record) -> None:
        """Keep the record of a request that changed nothing."""

    async def reset(self, store: Store) -> None:
        """Start again from a store, as if nothing had ever been asked."""

    async def close(self) -> None:
        """Let go of what is open."""
