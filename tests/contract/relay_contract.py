"""The contract of the relay: the store's own, and one operation for each answer that it documents.

An answer is the body of such an operation, so that what generates requests generates answers: those
that the contract allows, and those that break it.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from xclade_store_mock.contract import load_contract

Json = Any

CONTRACT = load_contract("store.yaml")
DOCUMENT: Json = CONTRACT.document
READ = {"description": "Read.", "content": {"application/json": {"schema": {}}}}
BROKEN = {
    "description": "Refused as broken.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that operations document, and the path to post it to."""

    path: str
    status: int
    media_type: str
    schema: Mapping[str, Json]
    operation_ids: list[str] = field(default_factory=list)

    @property
    def is_selection(self) -> bool:
        """Tell whether it takes `fields` to be answered so."""
        return self.path.endswith("Selection")


def operations() -> Iterator[tuple[str, str, Mapping[str, Json]]]:
    """Walk the store's operations: path, method and description."""
    for operation in CONTRACT.operations.values():
        method = operation.method.lower()
        yield operation.path, method, DOCUMENT["paths"][operation.path][method]


def answers() -> list[Answer]:
    """List the answers that the operations document, each with all that do."""
    found: dict[str, Answer] = {}
    for _, _, operation in operations():
        for status, response in operation["responses"].items():
            for media_type, content in resolve(response)["content"].items():
                for name, schema in _readings(content["schema"]):
                    path = f"/answers/{status}/{name}"
                    answer = Answer(path, int(status), media_type, schema)
                    found.setdefault(path, answer).operation_ids.append(operation["operationId"])
    return [*found.values()]


def property_names(schema: str) -> set[str]:
    """Name the properties that a schema describes."""
    described = DOCUMENT["components"]["schemas"][schema]
    parts = [resolve(each) for each in described.get("allOf", [described])]
    return {name for each in parts for name in each.get("properties", ())}


def relay_contract() -> Json:
    """Write the contract, as an OpenAPI document."""
    document = copy.deepcopy({**DOCUMENT})
    # Nothing here has any business at the real store.
    del document["servers"]
    document["info"]["title"] = "The client of the xclade Store API"
    for answer in answers():
        document["paths"][answer.path] = {
            "post": {
                "operationId": "hear" + answer.path.replace("/", "_"),
                "security": [],
                "requestBody": {
                    "required": True,
                    "content": {answer.media_type: {"schema": answer.schema}},
                },
                "responses": {"200": READ, "422": BROKEN},
            }
        }
    return document


def _readings(schema: Json) -> Iterator[tuple[str, Json]]:
    """Tell a whole collection and a selection apart, as the client has to; name each schema."""
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
    """Follow a reference to a component."""
    if "$ref" not in part:
        return part
    found = DOCUMENT
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found
