"""What streams cost: memory for long bodies, and work for the requests beside them."""

import socket
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from types import FrameType

import pytest
from tests.server.upstream.raw import END, GET, OK, connected, exchange, proxied, upstream

PART = bytes(65_536)
PARTS = 1_024  # 64 MB
SIZE = PARTS * len(PART)
HELD = 4_000_000
"""Bytes; the buffers of both connections, several times over."""

STREAMS = 50
REQUESTS = 20


@contextmanager
def counted_calls() -> Iterator[list[str]]:
    """Collect the calls of the server's functions in all threads that start in the block."""
    calls: list[str] = []

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and "xclade_store_mock" in frame.f_code.co_filename:
            calls.append(frame.f_code.co_name)

    threading.setprofile(count)
    try:
        yield calls
    finally:
        threading.setprofile(None)


def take(connection: socket.socket, size: int) -> None:
    """Receive this many bytes or more, and keep none."""
    buffer = bytearray(len(PART))
    while size > 0 and (count := connection.recv_into(buffer)):
        size -= count
    assert size <= 0


def give(connection: socket.socket) -> None:
    """Send the parts."""
    for _ in range(PARTS):
        connection.sendall(PART)


@pytest.fixture
def _traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("_traced")
def test_long_response_takes_little_memory() -> None:
    """The proxy reads no faster than the client does."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE

    def answer(connection: socket.socket) -> None:
        connection.sendall(head)
        give(connection)

    with upstream(answer) as raw, proxied(raw.url) as url:
        with connected(url) as connection:
            connection.sendall(GET)
            tracemalloc.reset_peak()
            before, _ = tracemalloc.get_traced_memory()
            take(connection, SIZE)

        assert tracemalloc.get_traced_memory()[1] - before < HELD


@pytest.mark.usefixtures("_traced")
def test_long_request_takes_little_memory() -> None:
    """The proxy reads no faster than the upstream does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with proxied(f"http://127.0.0.1:{port}") as url, connected(url) as connection:
            connection.sendall(b"POST /x HTTP/1.1\r\nContent-Length: %d\r\n%b" % (SIZE, END))
            sending = threading.Thread(target=give, args=(connection,))
            sending.start()
            accepted, _ = listener.accept()
            with closing(accepted):
                tracemalloc.reset_peak()
                before, _ = tracemalloc.get_traced_memory()
                # Time enough for a proxy that would take the whole.
                sending.join(1)
                take(accepted, SIZE)
                accepted.sendall(OK)
                sending.join()
                take(connection, len(OK))

        assert tracemalloc.get_traced_memory()[1] - before < HELD


def test_open_streams_add_no_work_to_other_requests() -> None:
    """A request calls as many functions beside open streams as alone."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        connection.recv(1)

    with counted_calls() as calls, upstream() as raw, proxied(raw.url) as url, ExitStack() as stack:

        def count() -> int:
            raw.answers[:] = [OK]
            exchange(url, GET)  # so that nothing is left from before
            begun = len(calls)
            for _ in range(REQUESTS):
                exchange(url, GET)
            return len(calls) - begun

        alone = count()
        raw.answers[:] = [answer]
        for _ in range(STREAMS):
            stream = stack.enter_context(connected(url))
            stream.sendall(GET)
            take(stream, 100)

        # Each connection has a timer, which may fire meanwhile.
        assert count() <= alone + 2 * STREAMS
