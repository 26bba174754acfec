"""Faults that break the connection, seen from the client's end of the socket."""

import json

import httpx
import pytest
from tests.server.control.served import Served
from tests.server.wire import SESSIONS, STRIPE, SYSTEM, connect


def send(mock: Served) -> tuple[bytes, bool]:
    """Initialize a session over a raw socket; return the response and whether a reset ended it."""
    url = httpx.URL(mock.url)
    body = json.dumps(STRIPE).encode()
    head = (
        f"POST {SESSIONS} HTTP/1.1\r\nHost: {url.host}:{url.port}\r\n"
        "x-publishable-api-key: pk_demo\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    received = b""
    with connect(mock.url) as connection:
        connection.sendall(head.encode() + body)
        try:
            while part := connection.recv(65536):
                received += part
        except ConnectionResetError:
            return received, True
    return received, False


@pytest.mark.parametrize(("when", "sessions"), [("before", 0), ("after", 1)])
def test_dropped(either: Served, complaints: list[str], when: str, sessions: int) -> None:
    """The client gets a reset and no byte; `when` decides whether the session was initialized."""
    fault = either.plan_fault(broken="dropped", when=when)

    assert (b"", True) == send(either)

    assert sessions == len(either.collection()["payment_sessions"])
    (entry,) = either.journal()
    assert (fault, None, json.dumps(STRIPE)) == (
        entry["fault_id"],
        entry["status"],
        entry["request"]["body"],
    )
    assert [] == complaints


def test_truncated(either: Served, complaints: list[str]) -> None:
    """The client gets half of the bytes that Content-Length announces."""
    either.plan_fault(broken="truncated")

    received, was_reset = send(either)

    head, _, body = received.partition(b"\r\n\r\n")
    (length,) = [
        int(line.partition(b":")[2])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    ]
    assert head.startswith(b"HTTP/1.1 200")
    assert (length // 2, False) == (len(body), was_reset)
    (entry,) = either.journal()
    assert (length // 2, 200) == (entry["response"]["bytes"], entry["status"])
    assert [] == complaints


def test_truncated_error(mock: Served) -> None:
    """An error response can be truncated, too."""
    mock.plan_fault(broken="truncated", answer={"status": 503})

    received, _ = send(mock)

    assert received.startswith(b"HTTP/1.1 503")
    assert received.endswith(b'"type":"unknown_err')


@pytest.mark.parametrize("key", ["pk_demo", "pk_unknown"])
@pytest.mark.parametrize("path", [SESSIONS, "/store/nothing"])
def test_garbled(either: Served, path: str, key: str) -> None:
    """Any body changes, plain text and HTML too, and keeps the length that its head announces."""
    headers = {"x-publishable-api-key": key}
    expected = either.store.post(path, headers=headers, json={})
    either.plan_fault(broken="garbled")

    response = either.store.post(path, headers=headers, json={})

    assert expected.status_code == response.status_code
    if either.faults():
        assert expected.content == response.content  # Medusa refuses such a key before faults apply
        return
    assert response.content != expected.content
    assert len(response.content) == len(expected.content)
    with pytest.raises(json.JSONDecodeError):
        response.json()


def test_connection_is_fine_after_a_planned_error(either: Served) -> None:
    """A large request that the store does not read does not disturb the next one."""
    either.plan_fault(answer={"status": 503})
    large = {**SYSTEM, "data": {"text": "x" * 90_000}}

    statuses = [either.store.post(SESSIONS, json=large).status_code for _ in range(2)]

    assert [503, 200] == statuses
