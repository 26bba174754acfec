"""The race on demand: an answer is held while another request overtakes it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from tests.server.control.served import Served
from tests.server.wire import SESSIONS, STRIPE, SYSTEM, session_of

LONG = 60_000


@contextmanager
def held(mock: Served, fault: str, **options: Any) -> Iterator[Future[httpx.Response]]:
    """Initialize a session, whose answer a fault holds."""
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(mock.store.post, SESSIONS, json=STRIPE, **options)
        while [1] != [each["waiting"] for each in mock.faults() if each["id"] == fault]:
            assert not answer.done()
        yield answer


def test_overtaken_answer_has_a_session_that_is_gone(either: Served) -> None:
    """A is initialized and held, B replaces its session, then A is answered."""
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


def test_held_key_is_answered_to_its_twin(mock: Served) -> None:
    """With one idempotency key both get the same session, whoever is answered first."""
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
def test_cancelling_lets_go(mock: Served, method: str, path: str) -> None:
    """Nobody waits for a fault that is gone."""
    fault = mock.plan_fault(when="after", delay=LONG, times=None)

    with held(mock, fault) as answer:
        mock.control.request(method, path.format(fault)).raise_for_status()

        assert 200 == answer.result().status_code
    assert [] == mock.faults()


def test_hold_ends_by_itself(mock: Served) -> None:
    """When its time is up."""
    fault = mock.plan_fault(when="after", delay=500)

    with held(mock, fault) as answer:
        assert 200 == answer.result().status_code


def test_releasing_a_lasting_fault_lets_later_ones_wait(mock: Served) -> None:
    """Only those go on that wait now."""
    fault = mock.plan_fault(when="after", delay=LONG, times=2)

    for _ in range(2):
        with held(mock, fault) as answer:
            assert {"released": 1} == mock.control.post(f"/faults/{fault}/release").json()
            answer.result()

    assert 404 == mock.control.post(f"/faults/{fault}/release").status_code


def test_releasing_nobody(mock: Served) -> None:
    """A fault that holds nobody lets nobody go, and still comes."""
    fault = mock.plan_fault(when="after", delay=LONG)

    assert {"released": 0} == mock.control.post(f"/faults/{fault}/release").json()
    assert [fault] == [each["id"] for each in mock.faults()]
