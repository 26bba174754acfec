"""Compare two contracts, and check that the version number reflects the changes.

A contract is a tree of terms. A client relies on some, and must comply with others; so does a
schema's keyword, which limits what is sent: by the client in a request, to it in a response.
"""

import json
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

Json = Any

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


class Kind(Enum):
    """Whether clients rely on a term, must comply with it, or both."""

    PROMISE = "promise"
    DEMAND = "demand"
    AGREEMENT = "agreement"


Tree: TypeAlias = "dict[tuple[str, Kind], Tree | float]"
"""The terms at a place, each with the terms below it, or with the number that limits a value."""


class Change(NamedTuple):
    """A change of the contract, and whether it breaks clients."""

    text: str
    breaks: bool


def changes(old: Json, new: Json) -> list[Change]:
    """Return the changes from one contract to the next, breaking ones first."""
    found = _compare("", _Terms(old).contract(), _Terms(new).contract())
    return sorted({*found}, key=lambda change: (not change.breaks, change.text))


def verdict(old: Json, new: Json) -> str:
    """Return why the new version number does not reflect the changes, or an empty string."""
    found = changes(old, new)
    was, is_ = (_numbers(each["info"]["version"]) for each in (old, new))
    if is_ < was:
        return f"The version went back, from {_text(was)} to {_text(is_)}."
    if any(change.breaks for change in found):
        needed = (was[0] + 1, 0, 0)
    elif found:
        needed = (was[0], was[1] + 1, 0)
    else:
        return ""
    if is_ >= needed:
        return ""
    listed = "\n".join(f"  {'breaks' if breaks else 'adds'}: {text}" for text, breaks in found)
    return (
        f"The contract's version is {_text(is_)}, but since {_text(was)} it changed:\n{listed}\n"
        f"It must be {_text(needed)}: set info.version, or revert the change."
    )


def resolved(document: Json, part: Json) -> Json:
    """Resolve a reference."""
    if "$ref" not in part:
        return part
    found = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return resolved(document, found)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _compare(place: str, old: Tree, new: Tree) -> Iterator[Change]:
    for name, kind in old.keys() - new.keys():
        yield Change(f"{place}{name} is gone", breaks=kind is not Kind.DEMAND)
    for name, kind in new.keys() - old.keys():
        yield Change(f"{place}{name} is new", breaks=kind is not Kind.PROMISE)
    for name, kind in old.keys() & new.keys():
        was, is_ = old[name, kind], new[name, kind]
        if isinstance(was, dict) and isinstance(is_, dict):
            yield from _compare(f"{place}{name} ", was, is_)
        elif was != is_:
            is_stricter = (is_ > was) == name.startswith("min")  # type: ignore[operator]
            text = f"{place}{name} was {was}, and is {is_}"
            yield Change(text, breaks=is_stricter == (kind is Kind.DEMAND))


_ANNOTATIONS = frozenset(
    {"title", "description", "example", "examples", "externalDocs", "deprecated", "xml"}
)
_WALKED = frozenset({"type", "nullable", "enum", "properties", "required", "items", "default"})


