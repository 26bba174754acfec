"""Access to the control API."""

from collections.abc import Iterator

import httpx
import pytest
from tests.server.control.conftest import serving
from tests.server.control.served import Served

from xclade_store_mock.app import create_app
from xclade_store_mock.control.access import Access

TOKEN = "s3cret-Token"  # noqa: S105 - of nobody's


@pytest.fixture(scope="module")
def guarded() -> Iterator[Served]:
    """Serve a store whose control API requires a token."""
    with serving(create_app(control=Access(TOKEN)), Authorization=f"Bearer {TOKEN}") as mock:
        yield mock


def port(mock: Served) -> int | None:
    """Return the server's port."""
    return httpx.URL(mock.url).port


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "127.0.0.2", "[::1]"])
def test_loopback_names_are_served(mock: Served, host: str) -> None:
    """Requests to any loopback name of this machine are served."""
    headers = {"Host": f"{host}:{port(mock)}"}

    assert 200 == mock.control.get("/state", headers=headers).status_code


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example:{port}",
        "127.0.0.1.rebound.example:{port}",
        "localhost.example:{port}",
        "user@127.0.0.1:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:{port}0",
        "0.0.0.0:{port}",
        "[::2]:{port}",
        "192.168.0.1:{port}",
        "localhost.:{port}",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/state", "/nothing", "/events"])
def test_other_names_are_not_served(mock: Served, host: str, path: str) -> None:
    """Requests to any other name get 403, on every path."""
    headers = {"Host": host.format(port=port(mock))}

    response = mock.control.get(path, headers=headers)

    assert (403, "not_allowed") == (response.status_code, response.json()["type"])


def test_pages_of_its_own_are_served(mock: Served) -> None:
    """Pages from the server itself may use the control API."""
    assert 200 == mock.control.get("/state", headers={"Origin": mock.url}).status_code


@pytest.mark.parametrize(
    "origin",
    [
        "http://shop.example",
        "null",
        "http://127.0.0.1",
        "http://localhost:{port}",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:{port}.example",
        "",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_other_pages_are_not_served(mock: Served, method: str, origin: str) -> None:
    """Pages of another origin get 403, preflight requests too, and no CORS headers."""
    headers = {"Origin": origin.format(port=port(mock)), "Access-Control-Request-Method": "POST"}

    response = mock.control.request(method, "/reset", headers=headers)

    assert 403 == response.status_code
    assert [] == [name for name in response.headers if name.startswith("access-control")]


def test_refused_request_changes_nothing(mock: Served) -> None:
    """Access is checked before anything else."""
    headers = {"Origin": "http://shop.example"}

    mock.control.post("/faults", headers=headers, json={"broken": "dropped"})

    assert [] == mock.faults()


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN.lower()}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer tökén",
    ],
)
@pytest.mark.parametrize("path", ["/state", "/nothing", "/events", "/faults"])
def test_token_is_required_everywhere(
    guarded: Served, path: str, authorization: str | None
) -> None:
    """Without the token every path returns 401, even unknown ones."""
    headers = {} if authorization is None else {b"Authorization": authorization.encode()}

    # Other headers are the store's key only.
    response = guarded.store.get(f"/_mock{path}", headers=headers)

    assert (401, "unauthorized") == (response.status_code, response.json()["type"])
    assert TOKEN not in response.text


def test_token_is_accepted(guarded: Served) -> None:
    """With the token any host and origin may call; the Store API does not require it."""
    anywhere = {"Host": "mock.example", "Origin": "http://shop.example"}

    assert 200 == guarded.control.get("/state").status_code
    assert 200 == guarded.control.get("/state", headers=anywhere).status_code
    lower = {"Authorization": f"bearer  {TOKEN}"}
    assert 200 == guarded.control.get("/state", headers=lower).status_code
    assert 404 == guarded.control.get("/nothing").status_code
    guarded.initialize()


def test_token_is_not_revealed(guarded: Served) -> None:
    """Neither the journal nor a repr contains the token."""
    guarded.store.get("/store", headers={"Authorization": f"Bearer {TOKEN}"})

    assert TOKEN not in guarded.control.get("/journal").text
    assert TOKEN not in repr(Access(TOKEN))
