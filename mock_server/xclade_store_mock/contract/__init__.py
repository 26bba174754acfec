"""The contract, compiled: what each operation takes and answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jsonschema_rs import Draft4Validator

# The one in C, where PyYAML was built with it, is ten times as fast.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NO_BODY = {"": {"schema": {"enum": [""]}}}

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


@dataclass(frozen=True, slots=True)
class Response:
    """What a documented response's body may be: its schema, whole and compiled, and examples."""

    schema: Mapping[str, Any]
    validator: Draft4Validator
    examples: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation's schemas.

    `path`, `query` and `header` describe objects of parameters; `responses` are by status and media
    type, which is blank for an answer without a body.
    """

    id: str
    path: Draft4Validator
    query: Draft4Validator
    query_types: Mapping[str, str]
    query_defaults: Mapping[str, Any]
    header: Draft4Validator
    header_names: tuple[str, ...]
    body: Draft4Validator | None
    body_fields: tuple[str, ...]
    responses: Mapping[tuple[int, str], Response]
    is_stream: bool
    """Whether its answer goes on and on."""


@dataclass(frozen=True, slots=True)
class Contract:
    """An OpenAPI 3.0 document: as it was written, as data, and its operations by id."""

    text: str
    document: Mapping[str, Any]
    operations: Mapping[str, Operation]


def contract_file(name: str) -> Path:
    """Find one of the contracts that come with the package."""
    return Path(__file__).parent.with_name("openapi") / name


def load_contract(name: str) -> Contract:
    """Read one of the contracts that come with the package."""
    text = contract_file(name).read_text("utf-8")
    document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe one
    compiler = _Compiler(document)
    return Contract(text, document, dict(compiler.operations()))


def compile_schema(contract: Contract, schema: Mapping[str, Any]) -> Draft4Validator:
    """Compile a schema of one's own that refers to the contract's components."""
    return _Compiler(contract.document).compile(schema)


class _Compiler:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._components = _json_schema({"schemas": document["components"]["schemas"]})

    def operations(self) -> Iterator[tuple[str, Operation]]:
        for item in self._document["paths"].values():
            for method in METHODS & item.keys():
                yield item[method]["operationId"], self._operation(item[method])

    def _operation(self, operation: Mapping[str, Any]) -> Operation:
        parameters = [self._resolve(each) for each in operation.get("parameters", ())]
        path, query, header = (
            [each for each in parameters if each["in"] == place]
            for place in ("path", "query", "header")
        )
        body = operation.get("requestBody")
        body_schema = self._resolve(body["content"]["application/json"]["schema"]) if body else {}
        return Operation(
            id=operation["operationId"],
            path=self.compile(_parameters_schema(path)),
            query=self.compile(_parameters_schema(query)),
            query_types={each["name"]: each["schema"]["type"] for each in query},
            query_defaults={
                each["name"]: each["schema"]["default"]
                for each in query
                if "default" in each["schema"]
            },
            header=self.compile(_parameters_schema(header)),
            header_names=tuple(each["name"] for each in header),
            body=self.compile(body_schema) if body else None,
            body_fields=tuple(body_schema.get("properties", ())),
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
            schema=self._whole(content["schema"]),
            validator=self.compile(content["schema"]),
            examples={name: example["value"] for name, example in examples.items()},
        )

    def compile(self, schema: Mapping[str, Any]) -> Draft4Validator:
        """Compile a schema that may refer to components."""
        return Draft4Validator(self._whole(schema), validate_formats=True)

    def _whole(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Say a schema as JSON Schema does, and add what it may refer to."""
        return {**_json_schema(schema), "components": self._components}


def _parameters_schema(parameters: list[Mapping[str, Any]]) -> dict[str, Any]:
    required = [each["name"] for each in parameters if each.get("required")]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {each["name"]: each["schema"] for each in parameters},
        **({"required": required} if required else {}),
    }


def _json_schema(schema: Any) -> Any:
    """Say `nullable`, which only OpenAPI 3.0 has, in JSON Schema's words."""
    if isinstance(schema, list):
        return [_json_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    translated = {name: _json_schema(value) for name, value in schema.items()}
    if translated.pop("nullable", False) is True:
        translated["type"] = [translated["type"], "null"]
    return translated
