"""The operations of the Store API: read the request, call the domain, render the answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from connexion import request
from connexion.lifecycle import ConnexionResponse

from xclade_store_mock import json_text
from xclade_store_mock.documents import (
    COLLECTION,
    PROVIDER,
    collection_document,
    provider_document,
)
from xclade_store_mock.error_responses import Dialect, error_response, json_type
from xclade_store_mock.errors import DomainError, ProviderNotInstalled, UnknownFailure
from xclade_store_mock.fields import (
    Selectable,
    Selection,
    project,
    select,
    select_as_recorded,
)
from xclade_store_mock.guard import read_header, received_body
from xclade_store_mock.idempotency import (
    Answer,
    IdempotencyRecords,
    KeyScope,
    fingerprint,
    parse_key,
)
from xclade_store_mock.payments import (
    NewId,
    PaymentCollection,
    create_collection,
    initialize_session,
    require_enabled,
    restore_sessions,
)
from xclade_store_mock.providers import Provider, find_provider
from xclade_store_mock.storage.memory import MemoryStorage

Stored = TypeVar("Stored")


@dataclass(frozen=True, slots=True)
class Operations:
    """One method for each operationId; Connexion hands the validated parameters over by name."""

    storage: MemoryStorage
    providers: Mapping[str, Provider]
    clock: Callable[[], datetime]
    new_id: NewId
    records: IdempotencyRecords
    dialect: Dialect

    async def list_payment_providers(
        self, region_id: str, limit: int, offset: int, fields: str | None = None
    ) -> ConnexionResponse:
        """Answer one page of a region's payment providers."""
        region = await self.storage.region(region_id)
        providers = await self.storage.payment_providers(region.payment_providers if region else ())
        selection = self._select(fields, PROVIDER)
        page = providers[offset : offset + limit]
        document = {
            "payment_providers": [project(provider_document(each), selection) for each in page],
            "count": len(providers),
            "offset": offset,
            "limit": limit,
        }
        return self._respond(Answer(200, json_text.write(document)))

    async def create_payment_collection(self, fields: str | None = None) -> ConnexionResponse:
        """Answer a cart's payment collection, new or not."""
        cart_id = received_body(request.scope)["cart_id"]

        async def create() -> PaymentCollection:
            return await self.storage.collection_of_cart(
                _storable(cart_id),
                lambda cart: create_collection(cart, new_id=self.new_id, now=self.clock()),
            )

        return self._respond(await self._answer(create, fields))

    async def initialize_payment_session(
        self, id_: str, user: str, fields: str | None = None
    ) -> ConnexionResponse:
        """Answer a payment collection with a new session; `user` is the publishable key."""
        body = received_body(request.scope)

        async def initialize() -> PaymentCollection:
            return await self._initialize(
                id_, body["provider_id"], body.get("data", {}), await self._context()
            )

        async def carry_out() -> Answer:
            return await self._answer(initialize, fields)

        key = read_header(request.scope, "idempotency-key")
        if key is None or self.dialect is Dialect.MEDUSA:
            return self._respond(await carry_out())
        scope = KeyScope(user, request.method, request.scope["path"], parse_key(key))
        query = {} if fields is None else {"fields": fields}
        return self._respond(await self.records.once(scope, fingerprint(query, body), carry_out))

    async def _context(self) -> Mapping[str, Any]:
        """Answer what a new session tells of the customer; who is not known is a guest."""
        scheme, _, token = (read_header(request.scope, "authorization") or "").partition(" ")
        customer = await self.storage.customer(token) if scheme.lower() == "bearer" else None
        return {} if customer is None else {"customer": {"id": customer.id}}

    async def _initialize(
        self,
        collection_id: str,
        provider_id: str,
        data: Mapping[str, Any],
        context: Mapping[str, Any],
    ) -> PaymentCollection:
        async with self.storage.hold_collection(collection_id) as held:
            collection = held.collection
            cart = await self.storage.cart(collection.cart_id) if collection.cart_id else None
            region = await self.storage.region(cart.region_id) if cart else None
            if region is not None:
                require_enabled(provider_id, region)
            try:
                held.collection = await initialize_session(
                    collection,
                    await self._provider(provider_id),
                    provider_id=provider_id,
                    data=_storable(data),
                    context=context,
                    new_id=self.new_id,
                    now=self.clock(),
                )
            except DomainError:
                if self.dialect is Dialect.MEDUSA:
                    held.collection = await self._restore(collection)
                raise
            return held.collection

    async def _provider(self, provider_id: str) -> Provider:
        listed = await self.storage.payment_provider(provider_id)
        if listed is None or not listed.installed:
            raise ProviderNotInstalled(provider_id)
        return find_provider(self.providers, provider_id)

    async def _restore(self, collection: PaymentCollection) -> PaymentCollection:
        providers = {
            each.provider_id: await self._provider(each.provider_id) for each in collection.sessions
        }
        return await restore_sessions(collection, providers, new_id=self.new_id, now=self.clock())

    async def _answer(
        self, work: Callable[[], Awaitable[PaymentCollection]], fields: str | None
    ) -> Answer:
        try:
            collection = await work()
        except DomainError as error:
            response = error_response(error, self.dialect)
            return Answer(response.status_code, response.body)
        document = project(collection_document(collection), self._select(fields, COLLECTION))
        return Answer(200, json_text.write({"payment_collection": document}))

    def _select(self, fields: str | None, selectable: Selectable) -> Selection:
        if self.dialect is Dialect.MEDUSA:
            return select_as_recorded(fields, selectable)
        return select(fields, selectable)

    def _respond(self, answer: Answer) -> ConnexionResponse:
        return ConnexionResponse(
            answer.status,
            content_type=json_type(self.dialect),
            body=answer.body,
            headers={"Idempotent-Replayed": "true"} if answer.replayed else {},
        )


def _storable(value: Stored) -> Stored:
    """Fail as a database does on what it cannot keep (`body/data-lone-surrogate`)."""
    if json_text.find_unstorable(value):
        raise UnknownFailure
    return value
