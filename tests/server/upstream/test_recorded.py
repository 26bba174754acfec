"""A recording plays a store, whatever order a browser sends its requests in."""

import gzip
import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from tests.conftest import Serve
from tests.server.upstream.recorded_stores import playing, recorded

from xclade_store_mock.payments.model import Settings, Store
from xclade_store_mock.upstream import Upstream
from xclade_store_mock.upstream.recording import Case, Recording, Request, Response
from xclade_store_mock.upstream.replay import Comparison, send

OWN = {"content-length", "date", "server", "transfer-encoding", "vary", "x-request-id"}
"""The headers that the server adds to what it plays."""


def differences(case: Case, url: str, comparison: Comparison) -> list[str]:
    """Send a recorded request, and return how the response differs from the recorded one.

    Only what the mock says of payments may have other ids; all else has the same bytes.
    """
    target = case.request.target
    for theirs, ours in comparison.ours.items():
        target = target.replace(theirs, ours)
    status, headers, body = send(Upstream.parse(url), replace(case.request, target=target))
    text = case.response.body or ""
    if '"payment_collection":' in text or "/store/payment-" in target:
        return [*comparison.responses(case.response, status, headers, body)]
    expected = (case.response.status, text.encode())
    return [] if expected == (status, body) else [f"{case.name}: {status} {body[:200]!r}"]


@pytest.mark.parametrize("name", ["checkout", "storefront"])
def test_requests_in_order_get_the_recorded_responses(serve: Serve, name: str) -> None:
    """Every response is the recorded one, apart from the ids of the mock's payments."""
    recording = recorded(name)
    url = serve(**playing(recording))
    comparison = Comparison(known=set())

    assert [] == [each for case in recording.cases for each in differences(case, url, comparison)]


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_and_parallel_reads_get_the_responses_of_their_moment(
    serve: Serve, seed: int
) -> None:
    """Between two writes, reads may come in any order, in parallel, more often or never."""
    recording = recorded("storefront")
    url = serve(**playing(recording))
    comparison = Comparison(known=set())
    compare = partial(differences, url=url, comparison=comparison)
    chance = random.Random(seed)

    with ThreadPoolExecutor(6) as pool:
        for is_read, group in groupby(recording.cases, lambda it: "GET" == it.request.method):
            cases = [*group]
            if is_read:
                cases = chance.sample(cases * 2, len(cases) + chance.randrange(len(cases)))
            responses = pool.map(compare, cases) if is_read else map(compare, cases)
            assert [] == [each for found in responses for each in found]


def made(*exchanges: str | Case) -> Recording:
    """Make a recording of exchanges such as `GET /store/carts/1 = empty`."""
    cases = [each if isinstance(each, Case) else _case(each) for each in exchanges]
    return Recording("made.json", Store(Settings()), tuple(cases))


def _case(exchange: str) -> Case:
    method, target, _, body = exchange.split()
    return responding(body=body, method=method, target=target)


def responding(
    method: str = "GET", target: str = "/store/x", status: int = 200, **response: Any
) -> Case:
    """Make a case with a response."""
    request = Request(method=method, target=target)
    return Case(f"{method} {target}", "made", request, Response(status=status, **response))


CART = ("GET /store/carts/1 = new", "POST /store/carts/1/items = ok", "GET /store/carts/1 = full")
REGION = ("POST /store/region = ok",)


