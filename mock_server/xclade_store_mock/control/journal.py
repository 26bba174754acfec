"""The journal: the latest requests to the Store API and their responses, without secrets."""

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct
from starlette.types import Scope

from xclade_store_mock.contract import Match, Part
from xclade_store_mock.contract.violations import check, check_query
from xclade_store_mock.control.faults import FaultPlan, FindOperation
from xclade_store_mock.control.front import Body, Exchange
from xclade_store_mock.errors import InvalidData, Refusal, Violation
from xclade_store_mock.redaction import hide_body, hide_header, hide_key, hide_query, hide_text
from xclade_store_mock.web import Headers, read_header, read_headers
from xclade_store_mock.web.bodies import decode, parse_body
from xclade_store_mock.web.prefer import has_preferences, split_query

MAX_ENTRIES = 1000
MAX_BYTES = 16 * 2**20
MAX_SHOWN = 16_384
"""How many characters of a body are shown."""

MAX_DECODED = 131_072
"""How many bytes of a compressed body are decoded."""

_KEY = "x-publishable-api-key"
_WITHOUT_BODY = frozenset({"GET", "HEAD"})
_OBJECTS = 2048  # bytes that an entry's own objects take, about


def find_violations(scope: Scope, match: Match | None, content: bytes) -> Iterator[Violation]:
    """Yield how a request violates the contract."""
    if scope["method"] == "OPTIONS":
        return
    if match is None:
        what = f"{scope['method']} {scope['path']}"
        yield Violation((), "path", f"The mock does not serve {what}.")
        return
    operation = match.operation
    if not read_header(scope, _KEY):
        yield Violation(("header", _KEY), "required", f"Header '{_KEY}' is required")
    sent = read_headers(scope, operation.header.fields)
    query_string, _ = split_query(scope["query_string"])
    query = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    yield from _violations_of(check, operation.header, sent)
    yield from _violations_of(check_query, operation.query, query)
    if scope["method"] not in _WITHOUT_BODY and operation.body is not None:
        try:
            body = parse_body(scope, content)
        except Refusal as error:
            yield Violation(("body",), "body", str(error))
        else:
            yield from _violations_of(check, operation.body, body)


def _violations_of(check_part: Any, part: Part, values: Any) -> Sequence[Violation]:
    try:
        check_part(part, values)
    except InvalidData as error:
        return error.violations
    return ()


class Message(Struct, frozen=True):
    """A request or a response, without secrets; `body` is None if it is not text."""

    headers: Mapping[str, str]
    body: str | None
    bytes: int
    is_whole: bool


class Entry(Struct, frozen=True):
    """One request to the Store API and its response, without secrets."""

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

    @property
    def size(self) -> int:
        """About how many bytes the entry takes in memory."""
        texts = [self.path, self.query, *self.violations]
        for message in (self.request, self.response):
            texts += (message.body or "", *message.headers, *message.headers.values())
        return _OBJECTS + sum(map(sys.getsizeof, texts))


class Criteria(Struct, frozen=True):
    """Which entries to find; the path is the beginning of one."""

    path: str = ""
    method: str | None = None
    status: int | None = None
    since: int = 0


@dataclass(slots=True, eq=False)
class Record:
    """A request in the journal: the exchange or, once somebody has read it, its entry."""

    id: int
    method: str
    path: str
    status: int | None
    size: int
    content: Exchange | Entry

    def matches(self, criteria: Criteria) -> bool:
        return (
            self.id > criteria.since
            and self.path.startswith(criteria.path)
            and criteria.method in {None, self.method}
            and criteria.status in {None, self.status}
        )


class Journal:
    """The latest exchanges.

    Requests do not wait for their entries: each is rendered when it is first read, and only once.
    """

    def __init__(self, find: FindOperation, changed: Callable[[], None]) -> None:
        self._find_operation = find
        self._changed = changed
        self._records: deque[Record] = deque()
        self._last_id = 0
        self._size = 0

    def add(self, exchange: Exchange) -> Record:
        """Add an exchange; the oldest ones make room for it."""
        self._last_id += 1
        record = Record(
            self._last_id, exchange.method, exchange.path, exchange.status, exchange.size, exchange
        )
        self._records.append(record)
        self._size += record.size
        self._make_room()
        return record

    def _make_room(self) -> None:
        while len(self._records) > MAX_ENTRIES or self._size > MAX_BYTES:
            self._size -= self._records.popleft().size

    def clear(self) -> None:
        """Remove all records; ids continue."""
        self._records.clear()
        self._size = 0
        self._changed()

    def find(self, criteria: Criteria) -> list[Record]:
        return [record for record in self._records if record.matches(criteria)]

    async def read(self, records: Sequence[Record]) -> list[Entry]:
        """Return the entries of records, letting other requests run while it renders them."""
        entries = []
        for record in records:
            if isinstance(record.content, Exchange):
                await asyncio.sleep(0)
            entries.append(self.entry(record))
        return entries

    def entry(self, record: Record) -> Entry:
        if isinstance(record.content, Entry):
            return record.content
        entry = self._render(record.id, record.content)
        is_kept = bool(self._records) and record.id >= self._records[0].id
        if is_kept:
            self._size += entry.size - record.size
        record.content, record.size = entry, entry.size
        self._make_room()
        return entry

    def _render(self, id_: int, exchange: Exchange) -> Entry:
        scope = exchange.scope
        match = self._find_operation(scope["method"], scope["path"])
        violations = exchange.violations
        if violations is None:
            violations = [*find_violations(scope, match, exchange.request.content)]
        return Entry(
            id=id_,
            at=exchange.at,
            method=scope["method"],
            path=hide_text(scope["path"]),
            query=hide_query(scope["query_string"].decode("latin-1")),
            operation_id=None if match is None else match.operation.id,
            status=exchange.status,
            milliseconds=exchange.milliseconds,
            violations=tuple(hide_text(each.message) for each in violations),
            has_preference=match is not None and has_preferences(scope),
            fault_id=None if exchange.fault is None else exchange.fault.id,
            fault=None if exchange.fault is None else exchange.fault.plan,
            request=_message(scope["headers"], exchange.request),
            response=_message(exchange.headers, exchange.response),
        )


def _message(headers: Headers, body: Body) -> Message:
    named: dict[str, list[str]] = {}
    for raw_name, value in headers:
        name = raw_name.decode("latin-1").lower()
        hide = hide_key if name == _KEY else partial(hide_header, name)
        named.setdefault(name, []).append(hide(value.decode("latin-1")))
    encodings = ",".join(named.get("content-encoding", ()))
    text = _text(decode(body.content, encodings, MAX_DECODED) or b"")
    shown = None if text is None else hide_body(text)
    return Message(
        headers={name: ", ".join(values) for name, values in named.items()},
        body=shown and shown[:MAX_SHOWN],
        bytes=body.size,
        is_whole=len(body.content) == body.size and len(shown or "") <= MAX_SHOWN,
    )


def _text(content: bytes) -> str | None:
    """Decode UTF-8; NULs mean UTF-16, in which the names of secrets would not be found."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if not text or "\0" in text else text
