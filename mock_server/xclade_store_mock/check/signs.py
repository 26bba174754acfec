"""Recognize, from a call that Schemathesis made, which deviation of the table it may run into.

A deviation that accepts what violates the contract must not excuse anything else in the same call:
such recognizers require that some deviation accepts every invalid part.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from xclade_store_mock.check import IDEMPOTENCY_KEY, KEY_HEADER
from xclade_store_mock.check.calls import INITIALIZE, LIST, MANUAL_PROVIDER, Interaction
from xclade_store_mock.contract import Contract, Operation
from xclade_store_mock.contract.violations import check, check_query
from xclade_store_mock.dialects import MEDUSA
from xclade_store_mock.errors import InvalidData, Refusal, UnknownFailure, Violation
from xclade_store_mock.jsontext import find_unstorable

_PAGING = {("query", "limit"), ("query", "offset")}
_KEY = ("header", IDEMPOTENCY_KEY.lower())


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the backend: the key, the payment collections, and those with amount 0."""

    key: str
    collections: Container[str]
    contract: Contract
    free_collections: Container[str] = frozenset()


def find_violations(call: Interaction, operation: Operation) -> list[Violation]:
    """Return how a request violates the contract."""
    found: list[Violation] = []
    key, document, body = call.header(IDEMPOTENCY_KEY), call.document, operation.body
    parts: list[Callable[[], object]] = [
        lambda: check_query(operation.query, call.query),
        lambda: check(operation.header, {} if key is None else {IDEMPOTENCY_KEY: key}),
    ]
    fault = find_unstorable(document) if isinstance(document, dict) else "is not a JSON object"
    if body is not None and fault is not None:
        found.append(Violation(("body",), "type", f"the body {fault}"))
    elif body is not None:
        parts.append(lambda: check(body, document))
    for require in parts:
        try:
            require()
        except InvalidData as refusal:
            found += refusal.violations
    return found


def _invalid_parts(call: Interaction, evidence: Evidence) -> set[tuple[str, ...]]:
    """Return where a request violates the contract; nothing if that is in the body, too.

    No deviation accepts an invalid body, and it is refused before the query is read.
    """
    operation = evidence.contract.operations[call.operation]
    found = {each.location for each in find_violations(call, operation)}
    return found if all(part != "body" for part, *_ in found) else set()


def _query_refusal(call: Interaction, evidence: Evidence) -> Refusal | None:
    """Return the error that Medusa's way to read the query ends in; None if it accepts it."""
    operation = evidence.contract.operations[call.operation]
    query = urlsplit(call.url).query.encode("latin-1", errors="replace")
    try:
        MEDUSA.read_query(operation, {"query_string": query}, {})
    except Refusal as refusal:
        return refusal
    return None


def _has_odd_query(call: Interaction, evidence: Evidence) -> bool:
    parts = _invalid_parts(call, evidence) - _PAGING - {_KEY}
    return bool(parts) and _query_refusal(call, evidence) is None


def _has_odd_paging(call: Interaction, evidence: Evidence) -> bool:
    parts = _invalid_parts(call, evidence) & _PAGING
    return bool(parts) and _query_refusal(call, evidence) is None


def _has_negative_paging(call: Interaction, evidence: Evidence) -> bool:
    parts = _invalid_parts(call, evidence) & _PAGING
    return bool(parts) and isinstance(_query_refusal(call, evidence), UnknownFailure)


def _has_odd_key(call: Interaction, evidence: Evidence) -> bool:
    parts = _invalid_parts(call, evidence)
    return _KEY in parts and _query_refusal(call, evidence) is None


def _collection(call: Interaction) -> str:
    *_, collection, _ = urlsplit(call.url).path.split("/")
    return unquote(collection)


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
    "options": lambda call, _: call.method == "OPTIONS",
    "QueryKeyTooDeep": lambda call, _: any(name.count(".") > 1 for name, _ in call.query),
    "query": _has_odd_query,
    "paging": _has_odd_paging,
    "negative-paging": _has_negative_paging,
    "CollectionNotFound": _names_unknown_collection,
    "unstorable-data": lambda call, _: find_unstorable(call.document) is not None,
    "ProviderRefused": _may_be_refused,
    "idempotency-key": _has_odd_key,
}
"""How to recognize the situation of a row, by its id, from a call and what is known."""
