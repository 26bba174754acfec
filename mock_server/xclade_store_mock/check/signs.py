"""Recognize, from a call that Schemathesis made, which deviation of the table it may run into.

A deviation that accepts what breaks the contract must not excuse anything else in the same call:
such recognizers require that every invalid part is one that some deviation accepts.
"""

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from xclade_store_mock.check import IDEMPOTENCY_KEY, KEY_HEADER
from xclade_store_mock.check.calls import INITIALIZE, LIST, MANUAL_PROVIDER, Interaction
from xclade_store_mock.contract import Contract
from xclade_store_mock.dialects.medusa.queries import parse_query
from xclade_store_mock.jsontext import find_unstorable

_PAGING = frozenset({"limit", "offset"})
# What _invalid_parts calls a parameter that qs drops, and what no deviation accepts.
_DROPPED, _REST = "dropped", "rest"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the backend: the key, the payment collections, and those with amount 0."""

    key: str
    collections: Container[str]
    contract: Contract
    free_collections: Container[str] = frozenset()


def _has_invalid(parts: Container[str], call: Interaction, evidence: Evidence) -> bool:
    """Return whether one of these parts is invalid, and no part that no deviation accepts."""
    invalid = _invalid_parts(call, evidence.contract)
    return _REST not in invalid and any(part in parts for part in invalid)


def _invalid_parts(call: Interaction, contract: Contract) -> set[str]:
    operation = contract.operations[call.operation]
    query, parts = dict(call.query), set[str]()
    for name in [name for name in query if _is_dropped(name)]:
        del query[name]
        parts.add(_DROPPED)
    typed = {
        name: int(text)
        if operation.query.fields.get(name, {}).get("type") == "integer"
        and re.fullmatch("-?[0-9]+", text)
        else text
        for name, text in query.items()
    }
    for error in operation.query.validator.iter_errors(typed):
        parts.add(str(error.instance_path[0]) if error.instance_path else _REST)
    key = call.header(IDEMPOTENCY_KEY)
    headers = {} if key is None else {IDEMPOTENCY_KEY: key}
    if not operation.header.validator.is_valid(headers):
        parts.add(IDEMPOTENCY_KEY)
    if operation.body is not None and not operation.body.validator.is_valid(call.document):
        parts.add(_REST)
    accepted = _PAGING | {_DROPPED, IDEMPOTENCY_KEY}
    return {part if part in accepted else _REST for part in parts}


def _is_dropped(name: str) -> bool:
    return not parse_query(f"{quote(name, safe='')}=1")


def _collection(call: Interaction) -> str:
    *_, collection, _ = urlsplit(call.url).path.split("/")
    return unquote(collection)


def _has_odd_paging(call: Interaction, evidence: Evidence) -> bool:
    return _has_invalid(_PAGING, call, evidence)


def _has_negative_paging(call: Interaction, evidence: Evidence) -> bool:
    """Return whether `limit` or `offset` is negative, as JavaScript's parseInt reads it."""
    is_negative = any(name in _PAGING and re.match(r"\s*-", text) for name, text in call.query)
    return is_negative and _has_odd_paging(call, evidence)


def _may_be_refused(call: Interaction, evidence: Evidence) -> bool:
    """Return whether a third-party provider gets `data`, or an amount of 0: it may refuse both."""
    body = call.document
    return (
        call.operation == INITIALIZE
        and isinstance(body, dict)
        and not str(body.get("provider_id")).startswith(MANUAL_PROVIDER)
        and (bool(body.get("data")) or _collection(call) in evidence.free_collections)
    )


def _names_unknown_collection(call: Interaction, evidence: Evidence) -> bool:
    return call.operation == INITIALIZE and _collection(call) not in evidence.collections


SIGNS: Mapping[str, Callable[[Interaction, Evidence], bool]] = {
    "PublishableKeyMissing": lambda call, _: not (call.header(KEY_HEADER) or "").strip(),
    "PublishableKeyInvalid": lambda call, known: call.header(KEY_HEADER) != known.key,
    "MethodNotAllowed": lambda call, _: (
        call.method != ("GET" if call.operation == LIST else "POST")
    ),
    "QueryKeyTooDeep": lambda call, _: any(name.count(".") > 1 for name, _ in call.query),
    "query": lambda call, known: _has_invalid({_DROPPED}, call, known),
    "paging": _has_odd_paging,
    "negative-paging": _has_negative_paging,
    "CollectionNotFound": _names_unknown_collection,
    "unstorable-data": lambda call, _: find_unstorable(call.document) is not None,
    "ProviderRefused": _may_be_refused,
    "idempotency-key": lambda call, known: _has_invalid({IDEMPOTENCY_KEY}, call, known),
}
"""How to recognize the situation of a row, by its id, from a call and what is known."""
