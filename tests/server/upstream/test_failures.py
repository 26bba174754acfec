"""What does not go well between the client, the proxy and the upstream; and what takes long."""

import logging
import socket
import threading

import httpx
import pytest
from tests.conftest import KEY, PATIENCE, Serve
from tests.server.upstream.conftest import Between
from tests.server.upstream.raw import (
    GET,
    connected,
    exchange,
    proxied,
    read_all,
    request,
    response,
    upstream,
)

from xclade_store_mock.payments.model import Settings, Store
from xclade_store_mock.upstream import Upstream
from xclade_store_mock.upstream.forward import Forward


def test_events_arrive_one_by_one(between: Between) -> None:
    """A stream may pause for longer than the time limit."""
    go_on = threading.Event()

    def stream(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        go_on.wait(PATIENCE)
        connection.sendall(b"data: 2\n\n")

    with between(stream, timeout=2) as (url, _), connected(url) as connection:
        connection.sendall(GET)
        seen = b""
        while not seen.endswith(b"data: 1\n\n\r\n"):
            seen += connection.recv(1_000)
        # Longer than the limit, so that a read that has one fails.
        assert not go_on.wait(2.5)
        go_on.set()

        assert read_all(connection).endswith(b"data: 2\n\n\r\n0\r\n\r\n")


@pytest.mark.parametrize("has_started", [False, True])
def test_client_that_leaves_cancels_the_request(between: Between, has_started: bool) -> None:  # noqa: FBT001 - a case
    """The upstream sees its connection closed, before and during the response."""

    def wait_for_end(connection: socket.socket) -> None:
        if has_started:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nstarted")
        connection.settimeout(PATIENCE)
        assert b"" == connection.recv(1)

    with between(wait_for_end, timeout=PATIENCE) as (url, raw):
        with connected(url) as connection:
            connection.sendall(GET)
            assert raw.arrived.acquire(timeout=PATIENCE)
            if has_started:
                assert connection.recv(1_000)

        assert raw.left.acquire(timeout=PATIENCE)


def test_client_that_leaves_during_its_upload_cancels_it(between: Between) -> None:
    """The upstream never takes half a body for a whole one."""
    with between(timeout=PATIENCE) as (url, raw):
        with connected(url) as connection:
            connection.sendall(request(b"Content-Length: 10\r\n", b"half"))
        assert raw.left.acquire(timeout=PATIENCE)
        assert [] == raw.received


def test_connections_are_reused(between: Between) -> None:
    """Requests one after the other share a connection, those at the same time do not."""
    keep_alive = GET.replace(b"Connection: close\r\n", b"")
    with between(timeout=PATIENCE) as (url, raw), connected(url) as connection:
        for _ in range(3):
            connection.sendall(keep_alive)
            assert connection.recv(1_000).endswith(b"ok")
        assert (3, 1) == (len(raw.received), raw.connections)


@pytest.mark.parametrize(
    ("answer", "status", "cause"),
    [
        (b"", 502, "the connection was closed before the end of the response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", 502, "no valid HTTP response"),
        (b"\x15\x03\x01\x00\x02\x02\x16", 502, "no valid HTTP response"),
        (
            b"HTTP/1.1 700 Odd\r\nContent-Length: 0\r\n\r\n",
            502,
            "no valid HTTP response: status 700",
        ),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", 502, "no valid HTTP response"),
    ],
)
def test_failing_upstream(
    between: Between, answer: bytes, status: int, cause: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An error in the documented shape, and one line in the log; no second attempt."""
    with caplog.at_level(logging.WARNING), between(answer) as (url, raw):
        found = exchange(url, GET)

        assert b"HTTP/1.1 %d " % status in found.line + b" "
        assert b'"type":"unexpected_state"' in found.body
        assert cause.encode() in found.body
        (line,) = caplog.messages
        assert line.startswith(f"GET /store/regions: The upstream {raw.url} failed: ")
        assert cause in line
        assert 1 == len(raw.received)


def test_upstream_times_out(between: Between) -> None:
    """A time limit for the response's head."""
    left = threading.Event()
    with between(lambda _: left.wait(PATIENCE) and None, timeout=0.2) as (url, _):
        answer = exchange(url, GET)
        left.set()

    assert b"HTTP/1.1 504 Gateway Timeout" == answer.line
    assert b"did not respond within 0.2 s" in answer.body


@pytest.mark.parametrize(
    ("scheme", "host", "cause"),
    [
        ("http", None, "the connection was refused"),
        ("http", "nobody.invalid", "the host name cannot be resolved"),
        ("https", "", "TLS failed"),
    ],
)
def test_unreachable_upstream(scheme: str, host: str | None, cause: str) -> None:
    """The cause is named."""
    with upstream(b"HTTP/1.1 400 Bad Request\r\n\r\n") as raw:
        port = raw.listener.getsockname()[1]
    with upstream(b"HTTP/1.1 400 Bad Request\r\n\r\n") as raw:
        port = port if host is None else raw.listener.getsockname()[1]
        with proxied(f"{scheme}://{host or '127.0.0.1'}:{port}") as url:
            answer = exchange(url, GET)

    assert b"HTTP/1.1 502 Bad Gateway" == answer.line
    assert cause.encode() in answer.body


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\nhalf\r\n",
    ],
)
def test_broken_response_breaks_off(
    between: Between, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """The client can tell that it is not whole, and the log says why."""
    with between(answer) as (url, _):
        found = exchange(url, GET)

    assert b"half" in found.body
    assert not found.body.endswith(b"0\r\n\r\n")
    assert 1 == len(caplog.messages)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n"
            b"Connection: close\r\n\r\n{"
        ),
    ],
)
def test_a_change_without_a_whole_response_is_asked_for(serve: Serve, answer: bytes) -> None:
    """The store may have changed the cart before its response failed."""
    before, after = (
        response({"cart": {"id": "c", "region_id": "r", "currency_code": "eur", "total": total}})
        for total in (10, 99)
    )
    with upstream(before, answer, after) as raw:
        forward = Forward(Upstream.parse(raw.url), timeout=PATIENCE)
        with httpx.Client(base_url=serve(store=Store(Settings()), backend=forward)) as client:
            client.headers = httpx.Headers(KEY)
            client.get("/store/carts/c").raise_for_status()
            failed = client.post("/store/carts/c/line-items")
            created = client.post("/store/payment-collections", json={"cart_id": "c"})

    assert 502 == failed.status_code
    assert 99 == created.raise_for_status().json()["payment_collection"]["amount"]
