"""How `serve` stops."""

import signal
import socket
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from tests.server.command import Running, running
from tests.server.wire import connect

BODY = b'{"cart_id": "cart_demo"}'
HEAD = b"""POST /store/payment-collections HTTP/1.1\r
Host: mock\r
x-publishable-api-key: pk_demo\r
Content-Type: application/json\r
Content-Length: 24\r
Expect: 100-continue\r
\r
"""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def begin(caller: socket.socket) -> None:
    """Send a request without its body, and wait until the server expects the body."""
    caller.sendall(HEAD)
    assert CONTINUE == caller.recv(len(CONTINUE), socket.MSG_WAITALL)


def wait_until_closed(mock: Running) -> None:
    """Wait until a server accepts no more connections."""
    with suppress(ConnectionRefusedError):
        while True:
            with suppress(ConnectionResetError):
                connect(mock.url).close()


def test_finishes_a_request_in_flight() -> None:
    """A request that began before the signal gets its response; idle connections do not count."""
    with running() as mock, httpx.Client(base_url=mock.url) as idle, connect(mock.url) as caller:
        idle.get("/openapi.yaml").raise_for_status()
        begin(caller)
        mock.process.send_signal(signal.SIGTERM)
        wait_until_closed(mock)
        caller.sendall(BODY)
        answer = caller.makefile("rb").read()

        assert -signal.SIGTERM == mock.process.wait()
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"pay_col_demo" in answer
        assert "" == mock.next_problem()


def test_cancels_a_request_that_does_not_end() -> None:
    """The server does not wait for it, and writes one line about it."""
    with running() as mock, connect(mock.url) as caller:
        begin(caller)
        mock.process.send_signal(signal.SIGTERM)

        assert -signal.SIGTERM == mock.process.wait()
        line = mock.next_problem()
        assert line == "ERROR Cancel 1 running task(s), timeout graceful shutdown exceeded"
        assert "" == mock.next_problem()


def test_workers_end_as_a_single_process_does(tmp_path: Path) -> None:
    """A signal to the parent stops all processes; the exit code is the signal's."""
    with running("--storage", f"sqlite:///{tmp_path}/mock.db", "--workers", "2") as mock:
        httpx.get(f"{mock.url}/_mock/ready").raise_for_status()
        mock.process.send_signal(signal.SIGTERM)

        assert -signal.SIGTERM == mock.process.wait()
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{mock.url}/_mock/ready")
