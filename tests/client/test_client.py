"""StoreClient over raw sockets."""

import re
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.client.faults import Line, bad_line

from xclade_store import ConnectionFailed, StoreClient


def sent(call: Callable[[StoreClient], object], **options: Any) -> bytes:
    """Return the head of the request that a call sends."""
    heads: list[bytes] = []

    def receive(line: Line) -> None:
        heads.append(line.read_request().partition(b"\r\n\r\n")[0])

    with (
        bad_line("http://unused", receive) as line,
        StoreClient(line.url, publishable_key="pk_x", retries=0, **options) as store,
        pytest.raises(ConnectionFailed),
    ):
        call(store)
    return heads[0]


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
    """A refused connection is an error with the URL, without its password and its query."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    with (
        StoreClient(f"http://user:pw@{address}", publishable_key="pk_demo", retries=0) as store,
        pytest.raises(ConnectionFailed) as raised,
    ):
        store.list_payment_providers("reg_demo")

    expected = f"GET http://{address}/store/payment-providers: ConnectError: "
    assert str(raised.value).startswith(expected)
