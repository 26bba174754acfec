"""The contract, compiled once: what each operation takes and returns.

May import: the leaves (`errors`, `jsontext`, `redaction`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from jsonschema_rs import Draft4Validator

from xclade_store_mock.errors import MethodNotAllowed

_NO_BODY = {"": {"schema": {"enum": [""]}}}

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


@dataclass(frozen=True, slots=True)
class Response:
    """A documented response body: its schema, complete and compiled, and its examples."""

    schema: Mapping[str, Any]
    validator: Draft4Validator
    examples: Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """A part of a request: its path, query or header parameters, or its body's fields."""

    name: str
    validator: Draft4Validator
    fields: Mapping[str, Mapping[str, Any]]
    """The schemas of its fields, in the contract's order."""

    @cached_property
    def defaults(self) -> dict[str, Any]:
        return {
            name: schema["default"] for name, schema in self.fields.items() if "default" in schema
        }


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: where it is called, and its schemas.

    `responses` are by status and media type, which is blank for an empty body.
    """

    id: str
    method: str
    path: str
    """The path template, with the path of the contract's server in front."""
    pattern: re.Pattern[str]
    """Matches a path in the contract's own spelling; its groups are the parameters."""
    security: frozenset[str]
    """The security schemes without which it cannot be called."""
    path_parameters: Part
    query: Part
    header: Part
    body: Part | None
    responses: Mapping[tuple[int, str], Response]
    is_stream: bool
    """Whether it sends server-sent events."""

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that reach it: GET includes HEAD."""
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)


class Match(NamedTuple):
    """The operation that a request is for, and the parameters in its path."""

    operation: Operation
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Contract:
    """An OpenAPI 3.0 document: its text, its data, and its operations by id."""

    text: str
    document: Mapping[str, Any]
    operations: Mapping[str, Operation]

    def find(self, method: str, path: str) -> Match | None:
        """Return what a request is for; None if no path matches exactly.

        Raises:
            MethodNotAllowed: the path has operations, but none with this method.
        """
        allowed: list[str] = []
        for operation in self.operations.values():
            match = operation.pattern.fullmatch(path)
            if match is None:
                continue
            if method in operation.methods:
                return Match(operation, match.groupdict())
            allowed += operation.methods
        if allowed:
            raise MethodNotAllowed(method, path, ", ".join(sorted(allowed)))
        return None


def contract_file(name: str) -> Path:
    """Return the path of one of the contracts in this package."""
    return Path(__file__).parent.with_name("openapi") / name


def load_contract(name: str) -> Contract:
    """Read and compile one of the contracts in this package."""
    text = contract_file(name).read_text("utf-8")
    document = msgspec.yaml.decode(text)  # ten times as fast as yaml.safe_load()
    operations = {each.id: each for each in _Compiler(document).operations()}
    return Contract(text, document, operations)


def compile_schema(contract: Contract, schema: Mapping[str, Any]) -> Draft4Validator:
    """Compile a schema that may refer to the contract's components."""
    return _Compiler(contract.document).compile(schema)


class _Compiler:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._components = _json_schema({"schemas": document["components"]["schemas"]})

    def operations(self) -> Iterator[Operation]:
        base = _base_path(self._document)
        for path, item in self._document["paths"].items():
            for method, operation in item.items():
                if method in _METHODS:
                    yield self._operation(method.upper(), base + path, operation)

    def _operation(self, method: str, path: str, operation: Mapping[str, Any]) -> Operation:
        body = operation.get("requestBody")
        return Operation(
            id=operation["operationId"],
            method=method,
            path=path,
            pattern=_path_pattern(path),
            security=_required_schemes(
                operation.get("security", self._document.get("security", ()))
            ),
            path_parameters=self._parameters("path", operation),
            query=self._parameters("query", operation),
            header=self._parameters("header", operation),
            body=self._part("body", body["content"]["application/json"]["schema"])
            if body
            else None,
            responses={
                (int(status), media_type): self._response(content)
                for status, response in operation["responses"].items()
                for media_type, content in self._resolve(response).get("content", _NO_BODY).items()
            },
            is_stream=any(
                "text/event-stream" in response.get("content", ())
                for response in operation["responses"].values()
            ),
        )

    def _parameters(self, place: str, operation: Mapping[str, Any]) -> Part:
        parameters = map(self._resolve, operation.get("parameters", ()))
        chosen = [each for each in parameters if each["in"] == place]
        required = [each["name"] for each in chosen if each.get("required")]
        schema = {
            "type": "object",
            "additionalProperties": False,
            "properties": {each["name"]: each["schema"] for each in chosen},
        }
        return self._part(place, {**schema, "required": required} if required else schema)

    def _part(self, name: str, schema: Mapping[str, Any]) -> Part:
        return Part(name, self.compile(schema), self._resolve(schema).get("properties", {}))

    def _resolve(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow a reference to a component."""
        if "$ref" not in part:
            return part
        found: Any = self._document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return found  # type: ignore[no-any-return]  # the contract is a mapping at every level

    def _response(self, content: Mapping[str, Any]) -> Response:
        examples = content.get("examples", {})
        return Response(
            schema=self._complete(content["schema"]),
            validator=self.compile(content["schema"]),
            examples={name: example["value"] for name, example in examples.items()},
        )

    def compile(self, schema: Mapping[str, Any]) -> Draft4Validator:
        return Draft4Validator(self._complete(schema), validate_formats=True)

    def _complete(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Translate a schema to JSON Schema and add the components that it may refer to."""
        return {**_json_schema(schema), "components": self._components}


def _base_path(document: Mapping[str, Any]) -> str:
    """Return the path at which the contract's first server has its paths."""
    url: str = document["servers"][0]["url"]
    return urlsplit(url).path.rstrip("/")


def _path_pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template)))


def _required_schemes(alternatives: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Return the security schemes that every alternative includes."""
    schemes = [frozenset(alternative) for alternative in alternatives]
    return frozenset.intersection(*schemes) if schemes else frozenset()


def _json_schema(schema: Any) -> Any:
    """Translate `nullable`, which only OpenAPI 3.0 has, to JSON Schema."""
    if isinstance(schema, list):
        return [_json_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    translated = {name: _json_schema(value) for name, value in schema.items()}
    if translated.pop("nullable", False) is True:
        translated["type"] = [translated["type"], "null"]
    return translated