@pytest.mark.parametrize(
    ("exchanges", "sent", "expected"),
    [
        pytest.param(
            ["GET /a = 1", "GET /a = 2"], "GET /a, GET /a, GET /a", "1 2 2", id="last-repeats"
        ),
        pytest.param(
            ["POST /a = 1", "POST /a = 2"], "POST /a, POST /a, POST /a", "1 2 2", id="writes-too"
        ),
        pytest.param(
            ["GET /a?x=1&y=%2Ab = 1"], "GET /a?y=*b&x=1, HEAD /a?x=1&y=*b", "1 ", id="same-query"
        ),
        pytest.param(
            CART,
            "GET /store/carts/1, GET /store/carts/1, POST /store/carts/1/items, GET /store/carts/1",
            "new new ok full",
            id="a-write-moves-on",
        ),
        pytest.param(
            [*CART, "POST /store/carts/1/ship = ok", "GET /store/carts/1 = shipped"],
            "POST /store/carts/1/items, POST /store/carts/1/ship, GET /store/carts/1,"
            " POST /store/carts/1/items, GET /store/carts/1",
            "ok ok shipped ok full",
            id="a-repeated-write-goes-back",
        ),
        pytest.param(
            [CART[0], *REGION, *CART[1:]],
            "POST /store/carts/1/items, GET /store/carts/1",
            "ok full",
            id="a-write-to-something-else-is-not-needed",
        ),
        pytest.param(
            [CART[0], *REGION, *CART[1:]],
            "POST /store/region, GET /store/carts/1",
            "ok new",
            id="a-write-to-something-else-is-not-enough",
        ),
        pytest.param(
            ["GET /store/customers/me = guest", "POST /auth = ok", "GET /store/customers/me = ada"],
            "GET /store/customers/me, POST /auth, GET /store/customers/me",
            "guest ok ada",
            id="a-login-counts",
        ),
        pytest.param(CART[2:], "GET /store/carts/1", "full", id="too-early"),
    ],
)
def test_a_read_gets_what_was_recorded_after_the_same_writes(
    serve: Serve, exchanges: list[str], sent: str, expected: str
) -> None:
    """Which of the recorded responses a request gets depends on the writes so far."""
    with httpx.Client(base_url=serve(**playing(made(*exchanges)))) as client:
        responses = [client.request(*each.split()).raise_for_status() for each in sent.split(",")]

    assert expected == " ".join(response.text for response in responses)


PACKED = gzip.compress(b"packed")


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        pytest.param({}, (200, {}, b""), id="nothing"),
        pytest.param({"status": 204, "body": "ignored"}, (204, {}, b""), id="no-content"),
        pytest.param({"body": "ä€"}, (200, {}, "ä€".encode()), id="unicode"),
        pytest.param({"body_base64": b"\x89PNG\0\xff"}, (200, {}, b"\x89PNG\0\xff"), id="bytes"),
        pytest.param(
            {
                "headers": (("Content-Encoding", "gzip"), ("Content-Length", "9")),
                "body_base64": PACKED,
            },
            (200, {"content-encoding": "gzip"}, PACKED),
            id="compressed",
        ),
        pytest.param(
            {"headers": (("content-encoding", "gzip"),), "body": "plain"},
            (200, {}, b"plain"),
            id="not-compressed-any-more",
        ),
        pytest.param(
            {"headers": (("Set-Cookie", "a=1"), ("Set-Cookie", "b=ä"), ("x-odd", "€"))},
            (200, {"set-cookie": "a=1, b=ä", "x-odd": "?"}, b""),
            id="repeated-and-odd-headers",
        ),
    ],
)
def test_response_is_the_recorded_one(
    serve: Serve, response: dict[str, Any], expected: tuple[int, dict[str, str], bytes]
) -> None:
    """Status, headers and bytes, whatever they are; only the framing is this server's."""
    url = serve(**playing(made(responding(**response))))

    with httpx.stream("GET", f"{url}/store/x") as got:
        headers = {name: value for name, value in got.headers.items() if name not in OWN}
        assert expected == (got.status_code, headers, b"".join(got.iter_raw()))


def test_what_only_its_client_could_use_is_not_played(serve: Serve) -> None:
    """A GET gets neither the body of a HEAD nor a 304."""
    cases = responding(method="HEAD"), responding(status=304), responding(body="whole")
    url = serve(**playing(made(*cases)))

    assert "whole" == httpx.get(f"{url}/store/x", headers={"If-None-Match": "*"}).text
    assert 200 == httpx.head(f"{url}/store/x").status_code


def test_what_was_never_recorded_is_not_found(serve: Serve) -> None:
    """The message names the request and the recording, and how to record it, in every dialect."""
    url = serve(**playing(made()))

    response = httpx.get(f"{url}/store/carts/1?fields=id", headers={"Origin": "http://shop.test"})

    assert 404 == response.status_code
    assert "not_found" == response.json()["type"]
    assert "GET /store/carts/1" in response.json()["message"]
    assert "in the recording made.json" in response.json()["message"]
    assert "--record FILE --record-all" in response.json()["message"]
    assert "http://shop.test" == response.headers["access-control-allow-origin"]


def test_any_key_is_accepted_unless_it_is_revoked(serve: Serve) -> None:
    """The recorded keys are placeholders: a storefront has another one."""
    recording = recorded("storefront")
    url = f"{serve(**playing(recording))}/store/payment-providers"
    region = {"region_id": next(iter(recording.store.settings.regions))}

    statuses = [
        httpx.get(url, params=region, headers={"x-publishable-api-key": key}).status_code
        for key in ("pk_mine", "pk_recorded_main", "pk_recorded_revoked")
    ]

    assert [200, 200, 400] == statuses
