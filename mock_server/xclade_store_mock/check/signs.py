"""By which signs a call that somebody else made is known to be in a situation of the table."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from xclade_store_mock.check import KEY_HEADER
from xclade_store_mock.check.backend import Exchange
from xclade_store_mock.check.discovery import INITIALIZE, LIST
from xclade_store_mock.contract import Contract
from xclade_store_mock.jsontext import find_unstorable


@dataclass(frozen=True, slots=True)
class Known:
    """What signs are read against."""

    key: str
    collections: frozenset[str]
    contract: Contract


Sign = Callable[[Exchange, Known], bool]


def no_key(exchange: Exchange, _: Known) -> bool:
    """Tell whether there is no publishable key, or a blank one."""
    return not (exchange.header(KEY_HEADER) or "").strip()


def other_key(exchange: Exchange, known: Known) -> bool:
    """Tell whether the publishable key is not the one that was given."""
    return exchange.header(KEY_HEADER) != known.key


def other_method(exchange: Exchange, _: Known) -> bool:
    """Tell whether the method is not the operation's."""
    return exchange.method != ("GET" if exchange.operation == LIST else "POST")


def deep_query(exchange: Exchange, _: Known) -> bool:
    """Tell whether a query parameter has two dots in its name."""
    return any(name.count(".") > 1 for name, _ in _query(exchange))


def odd_paging(exchange: Exchange, known: Known) -> bool:
    """Tell whether nothing is wrong but `limit` or `offset`."""
    faults = _faults(exchange, known.contract)
    return exchange.operation == LIST and bool(faults) and faults <= {"limit", "offset"}


def unknown_collection(exchange: Exchange, known: Known) -> bool:
    """Tell whether the collection in the path is none that is known to exist."""
    if exchange.operation != INITIALIZE:
        return False
    *_, collection, _ = urlsplit(exchange.url).path.split("/")
    return unquote(collection) not in known.collections


def unstorable_data(exchange: Exchange, _: Known) -> bool:
    """Tell whether a string in the body has a NUL or a lone surrogate."""
    return find_unstorable(_body(exchange)) is not None


def data_for_a_third_party(exchange: Exchange, _: Known) -> bool:
    """Tell whether a third-party provider is told something that it may not take."""
    body = _body(exchange)
    return (
        exchange.operation == INITIALIZE
        and isinstance(body, dict)
        and bool(body.get("data"))
        and not str(body.get("provider_id")).startswith("pp_system_")
    )


def malformed_idempotency_key(exchange: Exchange, known: Known) -> bool:
    """Tell whether nothing is wrong but the idempotency key."""
    return _faults(exchange, known.contract) == {"Idempotency-Key"}


def _query(exchange: Exchange) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True)


def _body(exchange: Exchange) -> object:
    try:
        return json.loads(exchange.body)
    except (ValueError, RecursionError):
        return None


def _faults(exchange: Exchange, contract: Contract) -> set[str]:
    """Name what breaks the contract: parameters, `query` for one that is missing, `body`."""
    operation = contract.operations[exchange.operation]
    whole = {name for name, kind in operation.query_types.items() if kind == "integer"}
    query = {
        name: int(text) if name in whole and text.removeprefix("-").isdecimal() else text
        for name, text in _query(exchange)
    }
    headers = {
        name: value
        for name in operation.header_names
        if (value := exchange.header(name.lower())) is not None
    }
    errors = (*operation.query.iter_errors(query), *operation.header.iter_errors(headers))
    faults = {str(error.instance_path[0]) if error.instance_path else "query" for error in errors}
    if operation.body is not None and not operation.body.is_valid(_body(exchange)):
        faults.add("body")
    return faults
