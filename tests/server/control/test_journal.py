"""The journal of the requests to the Store API."""

import asyncio
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.server.control.conftest import serving
from tests.server.control.served import Served
from tests.server.wire import COLLECTIONS, JSON, PROVIDERS, SESSIONS, SYSTEM

from xclade_store_mock.app import create_app
from xclade_store_mock.contract import Match, load_contract
from xclade_store_mock.control.access import Access
from xclade_store_mock.control.front import Exchange
from xclade_store_mock.control.journal import (
    MAX_BYTES,
    MAX_ENTRIES,
    MAX_SHOWN,
    Criteria,
    Entry,
    Journal,
)
from xclade_store_mock.dialects import DOCUMENTED
from xclade_store_mock.web.pages import REQUEST_ID


def test_entry(either: Served) -> None:
    """An entry contains the request, its operation, the response and the duration."""
    response = either.store.post(
        COLLECTIONS,
        params={"fields": "id"},
        headers={"X-Twice": "a"},
        json={"cart_id": "cart_demo"},
    )

    (entry,) = either.journal()

    assert entry.pop("milliseconds") > 0
    assert entry.pop("at").endswith("Z")
    assert entry["id"] > 0
    request, answer = entry.pop("request"), entry.pop("response")
    assert {
        "id": entry["id"],
        "method": "POST",
        "path": COLLECTIONS,
        "query": "fields=id",
        "operation_id": "create_payment_collection",
        "status": 200,
        "violations": [],
        "has_preference": False,
        "fault_id": None,
        "fault": None,
    } == entry
    assert ('{"cart_id":"cart_demo"}', 23, True) == (
        request["body"],
        request["bytes"],
        request["is_whole"],
    )
    assert ("pk_demo", "a") == (
        request["headers"]["x-publishable-api-key"],
        request["headers"]["x-twice"],
    )
    assert (response.text, len(response.content), response.headers["content-type"]) == (
        answer["body"],
        answer["bytes"],
        answer["headers"]["content-type"],
    )


def test_control_and_pages_are_not_journaled(mock: Served) -> None:
    """Only requests to the Store API are recorded, unknown paths included."""
    for path in ("/", "/docs/", "/openapi.yaml", "/openapi.json"):
        mock.store.get(path)
    mock.store.get("/payment-collections")

    assert ["/payment-collections"] == [entry["path"] for entry in mock.journal()]


def test_preflight_is_journaled(either: Served) -> None:
    """Preflight requests are recorded without violations."""
    headers = {"Origin": "http://shop.example", "Access-Control-Request-Method": "POST"}
    either.store.options(SESSIONS, headers=headers)

    (entry,) = either.journal()

    assert ("OPTIONS", []) == (entry["method"], entry["violations"])


@pytest.mark.parametrize(
    ("request_", "violations"),
    [
        (("POST", SESSIONS, {"json": {}}), ["Field 'provider_id' is required"]),
        (
            ("POST", f"{SESSIONS}?foo=1", {"json": {"provider_id": 1}}),
            [
                "Unrecognized fields: 'foo'",
                "Expected type: 'string' for field 'provider_id', got: '1'",
            ],
        ),
        (
            ("POST", SESSIONS, {"content": "{", "headers": JSON}),
            ["The body is not valid JSON: Expecting property name"],
        ),
        (
            ("POST", SESSIONS, {"data": SYSTEM}),
            ["Unsupported media type 'application/x-www-form-urlencoded': send application/json."],
        ),
        (
            ("POST", SESSIONS, {"json": SYSTEM, "headers": {"x-publishable-api-key": ""}}),
            ["Header 'x-publishable-api-key' is required"],
        ),
        (
            ("POST", SESSIONS, {"json": SYSTEM, "headers": {"Idempotency-Key": "a b"}}),
            ["Field 'Idempotency-Key' does not have the form "],
        ),
        (("GET", PROVIDERS, {}), ["Field 'region_id' is required"]),
        (("GET", "/store/carts", {}), ["The mock does not serve GET /store/carts."]),
        (("PUT", SESSIONS, {"json": SYSTEM}), [f"The mock does not serve PUT {SESSIONS}."]),
        (("HEAD", f"{PROVIDERS}?region_id=reg_demo", {}), []),
    ],
    ids=str,
)
def test_violations(
    either: Served, request_: tuple[str, str, dict[str, Any]], violations: list[str]
) -> None:
    """In every dialect the violations of a request are recorded in words."""
    method, path, options = request_
    either.store.request(method, path, **options)

    (entry,) = either.journal()

    assert len(violations) == len(entry["violations"])
    for expected, result in zip(violations, entry["violations"], strict=True):
        assert result.startswith(expected)


