"""Query parameters as Medusa validates them, in its words.

Recorded: `query/*`, `pp/*`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from xclade_store_mock import jsontext
from xclade_store_mock.dialects.medusa import qs
from xclade_store_mock.errors import (
    InvalidData,
    QueryKeyTooDeep,
    RegionMissing,
    UnknownFailure,
    Violation,
)

# In the order in which the backend checks them.
_KNOWN: Mapping[str, tuple[str, ...]] = {
    "list_payment_providers": (
        "fields",
        "offset",
        "limit",
        "order",
        "with_deleted",
        "region_id",
    ),
    "create_payment_collection": ("fields",),
    "initialize_payment_session": ("fields",),
}
_DEFAULTS: Mapping[str, int] = {"limit": 20, "offset": 0}
_LEADING_INTEGER = re.compile(r"\s*([-+]?[0-9]+)")
_ABSENT = object()
_SAFE_INTEGER = 2**53 - 1
_MOST_DIGITS = 20


def read_query(operation_id: str, query_string: str) -> dict[str, Any]:
    """Return the parameters of an operation by name.

    Raises InvalidData, RegionMissing, QueryKeyTooDeep or UnknownFailure.
    """
    query = _normalize(qs.read_query(query_string))
    violations = [*_violations(operation_id, query)]
    if violations:
        raise InvalidData.of(violations)
    if operation_id != "list_payment_providers":
        return query
    _check_list(query)
    paging = {name: _integer(query.get(name, default)) for name, default in _DEFAULTS.items()}
    if min(paging.values()) < 0:
        raise UnknownFailure
    return {**query, **paging}


def _normalize(query: Mapping[str, Any]) -> dict[str, Any]:
    """Remove `locale`, unpack lists of one item, and read a dot as a step into an object."""
    normal: dict[str, Any] = {}
    for key, value in query.items():
        if key == "locale" and value:
            continue
        unpacked = value[0].split(",") if _is_single(value) else value
        parent, dot, child = key.partition(".")
        if not dot:
            normal[key] = unpacked
        elif "." in child:
            raise QueryKeyTooDeep(key)
        else:
            earlier = normal.get(parent)
            normal[parent] = {**(earlier if isinstance(earlier, dict) else {}), child: unpacked}
    return normal


def _is_single(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1 and isinstance(value[0], str)


def _violations(operation_id: str, query: Mapping[str, Any]) -> Iterator[Violation]:
    known = _KNOWN[operation_id]
    for name in known:
        value = query.get(name, _ABSENT)
        if value is _ABSENT:
            if name == "region_id":
                yield Violation(("query",), "required", "Field 'region_id' is required")
        elif not _is_type(name, value):
            message = (
                f"Expected type: '{_type_name(name)}' for field '{name}',"
                f" got: '{jsontext.javascript_text(value)}'"
            )
            yield Violation(("query", name), "type", message)
    unknown = [name for name in jsontext.javascript_keys(query) if name not in known]
    if unknown:
        message = f"Unrecognized fields: '{', '.join(unknown)}'"
        yield Violation(("query",), "additionalProperties", message)


def _type_name(name: str) -> str:
    return {"limit": "number", "offset": "number", "with_deleted": "boolean"}.get(name, "string")


def _is_type(name: str, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    match _type_name(name):
        case "number":
            return _LEADING_INTEGER.match(value) is not None
        case "boolean":
            return value in {"true", "false"}
        case _:
            return True


def _integer(value: str | int) -> int:
    """Return the whole number at the start of a text, as JavaScript's parseInt does."""
    found = _LEADING_INTEGER.match(str(value))
    return min(int(found[1][:_MOST_DIGITS]), _SAFE_INTEGER) if found else 0


def _check_list(values: Mapping[str, Any]) -> None:
    order = values.get("order")
    if order is not None:
        name = order.removeprefix("-")
        if name not in {"id", "is_enabled"}:
            message = f"Order field {name} is not valid"
            raise InvalidData(message)
        # The backend sorts by a column of another table, which only has the id.
        if name != "id":
            raise UnknownFailure
    if values["region_id"] == "":
        raise RegionMissing
    if "\0" in values["region_id"]:
        raise UnknownFailure
