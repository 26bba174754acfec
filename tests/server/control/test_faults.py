"""Faults that apply to the next requests."""

from typing import Any

import httpx
import pytest
from tests.server.control.served import Served
from tests.server.wire import COLLECTIONS, FREE_SESSIONS, PROVIDERS, SESSIONS, STRIPE, SYSTEM

from xclade_store_mock.control.faults import FaultPlan, Faults

CART = {"cart_id": "cart_demo"}


@pytest.mark.parametrize(
    ("status", "documented", "medusa"),
    [
        (400, {"type": "invalid_data", "message": "Bad Request"}, None),
        (401, "Unauthorized", {"type": "unknown_error", "message": "Unauthorized"}),
        (404, {"type": "not_found", "message": "Not Found"}, None),
        (409, {"type": "conflict", "code": "invalid_state_error", "message": "Conflict"}, ...),
        (418, {"type": "unknown_error", "message": "I'm a Teapot"}, None),
        (429, {"type": "unknown_error", "message": "Too Many Requests"}, None),
        (499, {"type": "unknown_error", "message": "A planned fault"}, None),
        (
            503,
            {
                "type": "unknown_error",
                "code": "unknown_error",
                "message": "An unknown error occurred.",
            },
            None,
        ),
    ],
)
def test_error_is_that_of_the_dialect(
    either: Served, status: int, documented: Any, medusa: Any
) -> None:
    """A planned error has the dialect's body for its status, and the store's CORS headers."""
    dialect = either.control.get("/state").json()["dialect"]
    either.plan_fault(answer={"status": status})

    response = either.store.post(COLLECTIONS, headers={"Origin": "http://shop"}, json=CART)

    is_json = response.headers["content-type"].startswith("application/json")
    body = response.json() if is_json else response.text
    expected = documented if dialect == "documented" or medusa is None else medusa
    assert status == response.status_code
    if expected is not ...:
        assert expected == body
    assert "http://shop" == response.headers["access-control-allow-origin"]


def test_error_with_own_type_and_message(either: Served) -> None:
    """Type, message and Retry-After can be planned."""
    answer = {"status": 401, "type": "odd_error", "message": "Oddly enough.", "retry_after": 7}
    either.plan_fault(answer=answer)

    response = either.store.post(COLLECTIONS, json=CART)

    assert (401, {"type": "odd_error", "message": "Oddly enough."}, "7") == (
        response.status_code,
        response.json(),
        response.headers["Retry-After"],
    )


def test_error_before_means_that_nothing_happened(either: Served) -> None:
    """The store does not handle the request; the journal contains it, with its body."""
    fault = either.plan_fault(answer={"status": 500})

    either.store.post(SESSIONS, json=STRIPE)

    assert [] == either.collection()["payment_sessions"]
    (entry,) = either.journal()
    assert (fault, 500, '{"provider_id":"pp_stripe_stripe"}') == (
        entry["fault_id"],
        entry["status"],
        entry["request"]["body"],
    )


def test_error_after_means_that_it_happened(either: Served) -> None:
    """The store handles the request, but the client gets an error."""
    either.plan_fault(answer={"status": 502}, when="after")

    response = either.store.post(SESSIONS, json=STRIPE)

    assert (502, 1) == (response.status_code, len(either.collection()["payment_sessions"]))


def test_fault_applies_so_many_times(either: Served) -> None:
    """A fault applies so many times; then the next fault applies."""
    either.plan_fault(answer={"status": 503}, times=2)
    second = either.plan_fault(answer={"status": 429})

    statuses = [either.store.post(COLLECTIONS, json=CART).status_code for _ in range(2)]
    left = either.faults()
    statuses += [either.store.post(COLLECTIONS, json=CART).status_code for _ in range(2)]

    assert [second] == [fault["id"] for fault in left]
    assert [503, 503, 429, 200] == statuses
    assert [] == either.faults()


