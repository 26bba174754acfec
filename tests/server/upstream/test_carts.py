"""The proxy learns carts from what passes, and compares payment collections with them."""

import gzip
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.check.backends import Meddler, Request, Response
from tests.conftest import KEY, PATIENCE, served
from tests.server.command import running
from tests.server.upstream.raw import Answer, Raw, response, upstream
from tests.server.upstream.recorded_stores import recorded
from tests.server.upstream.test_command import stop
from tests.server.wire import COLLECTIONS

from xclade_store_mock.contract import load_contract
from xclade_store_mock.upstream import Upstream
from xclade_store_mock.upstream.messages import MAX_HELD
from xclade_store_mock.upstream.recorded import Recorded
from xclade_store_mock.upstream.replay import send

CART = "/store/carts/cart_1"
LINES = f"{CART}/line-items"
WRONG = "a payment collection has the amount and currency of its cart"


def cart(total: float, **more: Any) -> dict[str, Any]:
    """Return the document of a cart."""
    return {"cart": {"id": "cart_1", "total": total, "currency_code": "usd", **more}}


def collection(amount: float) -> bytes:
    """Return a response with the cart's payment collection."""
    members = {"id": "pay_col_1", "currency_code": "usd", "amount": amount, "payment_sessions": []}
    return response({"payment_collection": members})


@contextmanager
def shop(*answers: Answer) -> Iterator[tuple[httpx.Client, Raw]]:
    """Run a store that gives these answers, and a proxy; yield a client of it, and the store."""
    with (
        upstream(*answers) as raw,
        running("proxy", raw.url, "--dialect", "medusa") as proxy,
        httpx.Client(base_url=proxy.url, headers=KEY, timeout=PATIENCE) as client,
    ):
        yield client, raw


def is_accused(client: httpx.Client) -> bool:
    """Create the payment collection; return whether its amount is a violation, the only one."""
    got = client.post(COLLECTIONS, json={"cart_id": "cart_1"}).raise_for_status()
    found = [each["message"] for each in json.loads(got.headers.get("sl-violations", "[]"))]
    assert all(WRONG in each for each in found)
    return bool(found)


def inflate(request: Request, response: Response) -> None:
    """Return another amount in payment collections, the same everywhere."""
    if request.path.startswith(COLLECTIONS):
        response.body = response.body.replace(b"45.1843", b"99.5")


def test_consistent_lie_is_reported(tmp_path: Path) -> None:
    """The journal, the summary and the report name the invariant for both operations."""
    recording, report = recorded("checkout"), tmp_path / "report.xml"
    options = ("--dialect", "medusa", "--fail-on-violations", "--junit", report)
    with (
        served(Meddler(Recorded(recording), inflate), is_store=False) as url,
        running("proxy", url, *options) as proxy,
    ):
        for case in recording.cases:
            send(Upstream.parse(proxy.url), case.request)
        entries = httpx.get(f"{proxy.url}/_mock/journal").json()["entries"]
        code, printed = stop(proxy)

    shown = [each for entry in entries for each in entry["violations"]]
    assert [True, True] == [WRONG in each and "45.1843" in each for each in shown]
    assert (1, 2) == (code, printed.count(WRONG))
    text = report.read_text("utf-8")
    assert WRONG in text
    assert {*load_contract("store.yaml").operations} == {*re.findall('classname="(.*?)"', text)}


class Latest:
    """Makes reads of the cart show it as it is, because a recording may have it as it was."""

    def __init__(self) -> None:
        self.cart = b""

    def show(self, request: Request, response: Response) -> None:
        """Keep the cart in the response to a write, or replace that in the one to a read."""
        if request.method == "GET" and "/carts/" in request.path:
            response.status, response.body = (200, self.cart) if self.cart else (404, b"{}")
        elif response.body.startswith(b'{"cart"'):
            self.cart = response.body


@pytest.mark.parametrize("name", ["checkout", "storefront"])
@pytest.mark.parametrize("readers", [0, 3])
def test_honest_store_is_not_accused(name: str, readers: int) -> None:
    """Nor is it if other clients read the cart all the time."""
    recording, is_over = recorded(name), threading.Event()
    requests = [each.request for each in recording.cases]
    reads = [each for each in requests if each.method == "GET" and "/carts/" in each.target]
    store = Meddler(Recorded(recording), Latest().show) if readers else Recorded(recording)
    with (
        served(store, is_store=False) as url,
        running("proxy", url, "--dialect", "medusa", "--fail-on-violations") as proxy,
        ThreadPoolExecutor() as pool,
    ):
        address = Upstream.parse(proxy.url)

        def read() -> None:
            while not is_over.is_set():
                for each in reads:
                    send(address, each)

        reading = [pool.submit(read) for _ in range(readers)]
        for each in requests:
            send(address, each)
        is_over.set()
        assert [None] * readers == [each.result() for each in reading]
        code, printed = stop(proxy)

    assert 0 == code, printed
    assert "create_payment_collection: 1x 200" in printed


