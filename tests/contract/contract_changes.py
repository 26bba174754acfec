"""Compare two contracts, and check that the version number reflects the changes."""

import json
from collections.abc import Iterator
from typing import Any

from tests.contract.schema_changes import Change, Direction, SchemaChanges, resolved

Json = Any

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def changes(old: Json, new: Json) -> list[Change]:
    """Return the changes from one contract to the next, breaking ones first."""
    found = {*_Comparison(old, new).changes()}
    return sorted(found, key=lambda change: (not change.breaks, change.text))


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


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


class _Comparison:
    def __init__(self, old: Json, new: Json) -> None:
        self._old = old
        self._new = new
        self._requests = SchemaChanges(old, new, Direction.REQUEST)
        self._responses = SchemaChanges(old, new, Direction.RESPONSE)

    def changes(self) -> Iterator[Change]:
        before, after = _operations(self._old), _operations(self._new)
        for key in before.keys() - after.keys():
            yield Change(f"operation {key} is gone", breaks=True)
        for key in after.keys() - before.keys():
            yield Change(f"operation {key} is new", breaks=False)
        for key in before.keys() & after.keys():
            yield from self._operation(key, before[key], after[key])
        yield from _servers(self._old, self._new)

    def _operation(self, key: str, old: Json, new: Json) -> Iterator[Change]:
        name = old["operationId"]
        if name != new["operationId"]:
            yield Change(f"operation {key}: {name} is now {new['operationId']}", breaks=True)
        yield from self._parameters(name, old, new)
        yield from self._bodies(name, old.get("requestBody"), new.get("requestBody"))
        yield from self._security(name, old, new)
        before, after = old["responses"], new["responses"]
        for status in before.keys() - after.keys():
            yield Change(f"{name}: the response {status} is gone", breaks=True)
        for status in after.keys() - before.keys():
            # Clients handle an unknown error status as an error.
            breaks = status[0] not in "45"
            yield Change(f"{name}: the response {status} is new", breaks=breaks)
        for status in before.keys() & after.keys():
            yield from self._response(f"{name} {status}", before[status], after[status])

    def _parameters(self, name: str, old: Json, new: Json) -> Iterator[Change]:
        before, after = _parameters(self._old, old), _parameters(self._new, new)
        for key in before.keys() - after.keys():
            yield Change(f"{name}: the parameter {key} is gone", breaks=True)
        for key, added in after.items():
            if key not in before:
                required = added.get("required", False)
                text = f"{name}: the {'required ' if required else ''}parameter {key} is new"
                yield Change(text, breaks=required)
        for key in before.keys() & after.keys():
            was, is_ = before[key], after[key]
            place = f"{name}: the parameter {key}"
            yield from _required(place, was, is_)
            for keyword in ("style", "explode", "allowReserved", "allowEmptyValue", "content"):
                if was.get(keyword) != is_.get(keyword):
                    yield Change(f"{place} is serialized differently: {keyword}", breaks=True)
            yield from self._requests.compare(place, was.get("schema", {}), is_.get("schema", {}))

    def _bodies(self, name: str, old: Json, new: Json) -> Iterator[Change]:
        before, after = resolved(self._old, old or {}), resolved(self._new, new or {})
        place = f"{name}: the request body"
        yield from _required(place, before, after)
        was, is_ = before.get("content", {}), after.get("content", {})
        for media_type in was.keys() - is_.keys():
            yield Change(f"{place} can no longer be {media_type}", breaks=True)
        for media_type in is_.keys() - was.keys():
            yield Change(f"{place} can be {media_type}", breaks=False)
        for media_type in was.keys() & is_.keys():
            before, after = was[media_type]["schema"], is_[media_type]["schema"]
            yield from self._requests.compare(f"{name} body", before, after)

    def _response(self, place: str, old: Json, new: Json) -> Iterator[Change]:
        before, after = resolved(self._old, old), resolved(self._new, new)
        was, is_ = before.get("content", {}), after.get("content", {})
        for media_type in was.keys() - is_.keys():
            yield Change(f"{place} is no longer {media_type}", breaks=True)
        for media_type in is_.keys() - was.keys():
            yield Change(f"{place} can now be {media_type}", breaks=True)
        for media_type in was.keys() & is_.keys():
            yield from self._responses.compare(
                place, was[media_type]["schema"], is_[media_type]["schema"]
            )
        yield from self._headers(place, before.get("headers", {}), after.get("headers", {}))
        for name, link in before.get("links", {}).items():
            if _plain(link) != _plain(after.get("links", {}).get(name, {})):
                yield Change(f"{place}: the link {name} is gone or changed", breaks=True)
        for name in after.get("links", {}).keys() - before.get("links", {}).keys():
            yield Change(f"{place}: the link {name} is new", breaks=False)

    def _headers(self, place: str, old: Json, new: Json) -> Iterator[Change]:
        for name in old.keys() - new.keys():
            yield Change(f"{place}: the header {name} is gone", breaks=True)
        for name in new.keys() - old.keys():
            yield Change(f"{place}: the header {name} is new", breaks=False)
        for name in old.keys() & new.keys():
            was, is_ = resolved(self._old, old[name]), resolved(self._new, new[name])
            header = f"{place}: the header {name}"
            if was.get("required", False) and not is_.get("required", False):
                yield Change(f"{header} is no longer required", breaks=True)
            yield from self._responses.compare(header, was["schema"], is_["schema"])

    def _security(self, name: str, old: Json, new: Json) -> Iterator[Change]:
        """Compare the ways to authenticate; one that requires less than an old one replaces it."""
        before, after = _ways(self._old, old), _ways(self._new, new)
        for way in before:
            if not any(other <= way for other in after):
                yield Change(f"{name}: {_way(way)} no longer grants access", breaks=True)
        for way in after:
            if not any(other <= way for other in before):
                yield Change(f"{name}: {_way(way)} grants access", breaks=False)