class _Terms:
    def __init__(self, document: Json) -> None:
        self._document = document

    def contract(self) -> Tree:
        terms: Tree = {}
        for path, item in self._document["paths"].items():
            for method in item.keys() & METHODS:
                operation = self._operation(item, item[method])
                terms[f"{method.upper()} {path}", Kind.PROMISE] = operation
        for each in self._document.get("servers", ()):
            variables = _exact("variables", each.get("variables"))
            terms[f"server {each['url']}", Kind.PROMISE] = variables
        return terms

    def _operation(self, item: Json, operation: Json) -> Tree:
        terms = _exact("operationId", operation["operationId"])
        for way in operation.get("security", self._document.get("security")) or [{}]:
            terms[self._way(way), Kind.PROMISE] = {}
        for each in (*item.get("parameters", ()), *operation.get("parameters", ())):
            parameter = resolved(self._document, each)
            # The names of headers ignore case.
            is_header = parameter["in"] == "header"
            name = parameter["name"].lower() if is_header else parameter["name"]
            below = self._schema(parameter.get("schema", {}), Kind.DEMAND)
            for keyword in ("style", "explode", "allowReserved", "allowEmptyValue", "content"):
                below |= _exact(keyword, parameter.get(keyword))
            terms[f"{parameter['in']} parameter {name}", Kind.PROMISE] = below
            if parameter.get("required"):
                terms[f"required {parameter['in']} parameter {name}", Kind.DEMAND] = {}
        body = resolved(self._document, operation.get("requestBody", {}))
        terms |= self._content("body", body, Kind.DEMAND, Kind.PROMISE)
        if body.get("required"):
            terms["required body", Kind.DEMAND] = {}
        for status, response in operation["responses"].items():
            # Clients handle an unknown error status as an error.
            kind = Kind.PROMISE if status[0] in "45" else Kind.AGREEMENT
            terms[status, kind] = self._response(resolved(self._document, response))
        return terms

    def _response(self, response: Json) -> Tree:
        terms = self._content("", response, Kind.PROMISE, Kind.AGREEMENT)
        for name, each in response.get("headers", {}).items():
            header = resolved(self._document, each)
            terms[f"header {name}", Kind.PROMISE] = self._schema(header["schema"], Kind.PROMISE)
            if header.get("required"):
                terms[f"required header {name}", Kind.PROMISE] = {}
        for name, link in response.get("links", {}).items():
            terms[f"link {name}: {_written(link)}", Kind.PROMISE] = {}
        return terms

    def _content(self, place: str, part: Json, limit: Kind, media_types: Kind) -> Tree:
        return {
            (f"{place} {each}".strip(), media_types): self._schema(content["schema"], limit)
            for each, content in part.get("content", {}).items()
        }

    def _schema(self, schema: Json, limit: Kind) -> Tree:
        """Return the terms of a schema, whose limits are demands in a request."""
        schema = self._merged(schema)
        choice = Kind.PROMISE if limit is Kind.DEMAND else Kind.DEMAND
        terms = _exact("default", schema.get("default"))
        if not schema.get("nullable"):
            terms["not null", limit] = {}
        if "type" in schema:
            is_integer = schema["type"] == "integer"
            terms[f"type {'number' if is_integer else schema['type']}", limit] = {}
            terms |= {("whole number", limit): {}} if is_integer else {}
        if "enum" in schema:
            terms["enum", limit] = {(repr(each), choice): {} for each in schema["enum"]}
        for name, each in schema.get("properties", {}).items():
            terms[f".{name}", Kind.PROMISE] = self._schema(each, limit)
        for name in schema.get("required", ()):
            terms[f"required .{name}", limit] = {}
        if "items" in schema:
            terms["[]", limit] = self._schema(schema["items"], limit)
        for keyword in schema.keys() - _ANNOTATIONS - _WALKED:
            terms |= self._keyword(keyword, schema[keyword], limit, choice)
        return terms

    def _keyword(self, keyword: str, value: Json, limit: Kind, choice: Kind) -> Tree:
        if keyword in {"anyOf", "oneOf"}:
            below: Tree = {}
            for at, each in enumerate(value):
                name = each.get("$ref", str(at)).rpartition("/")[2]
                below[name, choice] = self._schema(each, limit)
            return {(keyword, limit): below}
        if keyword == "additionalProperties" and isinstance(value, Mapping):
            return {(".*", limit): self._schema(value, limit)}
        if keyword == "additionalProperties":
            return {} if value else {("no other properties", limit): {}}
        if keyword.startswith("x-") or value is False:
            return {}
        if keyword.startswith(("min", "max")):
            return {(keyword, limit): value}
        return {(f"{keyword} {value}", limit): {}}

    def _merged(self, schema: Json) -> Json:
        """Resolve a reference, and merge the schemas of `allOf` into one."""
        own = dict(resolved(self._document, schema))
        for part in own.pop("allOf", ()):
            inner = self._merged(part)
            properties = {**inner.get("properties", {}), **own.get("properties", {})}
            required = [*inner.get("required", ()), *own.get("required", ())]
            own = {**inner, **own, "properties": properties, "required": required}
        return own

    def _way(self, way: Json) -> str:
        """Write the security schemes that are required together, with their definitions."""
        schemes = self._document.get("components", {}).get("securitySchemes", {})
        required = [
            f"{name} {_written(schemes[name])} {sorted(scopes)}"
            for name, scopes in sorted(way.items())
        ]
        return f"access with {' and '.join(required) or 'no key'}"


def _exact(name: str, value: Json) -> Tree:
    """Return the term that something has this value."""
    return {} if value is None else {(f"{name} {_written(value)}", Kind.AGREEMENT): {}}


def _written(value: Json) -> str:
    """Write a value without its descriptions."""
    if isinstance(value, dict):
        value = {name: _written(each) for name, each in value.items() if name != "description"}
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