SEEN = {
    "read": ("GET", CART, response(cart(10))),
    "created": ("POST", "/store/carts", response(cart(10), status=201)),
    "changed": ("POST", LINES, response(cart(10))),
    "compressed": (
        "GET",
        CART,
        response(gzip.compress(json.dumps(cart(10)).encode()), "Content-Encoding: gzip"),
    ),
    "without a length": (
        "GET",
        CART,
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
        + json.dumps(cart(10)).encode(),
    ),
}
UNSEEN = {
    "other media type": ("GET", CART, response(cart(10)).replace(b"n/json", b"n/text")),
    "failed": ("GET", CART, response(cart(10), status=404)),
    "unknown encoding": ("GET", CART, response(cart(10), "Content-Encoding: br")),
    "long": ("GET", CART, response(cart(10, note="x" * MAX_HELD))),
    "other path": ("GET", "/store/wishlists", response(cart(10))),
}


@pytest.mark.parametrize("name", [*SEEN, *UNSEEN])
def test_carts_are_learned_from_responses(name: str) -> None:
    """From successful JSON of the store's carts that is not too long; its bytes stay."""
    method, path, answer = (SEEN | UNSEEN)[name]
    with shop(answer, collection(12)) as (client, _):
        with client.stream(method, path) as got:
            passed = b"".join(got.iter_raw())
        accused = is_accused(client)

    assert answer.endswith(b"\r\n\r\n" + passed)
    assert "sl-violations" not in got.headers
    assert (name in SEEN) == accused


def test_cart_is_unknown_after_a_change() -> None:
    """Until a response shows it again."""
    answers = (response(cart(10)), response({}), collection(12), response(cart(10)))
    with shop(*answers, collection(12)) as (client, _):
        client.get(CART)
        client.delete(f"{LINES}/line_1")
        assert not is_accused(client)
        client.get(CART)
        assert is_accused(client)


def hang_up(_: socket.socket) -> None:
    """Do not answer."""


@pytest.mark.parametrize("answer", [hang_up, response({}, status=504)], ids=["none", "504"])
def test_change_without_a_response_may_come_later(answer: Answer) -> None:
    """Even after the cart was seen again."""
    with shop(response(cart(10)), answer, response(cart(10)), collection(12)) as (client, _):
        client.get(CART)
        assert client.post(LINES).is_server_error
        client.get(CART)
        assert not is_accused(client)


def held(first: bytes, second: bytes) -> tuple[Callable[[socket.socket], None], threading.Event]:
    """Return an answer in two parts, and what allows the second."""
    may_go_on = threading.Event()

    def answer(connection: socket.socket) -> None:
        connection.sendall(first)
        may_go_on.wait(PATIENCE)
        connection.sendall(second)

    return answer, may_go_on


def test_overlapping_change() -> None:
    """What overlaps a change is not compared, and a cart that was read meanwhile not learned."""
    answer, may_go_on = held(b"", response({}, "Connection: close"))
    after = (collection(12), response(cart(10)), collection(12), collection(12))
    with shop(response(cart(10)), answer, *after) as (client, raw), ThreadPoolExecutor() as pool:
        client.get(CART)
        change = pool.submit(client.post, LINES)
        for _ in range(2):
            assert raw.arrived.acquire(timeout=PATIENCE)
        assert not is_accused(client)
        client.get(CART)
        assert not is_accused(client)
        may_go_on.set()
        assert 200 == change.result().status_code
        assert not is_accused(client)


def test_overlapping_reads_do_not_matter() -> None:
    """A stream of a cart's events passes at once, and the cart stays known beside it."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    answer, may_go_on = held(head + b"data: 1\n\n", b"data: 2\n\n")
    with shop(response(cart(10)), answer, collection(12)) as (client, _):
        client.get(CART)
        with client.stream("GET", f"{CART}/events") as events:
            parts = events.iter_raw()
            assert b"data: 1\n\n" == next(parts)
            assert is_accused(client)
            may_go_on.set()
            assert b"data: 2\n\n" == b"".join(parts)


def test_cart_is_not_held_back() -> None:
    """Its first half arrives before the second exists."""
    whole = response(cart(10), "Connection: close")
    answer, may_go_on = held(whole[:-10], whole[-10:])
    with shop(answer, collection(12)) as (client, _):
        with client.stream("GET", CART) as got:
            parts = got.iter_raw()
            first = next(parts)
            may_go_on.set()
            assert whole.endswith(b"\r\n\r\n" + first + b"".join(parts))
        assert is_accused(client)