def test_fault_without_end_can_be_cancelled(either: Served) -> None:
    """A fault without an end can be cancelled alone or with all others."""
    first, second, third = (either.plan_fault(answer={"status": 503}, times=None) for _ in "123")
    assert [503] * 3 == [either.store.post(COLLECTIONS, json=CART).status_code for _ in range(3)]

    cancelled = either.control.delete(f"/faults/{first}")

    assert (204, [second, third]) == (
        cancelled.status_code,
        [each["id"] for each in either.faults()],
    )
    assert 503 == either.store.post(COLLECTIONS, json=CART).status_code
    assert 204 == either.control.delete("/faults").status_code
    assert 200 == either.store.post(COLLECTIONS, json=CART).status_code
    assert 404 == either.control.delete(f"/faults/{first}").status_code


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        ({}, [COLLECTIONS, SESSIONS, FREE_SESSIONS, PROVIDERS]),
        ({"operation_id": "initialize_payment_session"}, [SESSIONS, FREE_SESSIONS]),
        ({"operation_id": "create_payment_collection"}, [COLLECTIONS]),
        ({"operation_id": "list_payment_providers"}, [PROVIDERS]),
        ({"payment_collection_id": "pay_col_free"}, [FREE_SESSIONS]),
        ({"method": "GET"}, [PROVIDERS]),
        ({"path": COLLECTIONS}, [COLLECTIONS, SESSIONS, FREE_SESSIONS]),
        ({"path": "/admin"}, []),
        ({"method": "GET", "payment_collection_id": "pay_col_free"}, []),
        (
            {"operation_id": "create_payment_collection", "payment_collection_id": "pay_col_free"},
            [],
        ),
    ],
)
def test_fault_applies_to_matching_requests(
    either: Served, match: dict[str, str], hit: list[str]
) -> None:
    """A fault applies only to requests that match all its criteria."""
    either.plan_fault(answer={"status": 503}, times=None, **match)
    bodies = {COLLECTIONS: CART, SESSIONS: SYSTEM, FREE_SESSIONS: SYSTEM, PROVIDERS: None}

    statuses = {
        path: either.store.request(
            "GET" if path == PROVIDERS else "POST",
            path,
            params={"region_id": "reg_demo"} if path == PROVIDERS else {},
            json=body,
        ).status_code
        for path, body in bodies.items()
    }

    assert {path: 503 if path in hit else 200 for path in bodies} == statuses


def test_fault_does_not_apply_to_pages_preflights_and_control(mock: Served) -> None:
    """Faults do not apply to pages, preflight requests or the control API."""
    mock.plan_fault(answer={"status": 503})
    headers = {"Origin": "http://shop", "Access-Control-Request-Method": "POST"}

    assert 200 == mock.store.get("/openapi.json").status_code
    assert 200 == mock.store.options(SESSIONS, headers=headers).status_code
    assert 1 == len(mock.faults())
    assert 503 == mock.store.post(COLLECTIONS, json=CART).status_code


def test_fault_matches_as_the_dialect_routes(either: Served) -> None:
    """A fault matches the paths that reach the operation in the dialect, and no others."""
    either.plan_fault(answer={"status": 503}, payment_collection_id="pay_col_demo")
    path = SESSIONS.replace("/store", "/STORE") + "/"

    status = either.store.post(path, json=SYSTEM).status_code

    dialect = either.control.get("/state").json()["dialect"]
    (entry,) = either.control.get("/journal").json()["entries"]
    assert {"documented": (404, None, 1), "medusa": (503, "initialize_payment_session", 0)}[
        dialect
    ] == (status, entry["operation_id"], len(either.faults()))


def test_fault_document(mock: Served) -> None:
    """A fault is returned with its plan, the defaults and the remaining count."""
    plan = {"answer": {"status": 503, "retry_after": 0}, "times": None, "path": "/store"}

    planned = mock.control.post("/faults", json=plan)

    assert 201 == planned.status_code
    fault = planned.json()
    assert [fault] == mock.faults()
    assert fault.pop("id").startswith("fault_")
    assert {
        **plan,
        "operation_id": None,
        "method": None,
        "payment_collection_id": None,
        "when": "before",
        "delay": 0,
        "broken": None,
        "note": None,
        "waiting": 0,
        "held": [],
    } == fault


def test_number_of_faults_is_limited(mock: Served) -> None:
    """Too many faults are a conflict."""
    for _ in range(100):
        mock.plan_fault(delay=1)

    response = mock.control.post("/faults", json={"delay": 1})

    assert (409, "conflict") == (response.status_code, response.json()["type"])


@pytest.mark.parametrize("when", ["before", "after"])
def test_delay_makes_a_client_time_out(either: Served, when: str) -> None:
    """The client times out; `when` decides whether the session was initialized."""
    fault = either.plan_fault(delay=600_000, when=when)
    with pytest.raises(httpx.ReadTimeout):
        either.store.post(SESSIONS, json=STRIPE, timeout=0.2)
    while [1] != [each["waiting"] for each in either.faults()]:
        pass

    assert (when == "after") == bool(either.collection()["payment_sessions"])
    assert {"released": 1} == either.control.post(f"/faults/{fault}/release").json()


def test_short_delay_ends_by_itself(either: Served) -> None:
    """After a short delay the store's response arrives."""
    either.plan_fault(delay=50)

    response = either.store.post(SESSIONS, json=STRIPE)

    assert 200 == response.status_code
    (entry,) = either.journal()
    assert entry["milliseconds"] >= 49  # a timer may be early by a millisecond


def test_fault_is_listed_while_it_holds_a_request() -> None:
    """A used-up fault stays listed while it holds a request."""
    faults = Faults(lambda *_: None, lambda: None)
    fault = faults.plan(FaultPlan(delay=1), 2)
    scope = {"method": "GET", "path": "/store"}
    assert [fault, fault, None] == [faults.take(scope) for _ in range(3)]

    faults.end(fault)
    held = faults.list()
    faults.end(fault)

    assert ([fault], []) == (held, faults.list())
