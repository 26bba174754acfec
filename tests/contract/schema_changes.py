"""Compare two schemas: whether the second allows more, or less, than the first.

Allowing less breaks senders of such a value; allowing more breaks receivers.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

Json = Any
Schema = Mapping[str, Json]


class Direction(StrEnum):
    """Whether a value is sent to the store or by the store."""

    REQUEST = "request"
    RESPONSE = "response"


class Change(NamedTuple):
    """A change of the contract, and whether it breaks clients."""

    text: str
    breaks: bool


_ANNOTATIONS = frozenset(
    {"title", "description", "example", "examples", "externalDocs", "deprecated", "default", "xml"}
)
_WALKED = frozenset(
    {"properties", "required", "items", "additionalProperties", "anyOf", "oneOf", "enum"}
)
_LOWEST = frozenset({"minLength", "minimum", "minItems", "minProperties"})
_HIGHEST = frozenset({"maxLength", "maximum", "maxItems", "maxProperties"})
_FALSE_IF_ABSENT = frozenset({"nullable", "uniqueItems", "exclusiveMinimum", "exclusiveMaximum"})


class SchemaChanges:
    """Compares the schemas of two documents, in one direction."""

    def __init__(self, old: Json, new: Json, direction: Direction) -> None:
        self._old = old
        self._new = new
        self._direction = direction

    def compare(self, place: str, old: Schema, new: Schema) -> Iterator[Change]:
        """Yield the changes of a schema and of its subschemas."""
        old, new = merged(self._old, old), merged(self._new, new)
        yield from self._types(place, old, new)
        yield from self._enums(place, old.get("enum"), new.get("enum"))
        yield from self._properties(place, old, new)
        yield from self._additional(place, old, new)
        yield from self._alternatives(place, old, new)
        if "items" in old and "items" in new:
            yield from self.compare(f"{place}[]", old["items"], new["items"])
        yield from self._keywords(place, old, new)
        if old.get("default") != new.get("default"):
            yield Change(f"{place}: the default was {old.get('default')!r}", breaks=True)

    def _more(self, text: str) -> Change:
        return Change(text, breaks=self._direction is Direction.RESPONSE)

    def _less(self, text: str) -> Change:
        return Change(text, breaks=self._direction is Direction.REQUEST)

    def _types(self, place: str, old: Schema, new: Schema) -> Iterator[Change]:
        was, is_ = old.get("type"), new.get("type")
        text = f"{place}: the type was {was or 'any'}, and is {is_ or 'any'}"
        if is_ is None or (was, is_) == ("integer", "number"):
            yield from [] if was is None else [self._more(text)]
        elif was is None or (was, is_) == ("number", "integer"):
            yield self._less(text)
        elif was != is_:
            yield Change(text, breaks=True)

    def _enums(
        self, place: str, old: list[Json] | None, new: list[Json] | None
    ) -> Iterator[Change]:
        if old is None and new is not None:
            yield self._less(f"{place}: only these values are allowed: {new}")
        elif old is not None and new is None:
            yield self._more(f"{place}: any value is allowed")
        elif old is not None and new is not None:
            for value in old:
                if value not in new:
                    yield self._less(f"{place}: the value {value!r} is gone")
            for value in new:
                if value not in old:
                    yield self._more(f"{place}: the value {value!r} is new")

    def _properties(self, place: str, old: Schema, new: Schema) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in before.keys() - after.keys():
            yield Change(f"{place}.{name} is gone", breaks=True)
        for name in after.keys() - before.keys():
            yield Change(f"{place}.{name} is new", breaks=False)
        for name in before.keys() & after.keys():
            yield from self.compare(f"{place}.{name}", before[name], after[name])
        was, is_ = set(old.get("required", ())), set(new.get("required", ()))
        for name in is_ - was:
            yield self._less(f"{place}.{name} is now required")
        for name in was - is_:
            yield self._more(f"{place}.{name} is no longer required")

    def _additional(self, place: str, old: Schema, new: Schema) -> Iterator[Change]:
        was, is_ = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if isinstance(was, Mapping) and isinstance(is_, Mapping):
            yield from self.compare(f"{place}.*", was, is_)
        elif was != is_ and (is_ is True or was is False):
            yield self._more(f"{place}: other properties are now allowed")
        elif was != is_:
            yield self._less(f"{place}: other properties are no longer allowed")

    def _alternatives(self, place: str, old: Schema, new: Schema) -> Iterator[Change]:
        for keyword in ("anyOf", "oneOf"):
            before, after = _named(old.get(keyword, ())), _named(new.get(keyword, ()))
            for name in before.keys() - after.keys():
                yield self._less(f"{place}: the alternative {name} is gone")
            for name in after.keys() - before.keys():
                yield self._more(f"{place}: the alternative {name} is new")
            for name in before.keys() & after.keys():
                yield from self.compare(place, before[name], after[name])

    def _keywords(self, place: str, old: Schema, new: Schema) -> Iterator[Change]:
        for keyword in sorted((old.keys() | new.keys()) - _ANNOTATIONS - _WALKED - {"type"}):
            absent = False if keyword in _FALSE_IF_ABSENT else None
            was, is_ = old.get(keyword, absent), new.get(keyword, absent)
            if was == is_ or keyword.startswith("x-"):
                continue
            text = f"{place}: {keyword} was {_shown(was)}, and is {_shown(is_)}"
            if keyword == "nullable":
                yield (
                    self._more(f"{place} can now be null")
                    if is_
                    else self._less(f"{place} can no longer be null")
                )
            elif is_ is None or is_ is False:
                yield self._more(text)
            elif was is None or was is False:
                yield self._less(text)
            elif keyword in _LOWEST | _HIGHEST:
                yield self._more(text) if (is_ < was) == (keyword in _LOWEST) else self._less(text)
            else:
                yield Change(text, breaks=True)


def resolved(document: Json, part: Json) -> Json:
    """Resolve a reference."""
    if "$ref" not in part:
        return part
    found = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return resolved(document, found)


def merged(document: Json, schema: Schema) -> Schema:
    """Resolve a reference, and merge the schemas of `allOf` into one."""
    own = dict(resolved(document, schema))
    for part in own.pop("allOf", ()):
        inner = merged(document, part)
        own = {
            **inner,
            **own,
            "properties": {**inner.get("properties", {}), **own.get("properties", {})},
            "required": [*inner.get("required", ()), *own.get("required", ())],
        }
    return own


def _named(alternatives: list[Schema]) -> dict[str, Schema]:
    """Return alternatives by the name of their reference, or else by index."""
    return {
        each.get("$ref", f"#{place}").rpartition("/")[2]: each
        for place, each in enumerate(alternatives, 1)
    }


def _shown(value: Json) -> str:
    return "nothing" if value is None else repr(value)
