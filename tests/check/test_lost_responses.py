"""Responses that are lost or incomplete are findings; what could not be tested is listed."""

import os
import re
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import parse

import pytest
import uvicorn
from schemathesis.engine import events
from tests.check.conftest import IDS, Check, Outcome
from tests.check.test_broken_backends import found
from tests.conftest import running
from tests.server.control.conftest import serving

from xclade_store_mock.app import StoreMockApp, create_app
from xclade_store_mock.check import engine
from xclade_store_mock.check.backend import Backend
from xclade_store_mock.check.calls import INITIALIZE, LIST, Ids
from xclade_store_mock.check.engine import Budget
from xclade_store_mock.contract import load_contract
from xclade_store_mock.control.access import Access
from xclade_store_mock.control.faults import Break, FaultPlan, Moment

RUN = (*IDS, "--timeout", "1", "--seed", "5")


ERRORS = {
    Break.TRUNCATED: "the response was incomplete",
    Break.DROPPED: "the connection was reset",
    None: "no response within 1 s",
}


class Later:
    """Serves a mock, and calls `do` after a number of requests."""

    def __init__(
        self, app: StoreMockApp, calls: int, do: Callable[[], object] = lambda: None
    ) -> None:
        self.app = app
        self.close = app.close
        self.calls = calls
        self.do = do

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Count a request."""
        if scope["type"] == "http":
            self.calls -= 1
            if self.calls == 0:
                self.do()
        await self.app(scope, receive, send)


@contextmanager
def dying(app: Later) -> Iterator[str]:
    """Serve an application until its `do` is called, which stops the server."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    app.do = partial(setattr, server, "should_exit", True)  # noqa: FBT003 - setattr takes it so
    with running(server) as url:
        yield url


def check_with(check: Check, plan: FaultPlan, times: int | None, calls: int) -> Outcome:
    """Check the mock, with a fault planned after a number of calls."""
    app = create_app(control=Access())
    later = Later(app, calls, partial(app.control.faults.plan, plan, times=times))
    with serving(later) as mock:  # type: ignore[arg-type]
        return check(mock.url, *RUN)


# A check ends if one of its first four calls gets no response.
@pytest.mark.parametrize("calls", [5, 60])
@pytest.mark.parametrize(
    ("plan", "title", "expected"),
    [
        (
            FaultPlan(INITIALIZE, broken=Break.TRUNCATED),
            "the response was incomplete",
            "a complete response",
        ),
        (FaultPlan(INITIALIZE, broken=Break.DROPPED), "no response", "a response"),
        (FaultPlan(INITIALIZE, when=Moment.AFTER, delay=1500), "no response", "a response"),
    ],
)
def test_lost_response_is_found(
    check: Check, plan: FaultPlan, title: str, expected: str, calls: int
) -> None:
    """A single lost response is a finding, early and late in the check."""
    outcome = check_with(check, plan, 1, calls)

    assert 1 == outcome.code, outcome.out
    assert {(INITIALIZE, title): (expected, ERRORS[plan.broken])} == found(outcome.out)


@pytest.mark.parametrize("calls", [5, 60])
def test_garbled_responses_are_found(check: Check, calls: int) -> None:
    """Responses that are not JSON are findings, early and late in the check."""
    outcome = check_with(check, FaultPlan(INITIALIZE, broken=Break.GARBLED), None, calls)

    assert 1 == outcome.code, outcome.out
    assert (INITIALIZE, "the response is not JSON") in found(outcome.out)


def test_lost_response_ends_its_test(check: Check) -> None:
    """The rest of the operation's test is listed as not tested."""
    outcome = check_with(check, FaultPlan(LIST, broken=Break.DROPPED), None, 60)

    assert 1 == outcome.code
    assert f"   the rest of {LIST}: a call got no response\n" in outcome.out
    assert re.search(r"\n1 finding in \d+ s; \d things? w\w+ not tested; --", outcome.out)


def test_backend_that_stops(check: Check) -> None:
    """The rest of the check is listed as not tested."""
    later = Later(create_app(), 60)
    with dying(later) as url:
        outcome = check(url, *RUN)

    assert 1 == outcome.code, outcome.out
    assert "   the rest: the backend stopped responding\n" in outcome.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_check_writes_reports(
    check: Check, tmp_path: Path, number: signal.Signals
) -> None:
    """Each report says that the check was interrupted, and what it found."""
    junit, html = tmp_path / "report.xml", tmp_path / "report.html"
    later = Later(create_app(), 60, partial(os.kill, os.getpid(), number))
    with serving(later) as mock:  # type: ignore[arg-type]
        outcome = check(mock.url, *RUN, "--junit", str(junit), "--html", str(html))

    assert (130, "") == (outcome.code, outcome.err)
    assert "   the rest: interrupted\n" in outcome.out
    assert re.search(r"\nInterrupted; no findings in \d+ s; \d things? w\w+ not", outcome.out)
    assert "Interrupted; no findings" in html.read_text("utf-8")
    skipped = parse(junit).getroot().findall("testsuite/testcase/skipped")  # noqa: S314 - our own
    assert {"interrupted"} == {each.attrib["message"] for each in skipped}


class LastMoment(engine.Engine):
    """A run that is interrupted at the end of a phase, which Schemathesis does not notice."""

    def _read(self, event: events.EngineEvent) -> Iterator[engine.Tested]:
        if isinstance(event, events.PhaseFinished):
            self.stop.set()
        return super()._read(event)


def test_no_interrupt_is_lost() -> None:
    """An interrupt that Schemathesis ignores still ends the run."""
    with serving(create_app()) as mock:
        backend = Backend(mock.url, "pk_demo", None, 1)
        ids = Ids(region="reg_demo", cart="cart_demo")
        run = LastMoment(backend, load_contract("store.yaml"), ids, Budget(1, 1), threading.Event())

        with pytest.raises(KeyboardInterrupt):
            deque(run, maxlen=0)


def test_failed_check_leaves_no_report(check: Check, tmp_path: Path) -> None:
    """If the check cannot be made, no report is left, not even an empty one."""
    junit, html = tmp_path / "report.xml", tmp_path / "report.html"
    outcome = check("http://127.0.0.1:1", *IDS, "--junit", str(junit), "--html", str(html))

    assert 2 == outcome.code
    assert [] == [*tmp_path.iterdir()]
