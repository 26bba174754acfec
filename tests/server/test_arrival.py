"""What every request gets on arrival: an id, and its path without the prefix of a proxy."""

import asyncio
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme
import yaml
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.conftest import KEY, PATIENCE, served
from tests.server.command import running
from tests.server.wire import COLLECTIONS, PROVIDERS, SESSIONS, SYSTEM

from xclade_store_mock.app import create_app
from xclade_store_mock.cli import main
from xclade_store_mock.control.access import Access
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.upstream import Upstream
from xclade_store_mock.upstream.forward import Forward

ID = "x-request-id"


@pytest.fixture(scope="module", params=DIALECTS.values(), ids=[*DIALECTS])
def shared_client(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """Yield a client of a store in each dialect, with the control API."""
    app = create_app(dialect=request.param, control=Access())
    with served(app) as url, httpx.Client(base_url=url, headers=KEY) as client:
        yield client


@pytest.fixture
def client(shared_client: httpx.Client) -> httpx.Client:
    """Return the client, and forget the requests of other tests."""
    shared_client.delete("/_mock/journal").raise_for_status()
    return shared_client


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/console/main.js",
        "/health",
        "/_mock/ready",
        "/_mock/state",
        "/_mock/nowhere",
        "/docs/",
    ],
)
def test_every_response_has_an_id(client: httpx.Client, path: str) -> None:
    """Each request to a page or to the control API gets an id of its own."""
    first, second = (client.get(path).headers[ID] for _ in range(2))

    assert first.startswith("req_")
    assert first != second


