"""Random values that a schema of the contract allows: what Prism calls a dynamic response.

Only the keywords that the contract's responses use are known. Any other is refused when the server
starts, since values made without knowing it could violate it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from string import ascii_lowercase
from typing import Any

Make = Callable[[Random], Any]

_ANNOTATIONS = frozenset({"description", "example"})
_OBJECT = frozenset({"type", "required", "properties"})
_OFTEN = 0.75
_MOST_ITEMS = 3
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
_SPAN = timedelta(days=2_000)


class UnknownKeywords(Exception):
    """A schema has keywords that random values could violate."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        super().__init__(f"contract/dynamic.py does not know all keywords of this schema: {schema}")


def compile_dynamic(schema: Mapping[str, Any]) -> Make:
    """Return a function that makes values for a schema; raise UnknownKeywords.

    The schema includes the `components` that it refers to. The same random numbers make the same
    value.
    """
    components = schema["components"]["schemas"]
    alone = {name: part for name, part in schema.items() if name != "components"}
    return _Compiler(components).compile(alone)


class _Compiler:
    def __init__(self, components: Mapping[str, Any]) -> None:
        self._components = components

    def compile(self, schema: Mapping[str, Any]) -> Make:
        match _without_annotations(schema):
            case {"$ref": _, **others} if not others:
                return self.compile(self._resolve(schema))
            case {"anyOf": schemas, **others} if not others:
                makes = [self.compile(each) for each in schemas]
                return lambda random: random.choice(makes)(random)
            case {"allOf": schemas, **others} if not others:
                return self._compile_object(self._merge(schemas))
            case {"enum": values, "type": _, **others} if not others:
                return lambda random: random.choice(values)
            case {"type": [kind, "null"], **others}:
                make = self.compile({"type": kind, **others})
                return lambda random: make(random) if random.random() < _OFTEN else None
            case typed:
                return self._compile_typed(typed)

    def _compile_typed(self, schema: Mapping[str, Any]) -> Make:
        match schema:
            case {"type": "object"}:
                return self._compile_object(schema)
            case {"type": "array", "items": items, **others} if not others:
                make = self.compile(items)
                return lambda random: [make(random) for _ in range(random.randint(0, _MOST_ITEMS))]
        for scalar, make in _SCALARS:
            if scalar == schema:
                return make
        raise UnknownKeywords(schema)

    def _compile_object(self, schema: Mapping[str, Any]) -> Make:
        is_open = schema.get("additionalProperties", False)
        required = frozenset(schema.get("required", ()))
        makes = {name: self.compile(each) for name, each in schema.get("properties", {}).items()}
        is_known = schema.keys() <= {*_OBJECT, "additionalProperties"}
        if not (is_known and isinstance(is_open, bool) and required <= makes.keys()):
            raise UnknownKeywords(schema)

        def make_object(random: Random) -> dict[str, Any]:
            added = random.randint(0, _MOST_ITEMS) if is_open else 0
            return {_word(random): _text(random) for _ in range(added)} | {
                name: make(random)
                for name, make in makes.items()
                if name in required or random.random() < _OFTEN
            }

        return make_object

    def _merge(self, schemas: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Combine schemas that each describe a part of an object."""
        properties: dict[str, Any] = {}
        required: list[str] = []
        for part in map(_without_annotations, map(self._resolve, schemas)):
            described = part.get("properties", {})
            is_object = part.get("type", "object") == "object" and part.keys() <= _OBJECT
            if not is_object or described.keys() & properties.keys():
                raise UnknownKeywords(part)
            properties |= described
            required += part.get("required", ())
        return {"type": "object", "properties": properties, "required": required}

    def _resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in schema:
            return schema
        name = schema["$ref"].removeprefix("#/components/schemas/")
        return self._components[name]  # type: ignore[no-any-return]  # a schema


def _without_annotations(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: part
        for name, part in schema.items()
        if name not in _ANNOTATIONS and not name.startswith("x-")
    }


def _word(random: Random) -> str:
    return "".join(random.choices(ascii_lowercase, k=random.randint(3, 9)))


def _text(random: Random) -> str:
    return " ".join(_word(random) for _ in range(random.randint(1, 3)))


def _timestamp(random: Random) -> str:
    moment = _BEGINNING + random.random() * _SPAN
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_SCALARS: Sequence[tuple[Mapping[str, str], Make]] = (
    ({"type": "string"}, _text),
    ({"type": "string", "format": "date-time"}, _timestamp),
    ({"type": "number"}, lambda random: random.randrange(1_000_000) / 100),
    ({"type": "integer"}, lambda random: random.randrange(1_000)),
    ({"type": "boolean"}, lambda random: random.random() < 1 / 2),
)
