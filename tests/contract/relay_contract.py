"""The contract of the relay: the store's, plus one operation per documented response.

The request body of such an operation is the response, so that a generator of requests also
generates valid and invalid responses.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.contract.contract_changes import resolved

from xclade_store_mock.contract import load_contract

Json = Any

CONTRACT = load_contract("store.yaml")
DOCUMENT: Json = CONTRACT.document
PARSED = {"description": "Parsed.", "content": {"application/json": {"schema": {}}}}
INVALID = {
    "description": "Refused as invalid.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}},
}


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """A response that operations document, and the path to post it to."""

    path: str
    status: int
    media_type: str
    schema: Mapping[str, Json]
    operation_ids: list[str] = field(default_factory=list)

    @property
    def is_selection(self) -> bool:
        """Return whether only a call with `fields` gets this response."""
        return self.path.endswith("Selection")


def operations() -> Iterator[tuple[str, str, Mapping[str, Json]]]:
    """Yield the path, the method and the description of each operation of the store."""
    for operation in CONTRACT.operations.values():
        method = operation.method.lower()
        yield operation.path, method, DOCUMENT["paths"][operation.path][method]


def documented_responses() -> list[DocumentedResponse]:
    """Return the documented responses, each with all its operations."""
    found: dict[str, DocumentedResponse] = {}
    for _, _, operation in operations():
        for status, response in operation["responses"].items():
            for media_type, content in resolve(response)["content"].items():
                for name, schema in _variants(content["schema"]):
                    path = f"/answers/{status}/{name}"
                    documented = DocumentedResponse(path, int(status), media_type, schema)
                    found.setdefault(path, documented).operation_ids.append(
                        operation["operationId"]
                    )
    return [*found.values()]


def property_names(schema: str) -> set[str]:
    """Return the names of the properties of a schema."""
    described = DOCUMENT["components"]["schemas"][schema]
    parts = [resolve(each) for each in described.get("allOf", [described])]
    return {name for each in parts for name in each.get("properties", ())}


def relay_contract() -> Json:
    """Return the contract as an OpenAPI document."""
    document = copy.deepcopy({**DOCUMENT})
    # No request may reach the real store.
    del document["servers"]
    document["info"]["title"] = "The client of the xclade Store API"
    for each in documented_responses():
        document["paths"][each.path] = {
            "post": {
                "operationId": "parse" + each.path.replace("/", "_"),
                "security": [],
                "requestBody": {
                    "required": True,
                    "content": {each.media_type: {"schema": each.schema}},
                },
                "responses": {"200": PARSED, "422": INVALID},
            }
        }
    return document


def _variants(schema: Json) -> Iterator[tuple[str, Json]]:
    """Yield named schemas, one for a whole collection and one for a selection of fields."""
    described = resolve(schema)
    collection = described.get("properties", {}).get("payment_collection")
    if collection is None:
        yield _name(schema), schema
        return
    for kind in collection["anyOf"]:
        yield _name(kind), {**described, "properties": {"payment_collection": kind}}


def _name(schema: Json) -> str:
    name: str = schema["$ref"].rpartition("/")[2] if "$ref" in schema else schema["type"]
    return name


def resolve(part: Json) -> Json:
    """Resolve a reference to a component."""
    return resolved(DOCUMENT, part)
