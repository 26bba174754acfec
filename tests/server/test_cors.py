"""Cross-origin requests from browsers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.conftest import KEY, Serve
from tests.server.command import running
from tests.server.providers import Scripted
from tests.server.wire import JSON, SESSIONS, SYSTEM

from xclade_store_mock.payments.seed import parse_store

SHOP = "https://shop.example"

ONE_ORIGIN = """
publishable_keys: [{token: pk_demo}]
payment_providers: []
regions: []
cors_origins: [https://shop.example]
"""


def preflight(client: httpx.Client, origin: str, method: str = "POST") -> httpx.Response:
    """Send the preflight request of a browser for JSON with a key."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type,idempotency-key,x-publishable-api-key",
    }
    return client.options(SESSIONS, headers=headers)


def exposed(response: httpx.Response) -> set[str]:
    """Return the exposed response headers."""
    return {name.strip() for name in response.headers["Access-Control-Expose-Headers"].split(",")}


def assert_allowed(response: httpx.Response, origin: str) -> None:
    """Check that pages of this origin are allowed, with cookies."""
    assert origin == response.headers["Access-Control-Allow-Origin"]
    assert "true" == response.headers["Access-Control-Allow-Credentials"]
    assert "Origin" in response.headers["Vary"]


@pytest.fixture
def one_origin(serve: Serve) -> Iterator[httpx.Client]:
    """Yield a client for a store that allows only one origin."""
    store = parse_store(ONE_ORIGIN, "origins.yaml", datetime.now(UTC))
    with httpx.Client(base_url=serve(store=store), headers=KEY) as client:
        yield client


@pytest.mark.parametrize("origin", [SHOP, "http://localhost:8000", "null"])
def test_preflight_from_any_origin(unchanged: httpx.Client, origin: str) -> None:
    """Without a list of origins, any page may send the contract's headers."""
    response = preflight(unchanged, origin)

    assert response.is_success
    assert_allowed(response, origin)
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    allowed = response.headers["Access-Control-Allow-Headers"].lower()
    assert {"content-type", "idempotency-key", "x-publishable-api-key"} <= {
        name.strip() for name in allowed.split(",")
    }


def test_preflight_of_another_method(unchanged: httpx.Client) -> None:
    """A method without an operation is refused."""
    assert preflight(unchanged, SHOP, "DELETE").is_client_error


@pytest.mark.parametrize(
    ("path", "headers", "content", "status"),
    [
        (SESSIONS, JSON, b'{"provider_id":"nobody"}', 400),
        (SESSIONS, JSON, b"{", 400),
        (SESSIONS, {**JSON, "x-publishable-api-key": ""}, b"{}", 401),
        ("/nothing", JSON, b"{}", 404),
        ("/store/payment-providers", JSON, b"{}", 405),
        (SESSIONS, JSON, b" " * 102_401, 413),
        (SESSIONS, {}, b"{}", 415),
    ],
)
def test_errors_reach_the_page(
    unchanged: httpx.Client, path: str, headers: dict[str, str], content: bytes, status: int
) -> None:
    """A page can read an error, whichever layer returns it."""
    response = unchanged.post(path, headers={**headers, "Origin": SHOP}, content=content)

    assert status == response.status_code
    assert_allowed(response, SHOP)


def test_bugs_reach_the_page(scripted: Scripted) -> None:
    """A page can read the response to a bug."""
    scripted.provider.play(RuntimeError())

    response = scripted.client.post(SESSIONS, headers={"Origin": SHOP}, json=SYSTEM)

    assert 500 == response.status_code
    assert_allowed(response, SHOP)


def test_page_sees_whether_a_response_was_replayed(
    shared: httpx.Client, idempotency: dict[str, str]
) -> None:
    """The header of replayed responses is exposed to pages."""
    headers = {**idempotency, "Origin": SHOP}
    first, second = (shared.post(SESSIONS, headers=headers, json=SYSTEM) for _ in range(2))

    for response in (first, second):
        assert_allowed(response, SHOP)
        assert "Idempotent-Replayed" in exposed(response)
    assert "true" == second.headers["Idempotent-Replayed"]


def test_page_sees_violations(unchanged: httpx.Client) -> None:
    """The `sl-violations` header is exposed to pages."""
    response = unchanged.post(SESSIONS, headers={"Origin": SHOP}, json={})

    assert "sl-violations" in response.headers
    assert "sl-violations" in exposed(response)


def test_without_an_origin_nothing_is_allowed(shared: httpx.Client) -> None:
    """A request without an Origin header gets no CORS headers."""
    response = shared.post(SESSIONS, json=SYSTEM)

    assert not [name for name in response.headers if name.startswith("access-control-")]


def test_store_can_list_its_origins(one_origin: httpx.Client) -> None:
    """With a list of origins, other origins are refused."""
    assert_allowed(preflight(one_origin, SHOP), SHOP)
    for origin in ("https://other.example", f"{SHOP}.example", "null"):
        refused = preflight(one_origin, origin)

        assert refused.is_client_error
        assert "Access-Control-Allow-Origin" not in refused.headers


def test_option_overrides_the_store(tmp_path: Path) -> None:
    """The origins of the option replace those of the store."""
    seed = tmp_path / "origins.yaml"
    seed.write_text(ONE_ORIGIN, "utf-8")
    named = ("https://new.example", "http://localhost:8000")
    options = [option for origin in named for option in ("--cors-origin", origin)]

    with running("--seed", seed, *options) as mock, httpx.Client(base_url=mock.url) as client:
        for origin in named:
            assert_allowed(preflight(client, origin), origin)
        assert "Access-Control-Allow-Origin" not in preflight(client, SHOP).headers


def test_origins_are_stored_in_the_database(tmp_path: Path) -> None:
    """A restarted server uses the stored origins, unless the option overrides them."""
    seed = tmp_path / "seed.yaml"
    seed.write_text(ONE_ORIGIN, "utf-8")
    kept = ("--storage", f"sqlite:///{tmp_path}/store.db")
    starts: tuple[tuple[tuple[str | Path, ...], int], ...] = (
        (("--seed", seed), 200),
        ((), 200),
        (("--cors-origin", "https://other.example"), 400),
    )
    for options, status in starts:
        with running(*kept, *options) as mock, httpx.Client(base_url=mock.url) as client:
            assert status == preflight(client, SHOP).status_code
            assert 600 - status == preflight(client, "https://other.example").status_code
