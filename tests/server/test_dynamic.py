"""Dynamic responses: random values that a schema allows."""

from random import Random
from typing import Any

import pytest
from jsonschema_rs import Draft4Validator

from xclade_store_mock.contract import load_contract
from xclade_store_mock.contract.dynamic import UnknownKeywords, compile_dynamic

OPEN = {"type": "object", "additionalProperties": True}
PAIR = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
COMPONENTS = {"Pair": PAIR, "Open": OPEN}


def whole(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema together with the components of the contract."""
    return {**schema, "components": {"schemas": COMPONENTS}}


def test_every_documented_response_can_be_generated() -> None:
    """The values generated for each schema of the contract are valid."""
    for operation in load_contract("store.yaml").operations.values():
        for response in operation.responses.values():
            make = compile_dynamic(response.schema)
            for seed in range(50):
                response.validator.validate(make(Random(seed)))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "format": "date-time"},
        {"type": ["string", "null"]},
        {"type": ["string", "null"], "enum": ["a", None]},
        {"type": "array", "items": {"$ref": "#/components/schemas/Pair"}},
        {"anyOf": [{"$ref": "#/components/schemas/Pair"}, {"type": "boolean"}]},
        {"allOf": [{"$ref": "#/components/schemas/Pair"}, {"type": "object", "required": ["id"]}]},
        OPEN,
        {**PAIR, "additionalProperties": False},
    ],
    ids=str,
)
def test_values_are_valid_and_vary(schema: dict[str, Any]) -> None:
    """Different valid values are generated for each kind of schema."""
    make = compile_dynamic(whole(schema))
    validator = Draft4Validator(whole(schema), validate_formats=True)
    values = [make(Random(seed)) for seed in range(30)]

    for value in values:
        validator.validate(value)
    assert 1 < len({str(value) for value in values})


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": 3},
        {"type": "string", "pattern": "^a$"},
        {"type": "string", "format": "uuid"},
        {"type": "number", "minimum": 3},
        {"type": "integer", "multipleOf": 3},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
        {"type": "array"},
        {"type": "null"},
        {"type": "object", "required": ["id"]},
        {"type": "object", "minProperties": 1},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "properties": {"id": {"not": {}}}},
        {"anyOf": [PAIR], "type": "object"},
        {"oneOf": [PAIR]},
        {"not": PAIR},
        {"allOf": [PAIR, PAIR]},
        {"allOf": [PAIR, {"type": "string"}]},
        {"allOf": [PAIR, OPEN]},
        {"enum": [1], "minimum": 1},
        {},
    ],
    ids=str,
)
def test_unknown_keywords_are_refused(schema: dict[str, Any]) -> None:
    """A schema with an unknown keyword is refused, since the values might be invalid."""
    with pytest.raises(UnknownKeywords):
        compile_dynamic(whole(schema))
