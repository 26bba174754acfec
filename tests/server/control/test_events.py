"""Server-sent events."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from tests.conftest import PATIENCE
from tests.server.control.served import Served
from tests.server.wire import SESSIONS, SYSTEM

from xclade_store_mock.app import create_app
from xclade_store_mock.control import events
from xclade_store_mock.control.access import Access
from xclade_store_mock.control.events import MAX_WAITING, Events

Event = tuple[str, str | None, Any]


@contextmanager
def following(mock: Served, **headers: str) -> Iterator[Iterator[Event]]:
    """Follow the events; yield once the stream has begun."""
    with mock.control.stream("GET", "/events", headers=headers) as stream:
        assert (200, "text/event-stream; charset=utf-8", "no-store") == (
            stream.status_code,
            stream.headers["content-type"],
            stream.headers["cache-control"],
        )
        lines = stream.iter_lines()
        assert (":", "") == (next(lines), next(lines))
        yield parse(lines)


def parse(lines: Iterator[str]) -> Iterator[Event]:
    """Yield events: name, id, data."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield fields["event"], fields.get("id"), json.loads(fields["data"])
            fields = {}


def part(name: str) -> Event:
    """Return the event for a part of the state that has changed."""
    return "changed", None, {"part": name}


def test_requests_are_published(mock: Served) -> None:
    """Each request is published with its id; if it may have changed the store, that too."""
    with following(mock) as events:
        mock.store.get("/store")
        mock.store.post(SESSIONS, json=SYSTEM)
        result = [next(events) for _ in range(3)]

    read, initialized = mock.journal()
    assert [
        ("journal", str(read["id"]), read),
        ("journal", str(initialized["id"]), initialized),
        part("store"),
    ] == result


@pytest.mark.parametrize(
    ("request_", "parts"),
    [
        (("POST", "/reset", None), "store faults outcomes clock scenario"),
        (("DELETE", "/journal", None), "journal"),
        (("POST", "/faults", {"broken": "dropped"}), "faults"),
        (("DELETE", "/faults", None), "faults"),
        (
            ("PUT", "/payment-providers/pp_stripe_stripe/outcome", {"result": "declined"}),
            "outcomes",
        ),
        (("DELETE", "/payment-providers/pp_stripe_stripe/outcome", None), "outcomes"),
        (("PUT", "/payment-providers/pp_stripe_stripe", {}), "store"),
        (("PUT", "/clock", {"frozen": True}), "clock"),
        (("POST", "/clock/advance", {"seconds": 1}), "clock"),
        (("DELETE", "/clock", None), "clock"),
        (("POST", "/scenarios/zero-amount/start", None), "store faults outcomes clock scenario"),
    ],
    ids=str,
)
def test_changes_are_published(
    mock: Served, request_: tuple[str, str, dict[str, Any] | None], parts: str
) -> None:
    """Each change is published with the part of the state to read again."""
    method, path, body = request_
    with following(mock) as events:
        mock.control.request(method, path, json=body).raise_for_status()
        result = [next(events) for _ in parts.split()]

    assert [part(name) for name in parts.split()] == result


def test_used_faults_and_outcomes_are_published(mock: Served) -> None:
    """When a fault or an outcome is used, the change of its count is published."""
    mock.plan_fault(delay=1)
    outcome = {"result": "declined", "times": 1}
    mock.control.put("/payment-providers/pp_system_default/outcome", json=outcome)

    with following(mock) as events:
        mock.store.post(SESSIONS, json=SYSTEM)
        result = {
            name
            for name, _, data in iter(lambda: next(events), part("store"))
            for name in [data.get("part")]
        }

    assert {"faults", "outcomes", None} == result


def test_missed_entries_come_first(mock: Served) -> None:
    """A client that reconnects with its last id misses nothing."""
    for path in ("/store/1", "/store/2", "/store/3"):
        mock.store.get(path)
    first, *others = mock.journal()

    with following(mock, **{"Last-Event-ID": str(first["id"])}) as events:
        mock.store.get("/store/4")
        result = [next(events)[2]["path"] for _ in range(3)]

    assert [*(entry["path"] for entry in others), "/store/4"] == result


def test_every_listener_gets_events(mock: Served) -> None:
    """All listeners get all events."""
    with following(mock) as one, following(mock) as other:
        mock.control.delete("/journal")

        assert part("journal") == next(one) == next(other)


def test_slow_listener_is_cut_off(mock: Served) -> None:
    """The stream of a client that does not read ends, and other streams continue."""
    host, port = mock.control.base_url.host, mock.control.base_url.port
    text = "x" * 16_000
    with socket.socket() as slow, following(mock) as events:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((host, port or 80))
        head = f"GET /_mock/events HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
        slow.sendall(head.encode())
        assert slow.recv(100).startswith(b"HTTP/1.1 200")
        seen = 0
        for _ in range(3 * MAX_WAITING):
            mock.store.post(SESSIONS, json={**SYSTEM, "data": {"text": text}})
            seen += [next(events)[0], next(events)[0]] == ["journal", "changed"]
        slow.settimeout(PATIENCE)
        read = sum(map(len, iter(lambda: slow.recv(65536), b"")))

    assert 3 * MAX_WAITING == seen
    assert read < seen * len(text)


def test_head_has_an_end(mock: Served) -> None:
    """HEAD returns no events and leaves the connection usable."""
    with httpx.Client(base_url=mock.url) as client:
        head = client.head("/_mock/events")
        other = client.get("/_mock/clock")

    assert (200, b"", 200) == (head.status_code, head.content, other.status_code)


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "12345678901", ""])
def test_last_event_id_is_a_number(mock: Served, last: str) -> None:
    """A Last-Event-ID that is not a number is refused."""
    response = mock.control.get("/events", headers={"Last-Event-ID": last})

    assert 400 == response.status_code
    assert "Field 'Last-Event-ID'" in response.json()["message"]


def test_streams_leave_no_listener_behind() -> None:
    """Neither a stream that has ended nor one that never began leaves a listener behind."""
    events = Events()

    async def follow() -> list[bool]:
        never_started = events.follow(list)
        stream = events.follow(list)
        seen = [events.has_listeners]
        await anext(stream)
        seen.append(events.has_listeners)
        await stream.aclose()
        await never_started.aclose()
        return [*seen, events.has_listeners]

    assert [False, True, False] == asyncio.run(follow())


def test_event_that_fails_ends_its_stream() -> None:
    """A stream that has begun gets no second response when an event cannot be written."""
    app = create_app(control=Access())
    sent: list[Any] = []

    def fail() -> None:
        raise RuntimeError("a bug")

    async def send(message: Any) -> None:
        sent.append(message["type"])
        app.control.events.publish(events.Event("broken", fail))

    async def receive() -> Any:
        await asyncio.Event().wait()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/_mock/events",
        "raw_path": b"/_mock/events",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1")],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }
    with pytest.raises(RuntimeError, match="a bug"):
        asyncio.run(app(scope, receive, send))

    assert ["http.response.start", "http.response.body"] == sent
