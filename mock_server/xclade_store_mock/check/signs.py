"""Recognize, from a call that Schemathesis made, which deviation of the table it may run into.

A deviation that accepts what breaks the contract must not excuse anything else in the same call:
such recognizers require that every invalid part is one that some deviation accepts.
"""

import json
import re
from collections.abc import Callable, Container
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from xclade_store_mock.check import IDEMPOTENCY_HEADER, KEY_HEADER
from xclade_store_mock.check.backend import Interaction
from xclade_store_mock.check.discovery import INITIALIZE, LIST, MANUAL_PROVIDER
from xclade_store_mock.contract import Contract
from xclade_store_mock.dialects.medusa.qs import read_query
from xclade_store_mock.jsontext import find_unstorable

_PAGING = frozenset({"limit", "offset"})
# What invalid_parts calls a parameter that qs drops, an idempotency key, and anything else.
_DROPPED, _IDEMPOTENCY_KEY, _REST = "dropped", "Idempotency-Key", "rest"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the backend: the key, the payment collections, and those with amount 0."""

    key: str
    collections: Container[str]
    contract: Contract
    free_collections: Container[str] = frozenset()


Recognizer = Callable[[Interaction, Evidence], bool]


def no_key(call: Interaction, _: Evidence) -> bool:
    """Return whether the publishable key is missing or blank."""
    return not (call.header(KEY_HEADER) or "").strip()


def other_key(call: Interaction, evidence: Evidence) -> bool:
    """Return whether the publishable key is not the one that was given."""
    return call.header(KEY_HEADER) != evidence.key


def other_method(call: Interaction, _: Evidence) -> bool:
    """Return whether the method is not the operation's."""
    return call.method != ("GET" if call.operation == LIST else "POST")


def deep_query(call: Interaction, _: Evidence) -> bool:
    """Return whether a query parameter has two dots in its name."""
    return any(name.count(".") > 1 for name, _ in _query(call))


def odd_paging(call: Interaction, evidence: Evidence) -> bool:
    """Return whether `limit` or `offset` is invalid."""
    return _is_accepted(call, evidence, _PAGING)


def negative_paging(call: Interaction, evidence: Evidence) -> bool:
    """Return whether `limit` or `offset` is negative, as JavaScript's parseInt reads it."""
    is_negative = any(name in _PAGING and re.match(r"\s*-", text) for name, text in _query(call))
    return is_negative and odd_paging(call, evidence)


def dropped_parameter(call: Interaction, evidence: Evidence) -> bool:
    """Return whether qs drops a query parameter, such as one without a name."""
    return _is_accepted(call, evidence, {_DROPPED})


def unknown_collection(call: Interaction, evidence: Evidence) -> bool:
    """Return whether the path names a payment collection that is not known to exist."""
    return call.operation == INITIALIZE and _collection(call) not in evidence.collections


def unstorable_data(call: Interaction, _: Evidence) -> bool:
    """Return whether a string in the body has a NUL or a lone surrogate."""
    return find_unstorable(_body(call)) is not None


def third_party_refusal(call: Interaction, evidence: Evidence) -> bool:
    """Return whether a third-party provider gets `data`, or an amount of 0: it may refuse both."""
    body = _body(call)
    return (
        call.operation == INITIALIZE
        and isinstance(body, dict)
        and not str(body.get("provider_id")).startswith(MANUAL_PROVIDER)
        and (bool(body.get("data")) or _collection(call) in evidence.free_collections)
    )


def malformed_idempotency_key(call: Interaction, evidence: Evidence) -> bool:
    """Return whether the idempotency key is invalid."""
    return _is_accepted(call, evidence, {_IDEMPOTENCY_KEY})


def _is_accepted(call: Interaction, evidence: Evidence, parts: Container[str]) -> bool:
    """Return whether one of these parts is invalid, and no part that no deviation accepts."""
    invalid = _invalid_parts(call, evidence.contract)
    return _REST not in invalid and any(part in parts for part in invalid)


def _invalid_parts(call: Interaction, contract: Contract) -> set[str]:
    operation = contract.operations[call.operation]
    query, parts = dict(_query(call)), set[str]()
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
    key = call.header(IDEMPOTENCY_HEADER)
    headers = {} if key is None else {_IDEMPOTENCY_KEY: key}
    if not operation.header.validator.is_valid(headers):
        parts.add(_IDEMPOTENCY_KEY)
    if operation.body is not None and not operation.body.validator.is_valid(_body(call)):
        parts.add(_REST)
    accepted = _PAGING | {_DROPPED, _IDEMPOTENCY_KEY}
    return {part if part in accepted else _REST for part in parts}


def _is_dropped(name: str) -> bool:
    return not read_query(f"{quote(name, safe='')}=1")


def _query(call: Interaction) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(call.url).query, keep_blank_values=True)


def _body(call: Interaction) -> object:
    try:
        return json.loads(call.body)
    except (ValueError, RecursionError):
        return None


def _collection(call: Interaction) -> str:
    *_, collection, _ = urlsplit(call.url).path.split("/")
    return unquote(collection)
