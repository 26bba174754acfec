"""The operations of the control API."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import convert
from msgspec.structs import replace
from starlette.responses import Response, StreamingResponse

from xclade_store_mock import jsontext
from xclade_store_mock.control import documents
from xclade_store_mock.control.control import Control, Traffic
from xclade_store_mock.control.errors import Conflict, invalid_field
from xclade_store_mock.control.faults import FaultPlan
from xclade_store_mock.control.journal import Criteria
from xclade_store_mock.control.outcomes import Outcome
from xclade_store_mock.control.scenarios import SCENARIOS, find_scenario
from xclade_store_mock.errors import CollectionNotFound
from xclade_store_mock.payments import model
from xclade_store_mock.payments.documents import timestamp
from xclade_store_mock.redaction import hide_key
from xclade_store_mock.web import Call
from xclade_store_mock.web.endpoints import Document

_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class TrafficOperations:
    """The operations that need no store of the mock's own: journal, events and faults."""

    control: Traffic

    async def list_journal(self, call: Call) -> Document:
        journal = self.control.journal
        query = {**call.query}
        limit = query.pop("limit")
        records = journal.find(Criteria(**query))
        page = records[max(0, len(records) - limit) :]
        entries = [documents.render_entry(entry) for entry in await journal.read(page)]
        return {"entries": entries, "count": len(records)}

    async def clear_journal(self, _: Call) -> None:
        self.control.journal.clear()

    async def follow_events(self, call: Call) -> Response:
        if call.scope["method"] == "HEAD":
            return Response(media_type=_STREAM)
        events = self.control.follow(call.header("last-event-id"))
        # The second is for nginx, which otherwise holds events back.
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(events, media_type=_STREAM, headers=headers)

    async def list_faults(self, _: Call) -> Document:
        return {"faults": [documents.render_fault(each) for each in self.control.faults.list()]}

    async def plan_fault(self, call: Call) -> Response:
        plan = convert(call.body, FaultPlan)
        fault = self.control.plan_fault(plan, call.body.get("times", 1))
        content = jsontext.write(documents.render_fault(fault))
        return Response(content, 201, media_type="application/json")

    async def cancel_fault(self, call: Call) -> None:
        self.control.faults.cancel(call.path["id"])

    async def cancel_faults(self, _: Call) -> None:
        self.control.faults.cancel_all()

    async def release_fault(self, call: Call) -> Document:
        return {"released": self.control.faults.release(call.path["id"])}


