"""Operations of the control API that read and change what the store holds."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from msgspec.structs import asdict, replace
from starlette.responses import Response

from xclade_store_mock.control.control import Control
from xclade_store_mock.control.errors import Conflict, NotFound, invalid_field, respond_empty
from xclade_store_mock.control.outcomes import Outcome
from xclade_store_mock.errors import CollectionNotFound
from xclade_store_mock.jsontext import number
from xclade_store_mock.payments.documents import timestamp
from xclade_store_mock.payments.model import (
    Cart,
    PaymentCollection,
    PaymentProvider,
    PaymentSession,
    Region,
    Settings,
)
from xclade_store_mock.payments.rules import settle_session
from xclade_store_mock.redaction import hide
from xclade_store_mock.web import Call
from xclade_store_mock.web.endpoints import Document


@dataclass(frozen=True, slots=True)
class StateOperations:
    """One method for each operationId."""

    control: Control
    dialect_name: str

    async def get_state(self, _call: Call) -> Document:
        """Return the state, except for what is listed in pages."""
        control = self.control
        settings = await control.storage.settings()
        _, carts = await control.storage.carts(limit=0)
        _, collections = await control.storage.collections(limit=0)
        keys = settings.publishable_keys.values()
        providers = sorted(settings.payment_providers.values(), key=lambda each: each.id)
        return {
            "dialect": self.dialect_name,
            "scenario": control.scenario,
            "clock": control.clock.document(),
            "publishable_keys": [{"title": key.title, "revoked": key.revoked} for key in keys],
            "customers": [{"id": each.id} for each in settings.customers.values()],
            "payment_providers": [self._provider_document(each) for each in providers],
            "regions": [region_document(each) for each in settings.regions.values()],
            "cart_count": carts,
            "payment_collection_count": collections,
        }

    async def reset_state(self, _: Call) -> Response:
        """Restore the store as it was at the start."""
        await self.control.reset()
        return respond_empty()

    async def put_region(self, call: Call) -> Document:
        """Add or change a region."""
        id_ = call.path["id"]
        body = call.body
        region = Region(id_, body["currency_code"], tuple(body["payment_providers"]))

        def put(settings: Settings) -> Settings:
            for provider_id in region.payment_providers:
                if provider_id not in settings.payment_providers:
                    problem = f"there is no payment provider {provider_id!r}"
                    raise invalid_field(field="payment_providers", problem=problem)
            return replace(settings, regions={**settings.regions, id_: region})

        await self.control.storage.change_settings(put)
        return self._changed(region_document(region))

    async def put_payment_provider(self, call: Call) -> Document:
        """Add or change a payment provider."""
        id_ = call.path["id"]
        provider = PaymentProvider(id_, **call.body)

        def put(settings: Settings) -> Settings:
            providers = {**settings.payment_providers, id_: provider}
            return replace(settings, payment_providers=providers)

        await self.control.storage.change_settings(put)
        return self._changed(self._provider_document(provider))

    def _provider_document(self, provider: PaymentProvider) -> Document:
        return provider_document(provider, self.control.outcomes.find(provider.id))

    async def list_carts(self, call: Call) -> Document:
        """Return a page of carts."""
        limit = call.query["limit"]
        offset = call.query["offset"]
        carts, count = await self.control.storage.carts(limit, offset)
        page = {"count": count, "limit": limit, "offset": offset}
        return {"carts": [cart_document(each) for each in carts], **page}

    async def put_cart(self, call: Call) -> Document:
        """Add or change a cart; its payment collection follows."""
        body = call.body
        settings = await self.control.storage.settings()
        if body["region_id"] not in settings.regions:
            raise invalid_field(
                field="region_id", problem=f"there is no region {body['region_id']!r}"
            )
        cart = Cart(call.path["id"], **{**body, "total": _exact(body["total"])})
        await self.control.storage.put_cart(cart, self.control.clock())
        return self._changed(cart_document(cart))

    async def list_payment_collections(self, call: Call) -> Document:
        """Return a page of payment collections."""
        limit = call.query["limit"]
        offset = call.query["offset"]
        collections, count = await self.control.storage.collections(limit, offset)
        listed = [collection_document(each) for each in collections]
        page = {"count": count, "limit": limit, "offset": offset}
        return {"payment_collections": listed, **page}

    async def get_payment_collection(self, call: Call) -> Document:
        """Return a payment collection."""
        return collection_document(await self.control.storage.collection(call.path["id"]))

    async def put_payment_collection(self, call: Call) -> Document:
        """Add or change a payment collection."""
        fields = {**call.body, "amount": _exact(call.body["amount"])}
        try:
            collection = await self._change_collection(call.path["id"], fields)
        except CollectionNotFound:
            collection = await self._add_collection(call.path["id"], fields)
        return self._changed(collection_document(collection))

    async def _change_collection(self, id_: str, fields: Mapping[str, Any]) -> PaymentCollection:
        async with self.control.storage.hold(id_) as held:
            if fields.get("cart_id", held.collection.cart_id) != held.collection.cart_id:
                message = f"{id_!r} belongs to another cart."
                raise Conflict(message)
            collection = replace(held.collection, **fields, updated_at=self.control.clock())
            await held.keep(collection)
        return collection

    async def _add_collection(self, id_: str, fields: Mapping[str, Any]) -> PaymentCollection:
        storage = self.control.storage
        cart_id = fields.get("cart_id")
        if cart_id is not None and await storage.cart(cart_id) is None:
            raise invalid_field(field="cart_id", problem=f"there is no cart {cart_id!r}")
        now = self.control.clock()
        given = {"cart_id": None, **fields}
        collection = PaymentCollection(id=id_, **given, created_at=now, updated_at=now)
        try:
            await storage.add_collection(collection)
        except ValueError as error:
            # Either another request has just added a collection with this id, or the cart has one.
            try:
                return await self._change_collection(id_, fields)
            except CollectionNotFound:
                message = f"The cart {cart_id!r} has another payment collection."
                raise Conflict(message) from error
        return collection

    async def change_payment_session(self, call: Call) -> Document:
        """Change a payment session's status, as its provider does."""
        session_id = call.path["session_id"]
        body = call.body
        async with self.control.storage.hold(call.path["id"]) as held:
            if session_id not in {each.id for each in held.collection.sessions}:
                raise NotFound(kind="payment session", id_=session_id)
            collection = settle_session(
                held.collection,
                session_id,
                status=body["status"],
                data=body.get("data", {}),
                now=self.control.clock(),
            )
            await held.keep(collection)
        return self._changed(collection_document(collection))

    def _changed(self, document: Document) -> Document:
        self.control.store_changed()
        return document


