"""The server's clock."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.server.control.served import Served
from tests.server.wire import COLLECTIONS, SYSTEM

NEW_YEAR = "2030-01-01T00:00:00.000Z"


def clock(mock: Served) -> Any:
    """Return the clock."""
    return mock.control.get("/clock").json()


def test_shows_the_real_time(mock: Served) -> None:
    """The clock shows the real time until it is changed."""
    result = clock(mock)

    assert (False, True) == (result["frozen"], result["is_real"])
    age = datetime.now().astimezone() - datetime.fromisoformat(result["now"])
    assert abs(age) < timedelta(minutes=1)


def test_is_frozen(mock: Served) -> None:
    """The clock can be frozen now or at another time."""
    frozen = mock.control.put("/clock", json={"frozen": True}).json()
    set_ = mock.control.put("/clock", json={"now": "2030-01-01T01:00:00+01:00"}).json()

    assert (True, False) == (frozen["frozen"], frozen["is_real"])
    assert {"now": NEW_YEAR, "frozen": True, "is_real": False} == set_ == clock(mock)


def later(mock: Served, moment: str) -> str:
    """Wait until the clock shows another time; responses may arrive within a millisecond."""
    while (now := clock(mock)["now"]) == moment:
        pass
    return str(now)


def test_continues_after_it_is_set(mock: Served) -> None:
    """A clock that is set continues, unless it is frozen as well."""
    mock.control.put("/clock", json={"now": NEW_YEAR})
    first = clock(mock)

    assert (NEW_YEAR[:16], False) == (first["now"][:16], first["frozen"])
    assert NEW_YEAR <= first["now"] < later(mock, first["now"])
    stopped = mock.control.put("/clock", json={"frozen": True}).json()["now"]
    assert [stopped] * 2 == [clock(mock)["now"], clock(mock)["now"]]
    mock.control.put("/clock", json={"frozen": False})
    assert stopped < later(mock, stopped)


def test_is_advanced(mock: Served) -> None:
    """A clock can be advanced, frozen or not."""
    mock.control.put("/clock", json={"now": NEW_YEAR, "frozen": True})

    advanced = mock.control.post("/clock/advance", json={"seconds": 90.5}).json()

    assert ("2030-01-01T00:01:30.500Z", True) == (advanced["now"], advanced["frozen"])


def test_is_released(mock: Served) -> None:
    """Releasing the clock returns it to the real time."""
    mock.control.put("/clock", json={"now": NEW_YEAR, "frozen": True})

    assert 204 == mock.control.delete("/clock").status_code
    assert clock(mock)["is_real"]
    assert clock(mock)["now"] < NEW_YEAR


def test_store_uses_it(either: Served) -> None:
    """The store's timestamps use the clock."""
    either.control.put("/clock", json={"now": NEW_YEAR, "frozen": True})
    either.initialize(SYSTEM)

    (session,) = either.collection()["payment_sessions"]
    (entry,) = either.journal()

    assert [NEW_YEAR] * 2 == [session["created_at"], entry["at"]]


@pytest.mark.parametrize(
    ("method", "path", "body", "fault"),
    [
        ("PUT", "/clock", {"now": "1999-12-31T23:59:59Z"}, "Field 'now' does not have the form ^2"),
        ("PUT", "/clock", {"now": "2030-01-01"}, "Field 'now': "),
        ("PUT", "/clock", {"now": "2016-12-31T23:59:60Z"}, "Field 'now': second must be in 0..59"),
        (
            "PUT",
            "/clock",
            {"now": "2999-12-31T23:59:59-01:00"},
            "The clock cannot be set past the year 2999.",
        ),
        (
            "PUT",
            "/clock",
            {"frozen": "yes"},
            "Expected type: 'boolean' for field 'frozen', got: 'yes'",
        ),
        ("POST", "/clock/advance", {"seconds": -1}, "Field 'seconds': "),
        ("POST", "/clock/advance", {}, "Field 'seconds' is required"),
    ],
)
def test_bad_times(mock: Served, method: str, path: str, body: Any, fault: str) -> None:
    """Invalid times are refused, and the clock does not change."""
    mock.control.put("/clock", json={"now": NEW_YEAR, "frozen": True})

    response = mock.control.request(method, path, json=body)

    assert 400 == response.status_code
    assert response.json()["message"].removeprefix("Invalid request: ").startswith(fault)
    assert {"now": NEW_YEAR, "frozen": True, "is_real": False} == clock(mock)


def test_has_an_end(mock: Served) -> None:
    """The clock cannot pass the last year that a timestamp can express."""
    mock.control.put("/clock", json={"now": "2999-12-31T00:00:00Z", "frozen": True})

    response = mock.control.post("/clock/advance", json={"seconds": 86_400})

    assert (400, "The clock cannot be set past the year 2999.") == (
        response.status_code,
        response.json()["message"],
    )
    assert 200 == mock.store.post(COLLECTIONS, json={"cart_id": "cart_new"}).status_code