@pytest.mark.parametrize(
    ("sent", "is_kept"),
    [
        ("0af7651916cd43dd:8448eb21/1", True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("two words", False),
        ('"quoted"', False),
        ("", False),
    ],
)
def test_id_of_the_client_is_kept_if_it_is_plain(
    client: httpx.Client, sent: str, *, is_kept: bool
) -> None:
    """Responses, refusals and injected errors have the client's id; so has the journal."""
    client.post("/_mock/faults", json={"answer": {"status": 503}, "times": 1})
    responses = [
        client.post(SESSIONS, json=SYSTEM, headers={ID: sent}),
        client.post(SESSIONS, json=SYSTEM, headers={ID: sent}),
        client.post(SESSIONS, json={}, headers={ID: sent}),
    ]
    entries = client.get("/_mock/journal").json()["entries"]

    assert [503, 200, 400] == [each.status_code for each in responses]
    ids = [each.headers[ID] for each in responses]
    assert ids == [each["response"]["headers"][ID] for each in entries]
    assert is_kept == (ids == [sent] * 3)
    assert is_kept or 3 == len({*ids})


def test_log_has_the_id() -> None:
    """The line of a request and those of its problems end with its id."""
    with running("--log-format", "text") as mock:
        httpx.get(f"{mock.url}{PROVIDERS}", headers={ID: "mine"})
        assert f"GET {PROVIDERS} 401 [mine]" == mock.next_problem()
    with running("--log-format", "json") as mock:
        httpx.get(f"{mock.url}{PROVIDERS}", headers={ID: "mine"})
        assert "mine" == json.loads(mock.stop()[0])["request_id"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_health_is_medusas(client: httpx.Client, method: str) -> None:
    """As Medusa's, it needs no key, and responds as Express sends a text."""
    response = client.request(method, "/health", headers={"x-publishable-api-key": ""})

    assert (200, "text/html; charset=utf-8") == (
        response.status_code,
        response.headers["content-type"],
    )
    assert ("OK" if method == "GET" else "") == response.text
    assert [] == client.get("/_mock/journal").json()["entries"]


PREFIX = "/mock"


def proxied(forward: Forward, *, removes_prefix: bool) -> ASGIApp:
    """Return a reverse proxy in front of a mock."""

    async def proxy(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and removes_prefix:
            raw_path = scope["raw_path"].removeprefix(PREFIX.encode())
            scope = {**scope, "raw_path": raw_path}
        await forward(scope, receive, send)

    return proxy


@pytest.fixture(scope="module", params=[True, False], ids=["removes the prefix", "keeps it"])
def behind_proxy(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """Yield a client of a proxy that serves the mock under a prefix."""
    with running("--root-path", PREFIX) as mock:
        upstream = Upstream.parse(mock.url.removesuffix(PREFIX))
        forward = Forward(upstream, timeout=PATIENCE, verify=True)
        proxy = proxied(forward, removes_prefix=request.param)
        with (
            served(proxy, is_store=False) as url,
            httpx.Client(base_url=f"{url}{PREFIX}", headers=KEY) as client,
        ):
            yield client


def test_store_behind_a_prefix(behind_proxy: httpx.Client) -> None:
    """The Store API works, and the journal has the path that the contract knows."""
    created = behind_proxy.post(COLLECTIONS, json={"cart_id": "cart_demo"})
    (entry,) = behind_proxy.get("/_mock/journal", params={"limit": 1}).json()["entries"]

    assert 200 == created.status_code
    assert (COLLECTIONS, "create_payment_collection") == (entry["path"], entry["operation_id"])


def test_pages_behind_a_prefix(behind_proxy: httpx.Client) -> None:
    """Redirects, the reference and what it calls stay under the prefix."""
    for path in ("/docs", "/_mock/docs"):
        redirect = behind_proxy.get(path)
        assert (307, f"{PREFIX}{path}/") == (redirect.status_code, redirect.headers["location"])
        assert "swagger-ui" in behind_proxy.get(f"{path}/").text
        assert behind_proxy.get(f"{path}/swagger-ui.css").is_success
    for name in ("openapi.yaml", "openapi.json"):
        control = yaml.safe_load(behind_proxy.get(f"/_mock/{name}").text)
        assert [f"{PREFIX}/_mock"] == [each["url"] for each in control["servers"]]
    assert f"GET    {PREFIX}/_mock/state  Read" in behind_proxy.get("/_mock/").text


def test_bare_prefix_redirects() -> None:
    """The links of the page under a prefix need its slash."""

    async def get(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(create_app(), root_path=PREFIX)
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
            return await client.get(path)

    console, reference = (asyncio.run(get(path)) for path in (PREFIX, f"{PREFIX}/"))
    assert (307, f"{PREFIX}/") == (console.status_code, console.headers["location"])
    assert (307, f"{PREFIX}/docs/") == (reference.status_code, reference.headers["location"])


def test_events_behind_a_prefix(behind_proxy: httpx.Client) -> None:
    """Events arrive while the stream is open, and a proxy is told not to hold them back."""
    with behind_proxy.stream("GET", "/_mock/events") as stream:
        lines = stream.iter_lines()
        next(lines)
        behind_proxy.post(COLLECTIONS, json={"cart_id": "cart_demo"})
        while "data:" not in next(lines):
            pass

    assert "no" == stream.headers["x-accel-buffering"]


def test_https(tmp_path: Path) -> None:
    """With a certificate the mock serves https, and a fault can still break the connection."""
    authority = trustme.CA()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    options = ("--ssl-certfile", tmp_path / "cert.pem", "--ssl-keyfile", tmp_path / "key.pem")
    with (
        running(*options) as mock,
        httpx.Client(base_url=mock.url, headers=KEY, verify=context) as client,
    ):
        client.post("/_mock/faults", json={"broken": "dropped"}).raise_for_status()
        with pytest.raises(httpx.TransportError):
            client.post(SESSIONS, json=SYSTEM)
        assert client.post(SESSIONS, json=SYSTEM).is_success
        assert [] == mock.stop()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--ssl-certfile", "nowhere.pem"], "cannot serve https with nowhere.pem: "),
        (["--ssl-certfile", __file__], f"cannot serve https with {__file__}: "),
        (["--ssl-keyfile", "key.pem"], "--ssl-keyfile needs --ssl-certfile FILE"),
    ],
    ids=["missing", "not a certificate", "key alone"],
)
def test_unusable_certificate(
    options: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error names the files, and nothing is served."""
    code = main(["serve", "--port", "0", *options])

    out, err = capsys.readouterr()
    assert (1, "") == (code, out)
    assert err.startswith(f"xclade-store-mock: {problem}")
