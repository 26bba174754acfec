"""The operations of the Store API: read the request, call the domain, render the answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connexion import request
from connexion.lifecycle import ConnexionResponse

from xclade_store_mock import json_text
from xclade_store_mock.documents import (
    COLLECTION,
    COLLECTION_DEFAULTS,
    PROVIDER,
    collection_document,
    provider_document,
)
from xclade_store_mock.error_responses import error_body
from xclade_store_mock.errors import DomainError, ProviderNotInstalled
from xclade_store_mock.fields import project, select
from xclade_store_mock.guard import read_header
from xclade_store_mock.idempotency import (
    Answer,
    IdempotencyRecords,
    Scope,
    fingerprint,
    parse_key,
)
from xclade_store_mock.payments import (
    NewId,
    PaymentCollection,
    create_collection,
    initialize_session,
    require_enabled,
)
from xclade_store_mock.providers import Provider, find_provider
from xclade_store_mock.storage.memory import MemoryStorage


@dataclass(frozen=True, slots=True)
class Operations:
    """One method for each operationId; Connexion hands the validated parameters over by name."""

    storage: MemoryStorage
    providers: Mapping[str, Provider]
    clock: Callable[[], datetime]
    new_id: NewId
    records: IdempotencyRecords

    async def list_payment_providers(
        self, region_id: str, limit: int, offset: int, fields: str | None = None
    ) -> ConnexionResponse:
        """Answer one page of a region's payment providers."""
        region = await self.storage.region(region_id)
        providers = await self.storage.payment_providers(region.payment_providers if region else ())
        selection = select(fields, PROVIDER, PROVIDER.own)
        page = providers[offset : offset + limit]
        return _respond(
            Answer(
                200,
                json_text.write(
                    {
                        "payment_providers": [
                            project(provider_document(each), selection) for each in page
                        ],
                        "count": len(providers),
                        "offset": offset,
                        "limit": limit,
                    }
                ),
            )
        )

    async def create_payment_collection(
        self, body: Mapping[str, Any], fields: str | None = None
    ) -> ConnexionResponse:
        """Answer a cart's payment collection, new or not."""

        async def create() -> PaymentCollection:
            return await self.storage.collection_of_cart(
                body["cart_id"],
                lambda cart: create_collection(cart, new_id=self.new_id, now=self.clock()),
            )

        return _respond(await _answer_collection(create, fields))

    async def initialize_payment_session(
        self, id_: str, body: Mapping[str, Any], user: str, fields: str | None = None
    ) -> ConnexionResponse:
        """Answer a payment collection with a new session; `user` is the publishable key."""

        async def initialize() -> PaymentCollection:
            return await self._initialize(id_, body["provider_id"], body.get("data", {}))

        async def carry_out() -> Answer:
            return await _answer_collection(initialize, fields)

        key = read_header(request.scope, "idempotency-key")
        try:
            if key is None:
                return _respond(await carry_out())
            scope = Scope(user, request.method, request.scope["path"], parse_key(key))
            print_ = fingerprint(dict(request.query_params), body)
            return _respond(await self.records.once(scope, print_, carry_out))
        except DomainError as error:
            return _respond(Answer(*error_body(error)))

    async def _initialize(
        self, collection_id: str, provider_id: str, data: Mapping[str, Any]
    ) -> PaymentCollection:
        async with self.storage.hold_collection(collection_id) as held:
            collection = held.collection
            cart = await self.storage.cart(collection.cart_id) if collection.cart_id else None
            region = await self.storage.region(cart.region_id) if cart else None
            if region is not None:
                require_enabled(provider_id, region)
            provider = find_provider(self.providers, provider_id)
            if provider is None:
                raise ProviderNotInstalled(provider_id)
            held.collection = await initialize_session(
                collection,
                provider,
                provider_id=provider_id,
                data=data,
                new_id=self.new_id,
                now=self.clock(),
            )
            return held.collection


async def _answer_collection(
    work: Callable[[], Awaitable[PaymentCollection]], fields: str | None
) -> Answer:
    try:
        collection = await work()
    except DomainError as error:
        return Answer(*error_body(error))
    selection = select(fields, COLLECTION, COLLECTION_DEFAULTS)
    document = project(collection_document(collection), selection)
    return Answer(200, json_text.write({"payment_collection": document}))


def _respond(answer: Answer) -> ConnexionResponse:
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else {}
    return ConnexionResponse(
        answer.status, content_type="application/json", body=answer.body, headers=headers
    )
