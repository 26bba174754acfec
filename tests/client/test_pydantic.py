"""Results in FastAPI handlers and pydantic models: the JSON is what the store returned."""

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

import attrs
import httpx
import pytest
from fastapi import Body, FastAPI
from jsonschema_rs import Draft202012Validator
from pydantic import BaseModel, TypeAdapter, ValidationError
from tests.client.wire import COLLECTION, INITIALIZE, PROVIDERS, SESSION, Desk, call_sync
from tests.client.wire import collection as answer_with
from tests.conftest import served

import xclade_store
from xclade_store import (
    JsonObject,
    StorePaymentCollection,
    StorePaymentCollectionSelection,
    StorePaymentProvider,
    StorePaymentProviderListResponse,
    StorePaymentSession,
)

ANSWERED = {**COLLECTION, "created_at": "2026-01-15T09:30:00.000Z", "total": 5}
SELECTED = {"id": "pay_col_1", "status": "not_paid"}
RESULTS = [
    each
    for name in xclade_store.__all__
    if isinstance(each := getattr(xclade_store, name), type) and attrs.has(each)
]


class Order(BaseModel):
    """A user's model that holds results."""

    collection: StorePaymentCollection
    data: JsonObject | None = None


def result() -> StorePaymentCollection:
    """Make a call that has an idempotency key."""
    made: StorePaymentCollection = call_sync(
        Desk(answer_with(**ANSWERED)), *INITIALIZE, idempotency_key="order-1"
    )
    return made


def application() -> FastAPI:
    """Make a backend whose handlers return results in each way."""
    app = FastAPI()

    @app.get("/annotated")
    def annotated() -> StorePaymentCollection:
        return result()

    @app.get("/model", response_model=StorePaymentCollection)
    async def with_model() -> Any:
        return result()

    @app.get("/bare")
    def bare():  # type: ignore[no-untyped-def]  # noqa: ANN202 - without its annotation
        return result()

    @app.get("/selection", response_model_include={"id"})
    def selection() -> StorePaymentCollection | StorePaymentCollectionSelection:
        return StorePaymentCollectionSelection.from_dict(SELECTED)

    @app.get("/nested")
    def nested() -> dict[str, list[StorePaymentSession]]:
        return {"sessions": list(result().payment_sessions)}

    @app.get("/order")
    def order() -> Order:
        return Order(collection=result(), data=result().payment_sessions[0].data)

    @app.get("/data")
    def data() -> JsonObject:
        return result().payment_sessions[0].data

    @app.get("/providers")
    def providers() -> StorePaymentProviderListResponse:
        return StorePaymentProviderListResponse.from_dict(PROVIDERS)

    @app.post("/echo")
    def echo(collection: Annotated[StorePaymentCollection, Body()]) -> StorePaymentCollection:
        return collection

    return app


@pytest.fixture(scope="module")
def backend() -> Iterator[httpx.Client]:
    """Serve the backend."""
    with served(application(), is_store=False) as url, httpx.Client(base_url=url) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/annotated", ANSWERED),
        ("/model", ANSWERED),
        ("/bare", ANSWERED),
        ("/selection", SELECTED),
        ("/nested", {"sessions": [SESSION]}),
        ("/order", {"collection": ANSWERED, "data": SESSION["data"]}),
        ("/data", SESSION["data"]),
        ("/providers", PROVIDERS),
    ],
)
def test_return_values(backend: httpx.Client, path: str, expected: Any) -> None:
    """With an annotation or without: no private attribute, no idempotency key, nothing lost."""
    response = backend.get(path)

    assert (200, expected) == (response.status_code, response.json())
    assert "order-1" not in response.text


def test_bodies(backend: httpx.Client) -> None:
    """A result is read from a request's body; what is wrong with it is a 422 that names it all."""
    assert ANSWERED == backend.post("/echo", json=ANSWERED).json()
    refused = backend.post("/echo", json={"id": 5})

    assert 422 == refused.status_code
    assert "id: expected a string, got int; amount: is missing; currency_code" in refused.text


def test_schema(backend: httpx.Client) -> None:
    """FastAPI's own description of the backend has the fields of results, as they are in JSON."""
    paths = backend.get("/openapi.json").json()["paths"]
    response = paths["/annotated"]["get"]["responses"]["200"]["content"]["application/json"]
    body = paths["/echo"]["post"]["requestBody"]["content"]["application/json"]
    properties = response["schema"]["properties"]

    assert response["schema"]["properties"] == body["schema"]["properties"]
    assert {"id", "currency_code", "amount"} == set(response["schema"]["required"])
    assert {"type": "number"} == properties["amount"]
    assert {"anyOf": [{"type": "number"}, {"type": "null"}]} == properties["captured_amount"]
    assert {"type": "string", "format": "date-time"} == properties["created_at"]
    assert "array" == properties["payment_sessions"]["type"]
    assert {"type": "object"} == properties["payment_sessions"]["items"]["properties"]["data"]


@pytest.mark.parametrize("model", RESULTS, ids=lambda each: each.__name__)
def test_each_result_has_a_schema(model: Any) -> None:
    """It is valid, and has exactly the fields of the result."""
    schema = TypeAdapter(model).json_schema()
    Draft202012Validator(schema)

    known = {each.alias for each in attrs.fields(model)} - {"additional_properties"}
    assert known == set(schema["properties"])
    assert model.__name__ == schema["title"]


def test_a_result_matches_its_schema() -> None:
    """What a handler returns is what its schema says, unknown fields included."""
    schema = TypeAdapter(StorePaymentCollection).json_schema(mode="serialization")

    assert Draft202012Validator(schema).is_valid(ANSWERED)
    assert not Draft202012Validator(schema).is_valid({**ANSWERED, "amount": "1"})


def test_models() -> None:
    """A model takes a result as it is, or reads one, from Python or JSON, with exact amounts."""
    made = result()

    assert made is Order(collection=made).collection
    for order in (
        Order.model_validate({"collection": ANSWERED}),
        Order.model_validate_json(Order(collection=made).model_dump_json()),
    ):
        assert made == order.collection
    exact = Order.model_validate({"collection": {**ANSWERED, "amount": Decimal("0.10")}})
    assert Decimal("0.10").as_tuple() == exact.collection.amount.as_tuple()
    assert ANSWERED == Order(collection=made).model_dump()["collection"]
    with pytest.raises(ValidationError, match="amount: is missing"):
        Order.model_validate({"collection": {"id": "pay_col_1"}})


def test_type_adapters() -> None:
    """A list of results is written as JSON."""
    adapter = TypeAdapter(list[StorePaymentProvider])

    assert b'[{"id":"pp_x"}]' == adapter.dump_json([StorePaymentProvider(id="pp_x")])
    assert [{"id": "pp_x"}] == json.loads(
        adapter.dump_json(adapter.validate_json('[{"id":"pp_x"}]'))
    )


def test_the_client_does_not_import_pydantic() -> None:
    """Those who do not use it do not wait for it, nor need it."""
    program = """
import sys
sys.modules["pydantic"] = sys.modules["pydantic_core"] = None  # importing them fails
import xclade_store.testing
print(xclade_store.testing.make_payment_collection().to_dict()["amount"])
"""
    command = [sys.executable, "-c", program]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "25.5\n" == printed
