"""The operations of the Store API: read the call, apply the rules, return a document."""

import asyncio
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from starlette.responses import Response

from xclade_store_mock import jsontext
from xclade_store_mock.errors import ProviderNotInstalled, Refusal, StorageUnavailable
from xclade_store_mock.payments import documents, idempotency, rules
from xclade_store_mock.payments.model import Customer, PaymentCollection, PaymentSession, Settings
from xclade_store_mock.payments.providers import FindProvider, Provider
from xclade_store_mock.storage import HeldCollection, Storage
from xclade_store_mock.web import Call, read_first_header
from xclade_store_mock.web.dialect import Dialect
from xclade_store_mock.web.endpoints import Document, find_by_secret

_WORD = re.compile(f"[^{jsontext.WHITE_SPACE}]+")


def _require_enabled(held: HeldCollection, call: Call) -> None:
    region = held.settings.regions.get(held.cart.region_id) if held.cart else None
    if region is not None:
        rules.require_enabled(call.body["provider_id"], region)


def _customer(call: Call, settings: Settings) -> Customer | None:
    """Return the signed-in customer; an unknown token counts as a guest (recorded).

    Only the first two words of the first header matter (`customer/*`).
    """
    words = _WORD.findall(read_first_header(call.scope, "authorization") or "")
    if len(words) < 2 or words[0].lower() != "bearer":  # noqa: PLR2004 - the scheme and the token
        return None
    return find_by_secret(settings.customers, words[1])


@dataclass(frozen=True, slots=True)
class Operations:
    """One method for each operationId."""

    storage: Storage
    find_provider: FindProvider
    clock: Callable[[], datetime]
    new_id: rules.NewId
    dialect: Dialect

    async def list_payment_providers(self, call: Call) -> Document:
        offset, limit = call.query["offset"], call.query["limit"]
        settings = await self.storage.settings()
        providers = settings.providers_of(call.query["region_id"])
        if call.query.get("order") == "-id":
            providers.reverse()
        page = [documents.provider_document(each) for each in providers[offset : offset + limit]]
        return {
            "payment_providers": documents.pick(page, self._select(call, documents.PROVIDER)),
            "count": len(providers),
            "offset": offset,
            "limit": limit,
        }

    async def create_payment_collection(self, call: Call) -> Document:
        cart_id = call.body["cart_id"]
        self.dialect.require_storable(cart_id)
        collection = await self.storage.collection_of_cart(
            cart_id,
            lambda cart: rules.create_collection(cart, new_id=self.new_id, now=self.clock()),
        )
        return self._document(call, collection)

    async def initialize_payment_session(self, call: Call) -> Document | Response:
        session_id = self.new_id("payses_")
        key = call.header("idempotency-key")
        if self.dialect.restores_sessions:
            return self._document(call, await self._initialize_as_recorded(call, session_id))
        if key is None or not self.dialect.keeps_answers:
            async with self.storage.hold(call.path["id"]) as held:
                collection = await self._initialize(held, call, session_id)
                await held.keep(collection)
            return self._document(call, collection)
        draft = self._draft(call, key, session_id)
        execute = partial(self._initialize_once, call)
        return self._response(await idempotency.once(self.storage, draft, execute, self.clock()))

    def _draft(self, call: Call, key: str, session_id: str) -> idempotency.Record:
        publishable_key = call.header("x-publishable-api-key") or ""
        method, path = call.scope["method"], call.scope["path"]
        scope = idempotency.KeyScope(publishable_key, method, path, idempotency.parse_key(key))
        return idempotency.Record(
            scope,
            idempotency.fingerprint(call.query, call.body),
            session_id,
            self.clock() + idempotency.LIFETIME,
        )

    async def _initialize_once(self, call: Call, record: idempotency.Record) -> idempotency.Answer:
        """Initialize a session, and keep the answer with it, be it a refusal."""
        try:
            async with self.storage.hold(call.path["id"]) as held:
                collection = await self._initialize(held, call, record.session_id)
                document = self._document(call, collection)
                answer = idempotency.Answer(200, jsontext.write(document))
                await held.keep(collection, record.answered(answer))
        except StorageUnavailable:
            raise  # the answer could not be kept either
        except Refusal as refusal:
            response = self.dialect.respond(refusal)
            answer = idempotency.Answer(response.status_code, bytes(response.body))
            await self.storage.keep_answer(record.answered(answer))
        return answer

    async def _initialize_as_recorded(self, call: Call, session_id: str) -> PaymentCollection:
        """Replace the sessions that there were before the request waited for anything.

        Medusa has no lock: what simultaneous requests create remains. If the new session fails, it
        restores those that it has deleted.
        """
        collection = await self.storage.collection(call.path["id"])
        seen = {each.id for each in collection.sessions}
        # Medusa waits for its database here, and other requests read the same sessions.
        await asyncio.sleep(0)
        async with self.storage.hold(call.path["id"]) as held:
            _require_enabled(held, call)
            others = tuple(each for each in held.collection.sessions if each.id not in seen)
            with_sessions = partial(
                rules.with_sessions, held.collection, now=self.clock(), cancel=False
            )
            try:
                self.dialect.require_storable(call.body.get("data"))
                created = (await self._initialize(held, call, session_id)).sessions
            except Refusal:
                restored = await self._restored(held, seen)
                await held.keep(with_sessions((*others, *restored)))
                raise
            collection = with_sessions((*others, *created))
            await held.keep(collection)
        return collection

    async def _initialize(
        self, held: HeldCollection, call: Call, session_id: str
    ) -> PaymentCollection:
        """Return the collection with a new session; nothing is kept."""
        _require_enabled(held, call)
        provider_id = call.body["provider_id"]
        customer = _customer(call, held.settings)
        return await rules.initialize_session(
            held.collection,
            self._provider(provider_id, held.settings),
            provider_id=provider_id,
            data=call.body.get("data", {}),
            context=documents.session_context(customer, provider_id),
            session_id=session_id,
            now=self.clock(),
            strict=self.dialect.is_strict,
        )

    def _provider(self, provider_id: str, settings: Settings) -> Provider:
        listed = settings.payment_providers.get(provider_id)
        if listed is None or not listed.installed:
            raise ProviderNotInstalled(provider_id)
        return self.find_provider(provider_id)

    async def _restored(
        self, held: HeldCollection, seen: Collection[str]
    ) -> tuple[PaymentSession, ...]:
        """Return copies of the sessions that the request has deleted, of those whose ids it saw."""
        deleted = [each for each in held.collection.sessions if each.id in seen]
        providers = {
            each.provider_id: self._provider(each.provider_id, held.settings) for each in deleted
        }
        return await rules.restore_sessions(
            deleted, providers, new_id=self.new_id, now=self.clock()
        )

    def _document(self, call: Call, collection: PaymentCollection) -> Document:
        has_defaults = "fields" not in call.query
        build = documents.default_document if has_defaults else documents.collection_document
        selection = self._select(call, documents.COLLECTION)
        return {"payment_collection": documents.pick(build(collection), selection)}

    def _select(self, call: Call, resource: documents.Resource) -> documents.Selection | None:
        fields = call.query.get("fields")
        if fields is None:
            return self.dialect.default_selection(resource)
        return self.dialect.select(fields, resource)

    def _response(self, answer: idempotency.Answer) -> Response:
        headers = {"content-type": self.dialect.json_type}
        if answer.replayed:
            headers["Idempotent-Replayed"] = "true"
        return Response(answer.body, answer.status, headers)
