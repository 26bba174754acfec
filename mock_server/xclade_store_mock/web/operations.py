"""The operations of the Store API: read the request, call the domain, render the answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeVar

from starlette.responses import Response

from xclade_store_mock import jsontext
from xclade_store_mock.dialects.medusa.fields import select_as_recorded
from xclade_store_mock.errors import (
    ProviderNotInstalled,
    Refusal,
    StorageUnavailable,
    UnknownFailure,
)
from xclade_store_mock.payments.documents import (
    COLLECTION,
    PROVIDER,
    Selectable,
    Selection,
    collection_document,
    default_document,
    provider_document,
    select,
)
from xclade_store_mock.payments.idempotency import (
    LIFETIME,
    Answer,
    KeyScope,
    Record,
    fingerprint,
    once,
    parse_key,
)
from xclade_store_mock.payments.model import Customer, PaymentCollection, Settings
from xclade_store_mock.payments.providers import FindProvider, Provider
from xclade_store_mock.payments.rules import (
    NewId,
    create_collection,
    initialize_session,
    require_enabled,
    restore_sessions,
)
from xclade_store_mock.storage import HeldCollection, Storage
from xclade_store_mock.web.dialect import Dialect, error_response, json_type
from xclade_store_mock.web.endpoints import Call
from xclade_store_mock.web.security import find_by_secret

Stored = TypeVar("Stored")


class _Demand(NamedTuple):
    """What a request to initialize a session asks for."""

    collection_id: str
    provider_id: str
    data: Mapping[str, Any]
    customer: Customer | None
    fields: str | None


@dataclass(frozen=True, slots=True)
class Operations:
    """One method for each operationId."""

    storage: Storage
    find_provider: FindProvider
    clock: Callable[[], datetime]
    new_id: NewId
    dialect: Dialect

    async def list_payment_providers(self, call: Call) -> Response:
        """Answer one page of a region's payment providers."""
        offset, limit = call.query["offset"], call.query["limit"]
        settings = await self.storage.settings()
        providers = settings.providers_of(call.query["region_id"])
        selection = self._select(call.query.get("fields"), PROVIDER)
        page = providers[offset : offset + limit]
        document = {
            "payment_providers": [selection.of(provider_document(each)) for each in page],
            "count": len(providers),
            "offset": offset,
            "limit": limit,
        }
        return self._respond(Answer(200, jsontext.write(document)))

    async def create_payment_collection(self, call: Call) -> Response:
        """Answer a cart's payment collection, new or not."""
        try:
            collection = await self.storage.collection_of_cart(
                self._storable(call.body["cart_id"]),
                lambda cart: create_collection(cart, new_id=self.new_id, now=self.clock()),
            )
            answer = self._answer(collection, call.query.get("fields"))
        except Refusal as error:
            answer = self._answer_error(error)
        return self._respond(answer)

    async def initialize_payment_session(self, call: Call) -> Response:
        """Answer a payment collection with a new session."""
        demand = _Demand(
            collection_id=call.path["id"],
            provider_id=call.body["provider_id"],
            data=call.body.get("data", {}),
            customer=await self._customer(call),
            fields=call.query.get("fields"),
        )
        session_id = self.new_id("payses_")
        key = call.header("idempotency-key")
        try:
            if key is None or self.dialect is Dialect.MEDUSA:
                answer = await self._initialize(demand, session_id)
            else:
                draft = self._draft(call, key, session_id)
                carry_out = partial(self._initialize_recorded, demand)
                answer = await once(self.storage, draft, carry_out, self.clock())
        except Refusal as error:
            answer = self._answer_error(error)
        return self._respond(answer)

    def _draft(self, call: Call, key: str, session_id: str) -> Record:
        publishable_key = call.header("x-publishable-api-key") or ""
        method, path = call.scope["method"], call.scope["path"]
        scope = KeyScope(publishable_key, method, path, parse_key(key))
        return Record(
            scope, fingerprint(call.query, call.body), session_id, self.clock() + LIFETIME
        )

    async def _customer(self, call: Call) -> Customer | None:
        """Find the signed-in customer; who is not known is a guest."""
        scheme, _, token = (call.header("authorization") or "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return find_by_secret((await self.storage.settings()).customers, token)

    async def _initialize_recorded(self, demand: _Demand, record: Record) -> Answer:
        try:
            return await self._initialize(demand, record.session_id, record)
        except StorageUnavailable:
            raise  # there is nowhere to keep it
        except Refusal as error:
            answer = self._answer_error(error)
            await self.storage.keep_answer(record.answered(answer))
            return answer

    async def _initialize(
        self, demand: _Demand, session_id: str, record: Record | None = None
    ) -> Answer:
        async with self.storage.hold(demand.collection_id) as held:
            region = held.settings.regions.get(held.cart.region_id) if held.cart else None
            if region is not None:
                require_enabled(demand.provider_id, region)
            try:
                collection = await initialize_session(
                    held.collection,
                    self._provider(demand.provider_id, held.settings),
                    provider_id=demand.provider_id,
                    data=self._storable(demand.data),
                    context={"customer": {"id": demand.customer.id}} if demand.customer else {},
                    session_id=session_id,
                    now=self.clock(),
                )
            except Refusal:
                if self.dialect is Dialect.MEDUSA:
                    await held.keep(await self._restored(held))
                raise
            answer = self._answer(collection, demand.fields)
            await held.keep(collection, record and record.answered(answer))
            return answer

    def _provider(self, provider_id: str, settings: Settings) -> Provider:
        listed = settings.payment_providers.get(provider_id)
        if listed is None or not listed.installed:
            raise ProviderNotInstalled(provider_id)
        return self.find_provider(provider_id)

    async def _restored(self, held: HeldCollection) -> PaymentCollection:
        providers = {
            each.provider_id: self._provider(each.provider_id, held.settings)
            for each in held.collection.sessions
        }
        return await restore_sessions(
            held.collection, providers, new_id=self.new_id, now=self.clock()
        )

    def _answer(self, collection: PaymentCollection, fields: str | None) -> Answer:
        if fields is None:
            document = default_document(collection)
        else:
            document = self._select(fields, COLLECTION).of(collection_document(collection))
        return Answer(200, jsontext.write({"payment_collection": document}))

    def _answer_error(self, error: Refusal) -> Answer:
        response = error_response(error, self.dialect)
        return Answer(response.status_code, bytes(response.body))

    def _select(self, fields: str | None, selectable: Selectable) -> Selection:
        if self.dialect is Dialect.MEDUSA:
            return select_as_recorded(fields, selectable)
        return select(fields, selectable)

    def _respond(self, answer: Answer) -> Response:
        headers = {"content-type": json_type(self.dialect)}
        if answer.replayed:
            headers["Idempotent-Replayed"] = "true"
        return Response(answer.body, answer.status, headers)

    def _storable(self, value: Stored) -> Stored:
        """Fail as a database does on what it cannot keep (`body/data-lone-surrogate`).

        The documented dialect has refused that already, as it read the body.
        """
        if self.dialect is Dialect.MEDUSA and jsontext.find_unstorable(value):
            raise UnknownFailure
        return value