def _operations(document: Json) -> dict[str, Json]:
    return {
        f"{method.upper()} {path}": {
            **item[method],
            "parameters": [*item.get("parameters", ()), *item[method].get("parameters", ())],
        }
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }


def _parameters(document: Json, operation: Json) -> dict[str, Json]:
    """Return the parameters by name; the names of headers ignore case."""
    found = [resolved(document, each) for each in operation["parameters"]]
    return {
        f"{each['in']} {each['name'].lower() if each['in'] == 'header' else each['name']}": each
        for each in found
    }


def _required(place: str, old: Json, new: Json) -> Iterator[Change]:
    was, is_ = old.get("required", False), new.get("required", False)
    if is_ and not was:
        yield Change(f"{place} is now required", breaks=True)
    elif was and not is_:
        yield Change(f"{place} is no longer required", breaks=False)


def _plain(part: Json) -> Json:
    return {name: value for name, value in part.items() if name != "description"}


Way = frozenset[tuple[str, str]]
"""Security schemes that are required together, each with its definition."""


def _ways(document: Json, operation: Json) -> list[Way]:
    schemes = document.get("components", {}).get("securitySchemes", {})
    return [
        frozenset(
            (name, json.dumps([_plain(schemes[name]), sorted(scopes)], sort_keys=True))
            for name, scopes in way.items()
        )
        for way in operation.get("security", document.get("security")) or [{}]
    ]


def _way(way: Way) -> str:
    return " with ".join(sorted(name for name, _ in way)) or "no key"


def _servers(old: Json, new: Json) -> Iterator[Change]:
    before, after = (
        {
            each["url"]: {name: _plain(value) for name, value in each.get("variables", {}).items()}
            for each in document.get("servers", ())
        }
        for document in (old, new)
    )
    for url in before.keys() - after.keys():
        yield Change(f"the server {url} is gone", breaks=True)
    for url in after.keys() - before.keys():
        yield Change(f"the server {url} is new", breaks=False)
    for url in before.keys() & after.keys():
        if before[url] != after[url]:
            yield Change(f"the server {url} has other variables", breaks=True)