def test_filters(mock: Served) -> None:
    """Entries can be filtered by path, method, status and id, and limited to the newest."""
    for path in (COLLECTIONS, SESSIONS, "/store/nothing"):
        mock.store.post(path, json=SYSTEM)
    mock.store.get(PROVIDERS, params={"region_id": "reg_demo"})
    first, *_ = mock.journal()

    def paths(**query: Any) -> list[str]:
        return [entry["path"] for entry in mock.journal(**query)]

    assert [COLLECTIONS, SESSIONS, "/store/nothing", PROVIDERS] == paths()
    assert [COLLECTIONS, SESSIONS] == paths(path=COLLECTIONS)
    assert [PROVIDERS] == paths(method="GET")
    assert ["/store/nothing"] == paths(status=404)
    assert [SESSIONS, "/store/nothing", PROVIDERS] == paths(since=first["id"])
    assert ["/store/nothing", PROVIDERS] == paths(limit=2)
    assert [] == paths(limit=0)
    assert [] == paths(method="GET", status=404)
    counted = mock.control.get("/journal", params={"limit": 1, "path": COLLECTIONS}).json()
    assert (2, 1) == (counted["count"], len(counted["entries"]))


def test_ids_continue_after_clearing(mock: Served) -> None:
    """Ids continue after the journal was cleared."""
    mock.store.get("/store")
    (first,) = mock.journal()

    response = mock.control.delete("/journal")

    assert (204, []) == (response.status_code, mock.journal())
    mock.store.get("/store")
    assert [first["id"] + 1] == [entry["id"] for entry in mock.journal()]


def test_large_bodies_are_cut(mock: Served) -> None:
    """Large bodies are cut; their sizes are recorded."""
    text = "ä" * MAX_SHOWN
    mock.store.post(SESSIONS, json={**SYSTEM, "data": {"text": text}})

    (entry,) = mock.journal()

    for half in (entry["request"], entry["response"]):
        assert (MAX_SHOWN, False) == (len(half["body"]), half["is_whole"])
        assert half["bytes"] > 2 * MAX_SHOWN


def test_binary_body_is_not_shown(mock: Served) -> None:
    """Of a body that is not text, only the size is recorded."""
    for content in (b"\xff\xfe\x00", "{}".encode("utf-16-le")):
        mock.store.post(SESSIONS, headers=JSON, content=content)

    for entry in mock.journal():
        assert entry["request"]["body"] is None
        assert entry["request"]["bytes"] in {3, 4}


def exchange(size: int = 0, headers: int = 0) -> Exchange:
    """Return an exchange with a request of so many bytes and headers."""
    request = {"method": "POST", "path": SESSIONS, "query_string": b""}
    scope = {**request, "headers": [(b"a", b"b")] * headers, REQUEST_ID: "req_1"}
    made = Exchange.begin(scope, datetime(2026, 1, 15, tzinfo=UTC))
    made.request.add(b"a" * size)
    return made


class CountingFind:
    """Finds operations, and counts the requests for which it did."""

    def __init__(self) -> None:
        self._contract = load_contract("store.yaml")
        self.count = 0

    def __call__(self, method: str, path: str) -> Match | None:
        """Find an operation."""
        self.count += 1
        return DOCUMENTED.find(self._contract, method, path)


def make_journal(find: CountingFind | None = None) -> Journal:
    """Return an empty journal."""
    return Journal(find or CountingFind(), lambda: None)


def read(journal: Journal) -> list[Entry]:
    """Return all entries."""
    return asyncio.run(journal.read(journal.find(Criteria())))


