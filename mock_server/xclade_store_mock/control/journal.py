"""The journal: the latest requests to the Store API and their responses, without secrets."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Scope

from xclade_store_mock.contract import METHODS, Contract
from xclade_store_mock.contract.violations import check_body, check_headers, check_query
from xclade_store_mock.control.errors import Document
from xclade_store_mock.control.faults import FaultPlan, Target, effect_document
from xclade_store_mock.control.front import Body, Exchange
from xclade_store_mock.control.redaction import (
    hide_body,
    hide_header,
    hide_query,
    hide_text,
)
from xclade_store_mock.errors import InvalidData, Refusal
from xclade_store_mock.payments.documents import timestamp
from xclade_store_mock.web.guard import parse_body, read_header, read_headers
from xclade_store_mock.web.prefer import has_preferences, split_query
from xclade_store_mock.web.routing import path_pattern

_WITHOUT_BODY = frozenset({"GET", "HEAD"})


class Inspector:
    """Reads requests by the contract."""

    def __init__(self, contract: Contract) -> None:
        self._operations = contract.operations
        self._routes = [
            (
                method.upper(),
                re.compile(f"{path_pattern(template)}/?", re.IGNORECASE),
                item[method]["operationId"],
            )
            for template, item in contract.document["paths"].items()
            for method in METHODS & item.keys()
        ]

    def find(self, scope: Scope) -> Target | None:
        """Find what a request is for; paths may be spelled as Medusa takes them."""
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        for expected, pattern, operation_id in self._routes:
            match = pattern.fullmatch(scope["path"]) if expected == method else None
            if match is not None:
                return Target(operation_id, match.groupdict())
        return None

    def has_preference(self, scope: Scope) -> bool:
        """Tell whether a request is for an operation, and prefers a documented answer."""
        return self.find(scope) is not None and has_preferences(scope)

    def violations(self, scope: Scope, content: bytes) -> tuple[str, ...]:
        """Tell how a request breaks the contract."""
        if scope["method"] == "OPTIONS":
            return ()
        target = self.find(scope)
        if target is None:
            return (f"The Store API has no {scope['method']} {scope['path']}.",)
        return tuple(self._violations(scope, target.operation_id, content))

    def _violations(self, scope: Scope, operation_id: str, content: bytes) -> Iterator[str]:
        operation = self._operations[operation_id]
        if not read_header(scope, "x-publishable-api-key"):
            yield "Header 'x-publishable-api-key' is required"
        sent = read_headers(scope, operation.header_names)
        query_string, _ = split_query(scope["query_string"])
        query = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
        yield from _told(check_headers, operation.header, sent)
        yield from _told(check_query, operation.query, operation.query_types, query)
        if scope["method"] not in _WITHOUT_BODY and operation.body is not None:
            try:
                body = parse_body(scope, content)
            except Refusal as error:
                yield error.message
            else:
                yield from _told(check_body, operation.body, operation.body_fields, body)


def _told(check: Any, *arguments: Any) -> tuple[str, ...]:
    try:
        check(*arguments)
    except InvalidData as error:
        return tuple(violation.message for violation in error.violations)
    return ()


MOST_ENTRIES = 1000
MOST_BYTES = 16 * 2**20
MOST_SHOWN = 16_384
"""How many characters of a body are shown."""


@dataclass(frozen=True, slots=True)
class Message:
    """One half of an exchange, without secrets; `body` is None if it is no text."""

    headers: Mapping[str, str]
    body: str | None
    bytes: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One request to the Store API, without secrets."""

    id: int
    at: datetime
    method: str
    path: str
    query: str
    operation_id: str | None
    status: int | None
    milliseconds: float
    violations: tuple[str, ...]
    has_preference: bool
    fault_id: str | None
    fault: FaultPlan | None
    request: Message
    response: Message


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which entries are wanted."""

    path: str = ""
    method: str | None = None
    status: int | None = None
    since: int = 0

    def match(self, id_: int, exchange: Exchange) -> bool:
        """Tell whether this is one."""
        return (
            id_ > self.since
            and exchange.path.startswith(self.path)
            and self.method in {None, exchange.method}
            and self.status in {None, exchange.status}
        )


class Journal:
    """Keeps exchanges as they were; secrets are left out where an entry is made of one."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self._exchanges: deque[tuple[int, Exchange]] = deque()
        self._last_id = 0
        self._size = 0

    def add(self, exchange: Exchange) -> int:
        """Take in an exchange, and answer its id; old ones make room."""
        self._last_id += 1
        self._exchanges.append((self._last_id, exchange))
        self._size += exchange.size
        while len(self._exchanges) > MOST_ENTRIES or self._size > MOST_BYTES:
            _, oldest = self._exchanges.popleft()
            self._size -= oldest.size
        return self._last_id

    def clear(self) -> None:
        """Forget all exchanges."""
        self._exchanges.clear()
        self._size = 0

    def find(self, criteria: Criteria) -> list[tuple[int, Exchange]]:
        """Find exchanges, oldest first, with their ids."""
        return [each for each in self._exchanges if criteria.match(*each)]

    def entries(self, criteria: Criteria = Criteria(), limit: int = MOST_ENTRIES) -> list[Entry]:
        """Make the entries of the newest exchanges that match, oldest first."""
        found = self.find(criteria)
        return [self.entry(*each) for each in found[max(0, len(found) - limit) :]]

    def entry(self, id_: int, exchange: Exchange) -> Entry:
        """Make the entry of an exchange."""
        scope = exchange.scope()
        target = self._inspector.find(scope)
        return Entry(
            id=id_,
            at=exchange.at,
            method=exchange.method,
            path=hide_text(exchange.path),
            query=hide_query(exchange.query.decode("latin-1")),
            operation_id=None if target is None else target.operation_id,
            status=exchange.status,
            milliseconds=exchange.milliseconds,
            violations=tuple(
                map(hide_text, self._inspector.violations(scope, exchange.request.content))
            ),
            has_preference=self._inspector.has_preference(scope),
            fault_id=None if exchange.fault is None else exchange.fault.id,
            fault=None if exchange.fault is None else exchange.fault.plan,
            request=_message(scope["headers"], exchange.request),
            response=_message(exchange.answer_headers(), exchange.answer),
        )


def _message(headers: Iterable[tuple[bytes, bytes]], body: Body) -> Message:
    named: dict[str, list[str]] = {}
    for raw_name, value in headers:
        name = raw_name.decode("latin-1").lower()
        named.setdefault(name, []).append(hide_header(name, value.decode("latin-1")))
    text = _text(body.content)
    shown = None if text is None else hide_body(text)
    return Message(
        headers={name: ", ".join(values) for name, values in named.items()},
        body=shown and shown[:MOST_SHOWN],
        bytes=body.size,
        is_whole=len(body.content) == body.size and len(shown or "") <= MOST_SHOWN,
    )


def _text(content: bytes) -> str | None:
    """Read UTF-8; NULs are UTF-16's, where a name would not be found."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if not text or "\0" in text else text


def entry_document(entry: Entry) -> Document:
    """Describe an entry of the journal."""
    fault = entry.fault and effect_document(entry.fault)
    return {**asdict(entry), "at": timestamp(entry.at), "fault": fault}
