"""Query parameters as the library qs parses them and Medusa validates them, in its words.

Recorded: `query/*`, `pp/*`. Forms are parsed by qs, too.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from xclade_store_mock import errors, jsontext
from xclade_store_mock.errors import InvalidData, UnknownFailure, Violation

# In the order in which the backend checks them.
_KNOWN: Mapping[str, tuple[str, ...]] = {
    "list_payment_providers": ("fields", "offset", "limit", "order", "with_deleted", "region_id"),
    "create_payment_collection": ("fields",),
    "initialize_payment_session": ("fields",),
}
_PAGING: Mapping[str, str] = {"limit": "20", "offset": "0"}
# What JavaScript's parseInt reads.
_INTEGER = re.compile(rf"[{jsontext.WHITE_SPACE}]*([-+]?)(?:0[xX]([0-9a-fA-F]+)|(?!0[xX])([0-9]+))")
_ABSENT = object()
# An index into a list.
_INDEX = re.compile(r"(?<=[^\[])\[(0|[1-9][0-9]{0,8})\]")
_SAFE_INTEGER = 2**53 - 1
_MOST_DIGITS = 20
_FORM_PARAMETERS = 1000
_FORM_DEPTH = 32
_FORM_LIST = 100
# What every JavaScript object has: qs drops a query parameter of such a name.
_INHERITED = frozenset(
    {
        "__defineGetter__",
        "__defineSetter__",
        "__lookupGetter__",
        "__lookupSetter__",
        "__proto__",
        "constructor",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "toString",
        "valueOf",
    }
)


def read_query(operation_id: str, query_string: str) -> dict[str, Any]:
    """Return the parameters of an operation by name.

    Raises InvalidData, RegionMissing, QueryKeyTooDeep or UnknownFailure.
    """
    query = _normalize(parse_query(query_string))
    violations = [*_violations(operation_id, query)]
    if violations:
        raise InvalidData.of(violations)
    if operation_id != "list_payment_providers":
        return query
    _check_list(query)
    paging = {name: _integer(query.get(name, default)) for name, default in _PAGING.items()}
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
            raise errors.QueryKeyTooDeep(key)
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
            return _INTEGER.match(value) is not None
        case "boolean":
            return value in {"true", "false"}
        case _:
            return True


def _integer(text: str) -> int:
    """Return the whole number at the start of a text, which has one."""
    found = _INTEGER.match(text)
    if found is None:
        raise ValueError(text)
    sign, hexadecimal, decimal = found.groups()
    digits, base = (hexadecimal, 16) if hexadecimal else (decimal, 10)
    return min(int(f"{sign}{digits[:_MOST_DIGITS]}", base), _SAFE_INTEGER)


def _check_list(values: Mapping[str, Any]) -> None:
    order = values.get("order")
    if order is not None:
        name = order.removeprefix("-")
        if name not in {"id", "is_enabled"}:
            raise InvalidData(f"Order field {name} is not valid")
        # The backend sorts by a column of another table, which only has the id.
        if name != "id":
            raise UnknownFailure
    # Medusa's removeUndefinedProperties takes the text for the value.
    if values["region_id"] in {"", "null"}:
        raise errors.RegionMissing
    if "\0" in values["region_id"]:
        raise UnknownFailure


def parse_query(query: str) -> Any:
    """Parse a query string into an object, as qs with an unlimited `arrayLimit` (`query/*`)."""
    parameters = [*_parameters(query)]
    large = {int(index) for name, _ in parameters for index in _INDEX.findall(name)}
    # qs closes the gaps in a list, so a large index need only be behind all others.
    ranks = {index: rank for rank, index in enumerate(sorted(large), len(parameters))}

    def shorten(found: re.Match[str]) -> str:
        index = int(found[1])
        return f"[{min(index, ranks[index])}]"

    shortened = [
        f"{name if name.startswith('[]') else _INDEX.sub(shorten, name)}{value}"
        for name, value in parameters
    ]
    limit = 2 * len(parameters) + len(ranks) + 1
    return _without(_decode(shortened, list_limit=limit), _INHERITED)


def _parameters(query: str) -> Iterator[tuple[str, str]]:
    """Yield names and values, without the blanks of a name that has become a list or an object."""
    brackets = re.sub("%5[bB]", "[", re.sub("%5[dD]", "]", query))
    parameters = [*map(_split, brackets.split("&"))]
    names = Counter(name for name, _ in parameters)
    filled: set[str] = set()
    for name, value in parameters:
        if name not in filled or value not in {"", "="} or names[name] > 1:
            yield name, value
        parent, bracket, _ = name.partition("[")
        if bracket:
            filled.add(parent)


def _split(parameter: str) -> tuple[str, str]:
    """Return a parameter's name, and the rest; an equals sign in brackets belongs to the name."""
    end = parameter.find("]=") + 1 or parameter.find("=")
    return (parameter, "") if end < 0 else (parameter[:end], parameter[end:])


def parse_form(text: str) -> Any:
    """Parse a form body (`ctype/form*`); raise BodyTooLarge or NotJson beyond its limits."""
    parameters = text.count("&") + 1
    if parameters > _FORM_PARAMETERS:
        raise errors.BodyTooLarge("too many parameters")
    try:
        form = _decode(
            map("".join, _parameters(text)),
            depth=_FORM_DEPTH,
            strict_depth=True,
            parameter_limit=_FORM_PARAMETERS,
            list_limit=max(_FORM_LIST, parameters),
        )
    except IndexError as error:
        raise errors.NotJson("The input exceeded the depth") from error
    return _without(form, frozenset({"__proto__"}))


def _decode(parameters: Iterable[str], **options: Any) -> Any:
    # Imported late: the documented dialect does not need it.
    from qs_codec import DecodeOptions, decode  # noqa: PLC0415

    return decode("&".join(parameters), DecodeOptions(decoder=_unescape, **options))


def _unescape(text: str | None, *_: Any) -> str | None:
    """Decode percent-encoding; malformed text stays as it is (`query/bad-pct`)."""
    if text is None:
        return None
    spaced = text.replace("+", " ")
    if re.search(r"%(?![0-9A-Fa-f]{2})", spaced):
        return spaced
    try:
        return unquote(spaced, errors="strict")
    except UnicodeDecodeError:
        return spaced


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, names) for key, item in value.items() if key not in names}
    if isinstance(value, list):
        return [_without(item, names) for item in value]
    return value