@dataclass(frozen=True, slots=True)
class ControlOperations(TrafficOperations):
    """One method for each operationId."""

    control: Control
    dialect_name: str

    async def get_state(self, _: Call) -> Document:
        control = self.control
        settings = await control.storage.settings()
        carts = await control.storage.carts(limit=0)
        collections = await control.storage.collections(limit=0)
        keys = settings.publishable_keys.values()
        providers = sorted(settings.payment_providers.values(), key=lambda each: each.id)
        return {
            "dialect": self.dialect_name,
            "scenario": control.scenario,
            "clock": self._clock(),
            "publishable_keys": [
                {"token": hide_key(key.token), "title": key.title, "revoked": key.revoked}
                for key in keys
            ],
            "customers": [{"id": each.id} for each in settings.customers.values()],
            "payment_providers": [self._provider(each) for each in providers],
            "regions": [documents.render(each) for each in settings.regions.values()],
            "cart_count": carts[1],
            "payment_collection_count": collections[1],
        }

    async def reset_state(self, _: Call) -> None:
        await self.control.reset()

    async def put_region(self, call: Call) -> Document:
        region = convert({"id": call.path["id"], **call.body}, model.Region)

        def put(settings: model.Settings) -> model.Settings:
            for provider_id in region.payment_providers:
                if provider_id not in settings.payment_providers:
                    problem = f"there is no payment provider {provider_id!r}"
                    raise invalid_field(field="payment_providers", problem=problem)
            return replace(settings, regions={**settings.regions, region.id: region})

        await self.control.storage.change_settings(put)
        return self._changed(documents.render(region))

    async def put_payment_provider(self, call: Call) -> Document:
        provider = model.PaymentProvider(call.path["id"], **call.body)

        def put(settings: model.Settings) -> model.Settings:
            providers = {**settings.payment_providers, provider.id: provider}
            return replace(settings, payment_providers=providers)

        await self.control.storage.change_settings(put)
        return self._changed(self._provider(provider))

    def _provider(self, provider: model.PaymentProvider) -> Document:
        outcomes = self.control.outcomes
        return {
            **documents.render(provider),
            "outcome": documents.render(outcomes.find(provider.id)),
            "held": [documents.render_call(each) for each in outcomes.held(provider.id)],
        }

    async def list_carts(self, call: Call) -> Document:
        return await _page("carts", self.control.storage.carts, documents.render, call)

    async def put_cart(self, call: Call) -> Document:
        cart = convert({"id": call.path["id"], **call.body}, model.Cart)
        settings = await self.control.storage.settings()
        if cart.region_id not in settings.regions:
            raise invalid_field(field="region_id", problem=f"there is no region {cart.region_id!r}")
        await self.control.put_cart(cart)
        return {**documents.render(cart)}

    async def list_payment_collections(self, call: Call) -> Document:
        read = self.control.storage.collections
        return await _page("payment_collections", read, documents.render_collection, call)

    async def get_payment_collection(self, call: Call) -> Document:
        return documents.render_collection(await self.control.storage.collection(call.path["id"]))

    async def put_payment_collection(self, call: Call) -> Document:
        fields = {**call.body, "amount": convert(call.body["amount"], Decimal)}
        try:
            collection = await self._change_collection(call.path["id"], fields)
        except CollectionNotFound:
            collection = await self._add_collection(call.path["id"], fields)
        return self._changed(documents.render_collection(collection))

    async def _change_collection(
        self, id_: str, fields: Mapping[str, Any]
    ) -> model.PaymentCollection:
        async with self.control.storage.hold(id_) as held:
            if fields.get("cart_id", held.collection.cart_id) != held.collection.cart_id:
                raise Conflict(f"{id_!r} belongs to another cart.")
            collection = replace(held.collection, **fields, updated_at=self.control.clock())
            await held.keep(collection)
        return collection

    async def _add_collection(self, id_: str, fields: Mapping[str, Any]) -> model.PaymentCollection:
        storage = self.control.storage
        cart_id = fields.get("cart_id")
        if cart_id is not None and await storage.cart(cart_id) is None:
            raise invalid_field(field="cart_id", problem=f"there is no cart {cart_id!r}")
        now = self.control.clock()
        given = {"cart_id": None, **fields}
        collection = model.PaymentCollection(id=id_, **given, created_at=now, updated_at=now)
        try:
            await storage.add_collection(collection)
        except ValueError as error:
            # Either another request has just added a collection with this id, or the cart has one.
            try:
                return await self._change_collection(id_, fields)
            except CollectionNotFound:
                raise Conflict(f"The cart {cart_id!r} has another payment collection.") from error
        return collection

    async def change_payment_session(self, call: Call) -> Document:
        body = {"data": {}, **call.body}
        collection = await self.control.settle_session(
            call.path["id"], call.path["session_id"], **body
        )
        return documents.render_collection(collection)

    def _changed(self, document: Document) -> Document:
        self.control.store_changed()
        return document

    async def plan_outcome(self, call: Call) -> Document:
        outcome = convert(call.body, Outcome)
        await self.control.plan_outcome(call.path["id"], outcome)
        return {**documents.render(outcome)}

    async def cancel_outcome(self, call: Call) -> None:
        id_ = call.path["id"]
        await self.control.require_provider(id_)
        self.control.outcomes.cancel(id_)

    async def get_clock(self, _: Call) -> Document:
        return self._clock()

    async def set_clock(self, call: Call) -> Document:
        now = _read_time(call.body["now"]) if "now" in call.body else None
        self.control.clock.set(now, frozen=call.body.get("frozen"))
        return self._clock()

    async def advance_clock(self, call: Call) -> Document:
        self.control.clock.advance(timedelta(seconds=call.body["seconds"]))
        return self._clock()

    async def release_clock(self, _: Call) -> None:
        self.control.clock.release()

    def _clock(self) -> Document:
        clock = self.control.clock
        now = timestamp(clock())
        return {"now": now, "frozen": clock.is_frozen, "is_real": clock.is_real}

    async def list_scenarios(self, _: Call) -> Document:
        current = self.control.scenario
        return {"scenarios": [each.document(current) for each in SCENARIOS]}

    async def start_scenario(self, call: Call) -> Document:
        scenario = find_scenario(call.path["name"])
        await scenario.start(self.control)
        return scenario.document(self.control.scenario)


async def _page(
    name: str,
    read: Callable[[int, int], Awaitable[tuple[Sequence[Any], int]]],
    render_item: Callable[[Any], Document],
    call: Call,
) -> Document:
    limit, offset = call.query["limit"], call.query["offset"]
    items, count = await read(limit, offset)
    listed = [render_item(each) for each in items]
    return {name: listed, "count": count, "limit": limit, "offset": offset}


def _read_time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:  # such as a leap second
        raise invalid_field(field="now", problem=str(error)) from error
