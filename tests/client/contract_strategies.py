"""Strategies for what the contract allows, made of the contract itself."""

import functools
import json
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

CONTRACT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[2] / "openapi/store.yaml").read_text("utf-8")
)
SCHEMAS: dict[str, Any] = CONTRACT["components"]["schemas"]

SEEDED = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""The same cases in each run."""

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
"""What UTF-8 can carry, NUL included."""

NUMBERS = (
    st.integers()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(-(10**9), 10**9, places=2, allow_nan=False).map(float)
)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXT
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=4)

TIMES = st.builds(
    lambda moment, digits, offset: f"{moment.isoformat(timespec='seconds')}{digits}{offset}",
    st.datetimes(),
    st.sampled_from(["", ".1", ".000", ".123456", ".123456789"]),
    st.sampled_from(["Z", "+00:00", "-00:00", "+05:45", "-23:59"]),
)
"""RFC 3339, without its leap seconds and lower case letters."""


@functools.cache
def _named(name: str) -> st.SearchStrategy[Any]:
    return conforming(SCHEMAS[name])


def conforming(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Answer a strategy for the values that a schema of the contract allows."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _named(name)
    if "allOf" in schema:
        return conforming(_merged(schema["allOf"]))
    if "anyOf" in schema:
        return st.one_of([conforming(each) for each in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    plain = _plain(schema)
    return st.none() | plain if schema.get("nullable") else plain


def _merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    resolved = [
        SCHEMAS[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in parts
    ]
    return {
        "type": "object",
        "required": sorted({name for each in resolved for name in each.get("required", ())}),
        "properties": {
            name: value for each in resolved for name, value in each.get("properties", {}).items()
        },
    }


def _plain(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    kind = schema["type"]
    if kind == "object":
        return _object(schema)
    if kind == "array":
        return st.lists(conforming(schema["items"]), max_size=2)
    if kind == "string":
        return TIMES if schema.get("format") == "date-time" else TEXT
    return {
        "number": NUMBERS,
        "boolean": st.booleans(),
        "integer": st.integers(),
    }[kind]


def _object(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    properties = schema.get("properties", {})
    known = {name: conforming(value) for name, value in properties.items()}
    required = {name: known.pop(name) for name in schema.get("required", ())}
    unknown = st.dictionaries(TEXT.filter(lambda name: name not in properties), JSON, max_size=2)
    return st.builds(
        lambda more, told: {**more, **told},
        unknown,
        st.fixed_dictionaries(required, optional=known),
    )


def response_schema(operation_id: str, status: int) -> dict[str, Any]:
    """Find the schema of an operation's answer."""
    for item in CONTRACT["paths"].values():
        for operation in item.values():
            if operation["operationId"] == operation_id:
                response = operation["responses"][str(status)]
                if "$ref" in response:
                    name = response["$ref"].rpartition("/")[2]
                    response = CONTRACT["components"]["responses"][name]
                (content,) = response["content"].values()
                schema: dict[str, Any] = content["schema"]
                return schema
    raise LookupError(operation_id)


SPELLINGS = st.sampled_from(
    [
        json.dumps,
        lambda document: json.dumps(document, ensure_ascii=False),
        lambda document: json.dumps(document, indent=2),
        lambda document: "\ufeff" + json.dumps(document),
    ]
)
"""Ways to write the same JSON."""
