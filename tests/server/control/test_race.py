"""The race on demand: a response is held while another request overtakes it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from tests.server.control.served import Served
from tests.server.wire import SESSIONS, STRIPE, SYSTEM, session_of

LONG = 600_000
"""Longer than any test takes: as long as a delay may be."""


@contextmanager
def held(mock: Served, fault: str, **options: Any) -> Iterator[Future[httpx.Response]]:
    """Initialize a session whose response a fault holds."""
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(mock.store.post, SESSIONS, json=STRIPE, **options)
        while [1] != [each["waiting"] for each in mock.faults() if each["id"] == fault]:
            assert not answer.done()
        yield answer


def test_overtaken_response_has_a_removed_session(either: Served) -> None:
    """A is initialized and held, B replaces its session, then A's response is sent."""
    fault = either.plan_fault(operation_id="initialize_payment_session", when="after", delay=LONG)

    with held(either, fault) as answer:
        (kept,) = either.collection()["payment_sessions"]
        second = either.initialize(SYSTEM)
        released = either.control.post(f"/faults/{fault}/release")
        first = session_of(answer.result())

    assert {"released": 1} == released.json()
    assert kept["id"] == first["id"]
    assert [second["id"]] == [each["id"] for each in either.collection()["payment_sessions"]]
    assert [] == either.faults()
    (overtaking, overtaken) = either.journal()
    assert (None, fault) == (overtaking["fault_id"], overtaken["fault_id"])
    assert "provider_id" in overtaken["request"]["body"]


def test_idempotency_key_gives_both_the_same_session(mock: Served) -> None:
    """With one idempotency key both requests get the same session."""
    fault = mock.plan_fault(when="after", delay=LONG)
    key = {"Idempotency-Key": "one-attempt"}

    with held(mock, fault, headers=key) as answer:
        twin = mock.store.post(SESSIONS, headers=key, json=STRIPE)
        mock.control.post(f"/faults/{fault}/release")
        first = answer.result()

    assert (first.content, "true") == (twin.content, twin.headers["Idempotent-Replayed"])


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/faults/{}"), ("DELETE", "/faults"), ("POST", "/reset")]
)
def test_cancelling_releases(mock: Served, method: str, path: str) -> None:
    """Cancelling a fault releases its requests."""
    fault = mock.plan_fault(when="after", delay=LONG, times=None)

    with held(mock, fault) as answer:
        mock.control.request(method, path.format(fault)).raise_for_status()

        assert 200 == answer.result().status_code
    assert [] == mock.faults()


def test_hold_ends_by_itself(mock: Served) -> None:
    """A hold ends when its time is up."""
    fault = mock.plan_fault(when="after", delay=50)

    assert 200 == mock.store.post(SESSIONS, json=STRIPE).status_code
    (entry,) = mock.journal()
    assert fault == entry["fault_id"]


def test_releasing_a_lasting_fault(mock: Served) -> None:
    """Releasing a lasting fault releases only the requests that wait now."""
    fault = mock.plan_fault(when="after", delay=LONG, times=2)

    for _ in range(2):
        with held(mock, fault) as answer:
            assert {"released": 1} == mock.control.post(f"/faults/{fault}/release").json()
            answer.result()

    assert 404 == mock.control.post(f"/faults/{fault}/release").status_code


def test_releasing_without_a_held_request(mock: Served) -> None:
    """Releasing a fault that holds no request releases none, and the fault still applies."""
    fault = mock.plan_fault(when="after", delay=LONG)

    assert {"released": 0} == mock.control.post(f"/faults/{fault}/release").json()
    assert [fault] == [each["id"] for each in mock.faults()]
