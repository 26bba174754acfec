"""StoreClient over raw sockets."""

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from xclade_store import BrokenAnswer, ConnectionFailed, StoreClient, StoreError


@contextmanager
def answering(raw: bytes) -> Iterator[str]:
    """Respond to the next request with these bytes; yield the URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(raw)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def sent(call: Callable[[StoreClient], object], **options: Any) -> bytes:
    """Return the head of the request that a call sends."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                received.append(connection.recv(65_536))

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with (
            StoreClient(url, publishable_key="pk_x", retries=0, **options) as store,
            pytest.raises(ConnectionFailed),
        ):
            call(store)
        thread.join()
    return received[0].partition(b"\r\n\r\n")[0]


def test_sends_its_key_as_header() -> None:
    """The publishable key goes where the contract wants it."""
    request = sent(lambda store: store.create_payment_collection("cart_demo"))

    assert b"x-publishable-api-key: pk_x" in request.splitlines()


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.create_payment_collection("cart_demo", fields="id,å"),
        lambda store: store.initialize_payment_session(
            "pay_col_å", "pp_å", {"å": [1.5, None]}, idempotency_key="k"
        ),
        lambda store: store.list_payment_providers("reg_å", fields="id"),
    ],
)
def test_requests_are_those_of_httpx(call: Callable[[StoreClient], object]) -> None:
    """Our own connections send the headers that an http_client of httpx sends."""
    with httpx.Client() as http:
        requests = [sent(call), sent(call, http_client=http)]

    ours, given = [
        sorted(re.sub(rb"(?<=127\.0\.0\.1:)\d+", b"", each).lower().splitlines())
        for each in requests
    ]
    assert given == ours


def test_repr_keeps_the_key_to_itself() -> None:
    """The repr of a client shows its store only."""
    with StoreClient("http://store.test", publishable_key="pk_secret") as store:
        assert "StoreClient('http://store.test')" == repr(store)


def printed(program: str) -> str:
    """Run a Python program in a process of its own, and return what it prints."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_httpx2_is_not_imported() -> None:
    """A client without an http_client of httpx2 does not import it."""
    program = (
        "import sys, xclade_store; xclade_store.StoreClient(tenant='acme', publishable_key='pk_x');"
        "print('httpx' in sys.modules, 'httpx2' in sys.modules)"
    )

    assert "True False\n" == printed(program)


def test_models_are_imported_with_the_first_client() -> None:
    """Importing the package does not import attrs, and calls import nothing."""
    program = """
import sys, httpx, xclade_store
print("attrs" in sys.modules)
http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json={})))
store = xclade_store.StoreClient(tenant="acme", publishable_key="pk_x", http_client=http)
imported = set(sys.modules)
try:
    store.create_payment_collection("cart_1")
except xclade_store.BrokenAnswer:
    print({name for name in set(sys.modules) - imported if name.startswith("xclade_store")})
"""

    assert "False\nset()\n" == printed(program)


def test_each_model_is_imported_when_it_is_named() -> None:
    """The package lists its models before they are imported, and has no other names."""
    program = """
import xclade_store
print("StorePayment" in dir(xclade_store), "StorePayment" in vars(xclade_store))
print(xclade_store.StorePayment.__name__, hasattr(xclade_store, "StorePaymen"))
"""

    assert "True False\nStorePayment False\n" == printed(program)


def test_a_store_that_is_not_there() -> None:
    """A refused connection is a StoreError."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with (
        StoreClient(url, publishable_key="pk_demo", retries=0) as store,
        pytest.raises(ConnectionFailed),
    ):
        store.create_payment_collection("cart_demo")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(
            b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 6\r\n\r\n<html>", id="a proxy's page"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", id="a field is missing"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{", id="broken JSON"),
        pytest.param(b"HTTP/1.1 400 Bad\r\ncontent-length: 4\r\n\r\nnull", id="null"),
        pytest.param(b"HTTP/1.1 520 Odd\r\ncontent-length: 2\r\n\r\n{}", id="an odd status"),
    ],
)
def test_a_broken_answer(raw: bytes) -> None:
    """A response that breaks the contract is a StoreError with its body."""
    with (
        answering(raw) as url,
        StoreClient(url, publishable_key="pk_demo", retries=0) as store,
        pytest.raises(BrokenAnswer) as caught,
    ):
        store.create_payment_collection("cart_demo")

    assert isinstance(caught.value, StoreError)
    assert caught.value.body is not None
    assert raw.endswith(caught.value.body)
