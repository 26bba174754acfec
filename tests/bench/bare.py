"""The upper limit: the measured operation on Starlette and orjson alone."""

from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from tests.bench.calls import TEMPLATE
from ulid_transform import ulid_now

from xclade_store_mock.payments.model import Store


def make_app(store: Store) -> Starlette:
    """Return the application."""
    keys = frozenset(store.settings.publishable_keys)
    collections: dict[str, dict[str, Any]] = {
        each.id: {
            "id": each.id,
            "currency_code": each.currency_code,
            "amount": float(each.amount),
            "payment_sessions": [],
        }
        for each in store.payment_collections.values()
    }

    async def initialize(request: Request) -> Response:
        if request.headers.get("x-publishable-api-key") not in keys:
            return PlainTextResponse("Unauthorized", 401)
        body = orjson.loads(await request.body())
        if "provider_id" not in body:
            return _json({"type": "invalid_data", "message": "provider_id is required"}, 400)
        collection = collections[request.path_params["id"]]
        collection["payment_sessions"] = [_session(collection, body)]
        return _json({"payment_collection": collection}, 200)

    return Starlette(routes=[Route(TEMPLATE, initialize, methods=["POST"])])


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _session(collection: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "id": f"payses_{ulid_now()}",
        "currency_code": collection["currency_code"],
        "provider_id": body["provider_id"],
        "data": body.get("data", {}),
        "context": {},
        "status": "pending",
        "authorized_at": None,
        "payment_collection_id": collection["id"],
        "payment": None,
        "metadata": {},
        "raw_amount": {"value": str(collection["amount"]), "precision": 20},
        "created_at": now,
        "updated_at": now,
        "deleted_at": None,
        "amount": collection["amount"],
    }