def _exact(number: float) -> Decimal:
    """Return the decimal number that was sent."""
    return Decimal(str(number))


def cart_document(cart: Cart) -> Document:
    """Return a cart as JSON."""
    return {**asdict(cart), "total": number(cart.total)}


def region_document(region: Region) -> Document:
    """Return a region as JSON."""
    return asdict(region)


def provider_document(provider: PaymentProvider, outcome: Outcome | None) -> Document:
    """Return a payment provider and its planned outcome as JSON."""
    return {**asdict(provider), "outcome": outcome and dataclasses.asdict(outcome)}


def collection_document(collection: PaymentCollection) -> Document:
    """Return a payment collection with its sessions as JSON."""
    return {
        "id": collection.id,
        "cart_id": collection.cart_id,
        "currency_code": collection.currency_code,
        "amount": number(collection.amount),
        "status": collection.status,
        "created_at": timestamp(collection.created_at),
        "updated_at": timestamp(collection.updated_at),
        "payment_sessions": [_session_document(each) for each in collection.sessions],
    }


def _session_document(session: PaymentSession) -> Document:
    return {
        "id": session.id,
        "provider_id": session.provider_id,
        "currency_code": session.currency_code,
        "amount": number(session.amount),
        "status": session.status,
        "authorized_at": session.authorized_at and timestamp(session.authorized_at),
        "data": hide(session.data),
        "context": hide(session.context),
        "created_at": timestamp(session.created_at),
        "updated_at": timestamp(session.updated_at),
    }