def test_entries_are_rendered_once_and_only_if_read() -> None:
    """Reading a page costs that page; reading it again costs nothing."""
    find = CountingFind()
    journal = make_journal(find)
    for _ in range(5):
        journal.add(exchange())
    newest = journal.find(Criteria())[-2:]

    first = asyncio.run(journal.read(newest))
    again = [journal.entry(record) for record in newest]

    assert (2, first) == (find.count, again)


def test_list_renders_its_page_only() -> None:
    """The entries that `limit` leaves out are counted, but not rendered."""
    app = create_app(control=Access())
    with serving(app) as mock:
        for _ in range(5):
            mock.store.get("/store")
        page = mock.control.get("/journal", params={"limit": 2}).json()

    rendered = [isinstance(each.content, Entry) for each in app.control.journal.find(Criteria())]
    assert (5, [False, False, False, True, True]) == (page["count"], rendered)


def test_other_requests_run_while_the_journal_is_read() -> None:
    """Between any two entries the event loop does other work."""
    find = CountingFind()
    journal = make_journal(find)
    for _ in range(5):
        journal.add(exchange())

    async def watch() -> set[int]:
        reading = asyncio.create_task(journal.read(journal.find(Criteria())))
        seen = set()
        while not reading.done():
            await asyncio.sleep(0)
            seen.add(find.count)
        return seen

    assert {1, 2, 3, 4, 5} <= asyncio.run(watch())


def test_journal_is_bounded() -> None:
    """The oldest entries make room for the newest."""
    journal = make_journal()
    for _ in range(MAX_ENTRIES + 5):
        journal.add(exchange())

    assert [*range(6, MAX_ENTRIES + 6)] == [entry.id for entry in read(journal)]


def test_journal_is_bounded_in_bytes_too() -> None:
    """Large requests leave earlier, and only the beginning of an endless one is kept."""
    journal = make_journal()
    kept = MAX_BYTES // exchange(2**20).size
    for _ in range(kept + 7):
        journal.add(exchange(2**20))

    (first, *_, last) = read(journal)

    assert (8, kept + 7) == (first.id, last.id)
    assert (2**20, False, MAX_SHOWN) == (
        last.request.bytes,
        last.request.is_whole,
        len(last.request.body or ""),
    )
    journal.clear()
    journal.add(exchange(1))
    assert [kept + 8] == [entry.id for entry in read(journal)]


def growing_exchange() -> Exchange:
    """Return an exchange whose entry takes four bytes for each byte of its body."""
    made = exchange()
    made.response.add(("\N{COLLISION SYMBOL}" + "a" * (MAX_SHOWN - 4)).encode())
    return made


def test_rendered_entries_count_among_the_bytes() -> None:
    """An entry that is larger than its exchange pushes older ones out when it is rendered."""
    journal = make_journal()
    for _ in range(MAX_ENTRIES):
        journal.add(growing_exchange())
    before = len(journal.find(Criteria()))

    tracemalloc.start()
    read(journal)
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    after = journal.find(Criteria())
    assert len(after) < before / 3
    assert sum(record.size for record in after) <= MAX_BYTES
    assert left < 1.1 * MAX_BYTES


def test_entries_of_a_cleared_journal_are_not_counted() -> None:
    """An event may still render a record that the journal has dropped."""
    journal = make_journal()
    records = [journal.add(growing_exchange()) for _ in range(10)]
    journal.clear()
    journal.add(exchange())
    for record in records:
        journal.entry(record)
    for _ in range(MAX_ENTRIES):
        journal.add(growing_exchange())

    assert MAX_ENTRIES == len(journal.find(Criteria()))


def test_heads_count_among_the_bytes() -> None:
    """Headers make room for themselves as bodies do."""
    journal = make_journal()
    kept = MAX_BYTES // exchange(headers=100_000).size
    for _ in range(kept + 7):
        journal.add(exchange(headers=100_000))

    assert kept == len(journal.find(Criteria()))
    assert kept < MAX_BYTES / 100_000


def test_size_is_that_in_memory() -> None:
    """The size of an exchange is about what it takes in memory."""
    tracemalloc.start()
    try:
        made = [exchange(size=1_000, headers=1_000) for _ in range(100)]
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert 0.8 < sum(each.size for each in made) / taken < 1.2
