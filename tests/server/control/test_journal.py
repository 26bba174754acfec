"""The journal of the requests to the Store API."""

import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.types import Message
from tests.server.control.steering import Steered
from tests.server.wire import COLLECTIONS, JSON, PROVIDERS, SESSIONS, SYSTEM

from xclade_store_mock.contract import load_contract
from xclade_store_mock.control.front import Exchange
from xclade_store_mock.control.journal import (
    MOST_BYTES,
    MOST_ENTRIES,
    MOST_SHOWN,
    Criteria,
    Inspector,
    Journal,
)


def test_entry_tells_an_exchange(either: Steered) -> None:
    """What was asked, what it was for, what was answered, and how long that took."""
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
    assert ("[redacted]", "a") == (
        request["headers"]["x-publishable-api-key"],
        request["headers"]["x-twice"],
    )
    assert (response.text, len(response.content), response.headers["content-type"]) == (
        answer["body"],
        answer["bytes"],
        answer["headers"]["content-type"],
    )


def test_control_and_pages_are_not_journaled(mock: Steered) -> None:
    """The journal is about the Store API, whatever path one takes it to have."""
    for path in ("/", "/docs/", "/openapi.yaml", "/openapi.json"):
        mock.store.get(path)
    mock.store.get("/payment-collections")

    assert ["/payment-collections"] == [entry["path"] for entry in mock.journal()]


def test_preflight_is_journaled(either: Steered) -> None:
    """A browser's question before the request is a request, too, and no violation."""
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
            [
                "The body is not valid JSON: Expecting property name",
            ],
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
        (("GET", "/store/carts", {}), ["The Store API has no GET /store/carts."]),
        (("PUT", SESSIONS, {"json": SYSTEM}), [f"The Store API has no PUT {SESSIONS}."]),
        (("HEAD", f"{PROVIDERS}?region_id=reg_demo", {}), []),
    ],
    ids=str,
)
def test_violations_are_told_in_plain_words(
    either: Steered, request_: tuple[str, str, dict[str, Any]], violations: list[str]
) -> None:
    """Whatever the dialect makes of it, a request that breaks the contract is told so."""
    method, path, options = request_
    either.store.request(method, path, **options)

    (entry,) = either.journal()

    assert len(violations) == len(entry["violations"])
    for expected, told in zip(violations, entry["violations"], strict=True):
        assert told.startswith(expected)


def test_filters(mock: Steered) -> None:
    """By the beginning of the path, method, status, and what is new; the newest of them."""
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


def test_clearing_goes_on_counting(mock: Steered) -> None:
    """Ids are never used twice."""
    mock.store.get("/store")
    (first,) = mock.journal()

    response = mock.control.delete("/journal")

    assert (204, []) == (response.status_code, mock.journal())
    mock.store.get("/store")
    assert [first["id"] + 1] == [entry["id"] for entry in mock.journal()]


def test_large_bodies_are_cut(mock: Steered) -> None:
    """What is shown of a body has an end; how large it was is told."""
    text = "ä" * MOST_SHOWN
    mock.store.post(SESSIONS, json={**SYSTEM, "data": {"text": text}})

    (entry,) = mock.journal()

    for half in (entry["request"], entry["response"]):
        assert (MOST_SHOWN, False) == (len(half["body"]), half["is_whole"])
        assert half["bytes"] > 2 * MOST_SHOWN


def test_body_that_is_no_text_is_not_shown(mock: Steered) -> None:
    """Only its size is."""
    for content in (b"\xff\xfe\x00", "{}".encode("utf-16-le")):
        mock.store.post(SESSIONS, headers=JSON, content=content)

    for entry in mock.journal():
        assert entry["request"]["body"] is None
        assert entry["request"]["bytes"] in {3, 4}


def exchange(size: int = 0, headers: int = 0) -> Exchange:
    """Make an exchange with a request of so many bytes and headers."""

    async def transfer(*_: object) -> Message:
        raise NotImplementedError

    request = {"method": "POST", "path": SESSIONS, "query_string": b""}
    scope = {"type": "http", **request, "headers": [(b"a", b"b")] * headers}
    made = Exchange(scope, transfer, transfer, datetime(2026, 1, 15, tzinfo=UTC))  # type: ignore[arg-type]
    made.request.add(b"a" * size)
    made.end()
    return made


def test_journal_is_bounded() -> None:
    """The oldest entries make room for the newest."""
    journal = Journal(Inspector(load_contract("store.yaml")))
    for _ in range(MOST_ENTRIES + 5):
        journal.add(exchange())

    entries = journal.entries()

    assert [*range(6, MOST_ENTRIES + 6)] == [entry.id for entry in entries]


def test_journal_is_bounded_in_bytes_too() -> None:
    """Large requests leave earlier, and of an endless one only the beginning is kept."""
    journal = Journal(Inspector(load_contract("store.yaml")))
    kept = MOST_BYTES // exchange(2**20).size
    for _ in range(kept + 7):
        journal.add(exchange(2**20))

    (first, *_, last) = journal.entries()

    assert (8, kept + 7) == (first.id, last.id)
    assert (2**20, False, MOST_SHOWN) == (
        last.request.bytes,
        last.request.is_whole,
        len(last.request.body or ""),
    )
    journal.clear()
    journal.add(exchange(1))
    assert [kept + 8] == [entry.id for entry in journal.entries()]


def test_looking_at_entries_leaves_nothing_behind() -> None:
    """What was counted when it came in stays all that is kept."""
    journal = Journal(Inspector(load_contract("store.yaml")))
    made = exchange(headers=100_000)
    journal.add(made)
    tracemalloc.start()
    journal.entries()
    left, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert left < made.size < most


def test_heads_count_among_the_bytes() -> None:
    """A head is kept in one piece, and makes room for itself as a body does."""
    journal = Journal(Inspector(load_contract("store.yaml")))
    kept = MOST_BYTES // exchange(headers=100_000).size
    for _ in range(kept + 7):
        journal.add(exchange(headers=100_000))

    assert kept == len(journal.find(Criteria()))
    assert kept < MOST_BYTES / 100_000
    assert exchange(headers=3).scope()["headers"] == [(b"a", b"b")] * 3
