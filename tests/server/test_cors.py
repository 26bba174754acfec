"""What a browser's pages may do."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.conftest import KEY, Serve
from tests.server.command import running
from tests.server.stand_ins import Stage
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
    """Ask what a browser asks before it sends JSON with a key."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type,idempotency-key,x-publishable-api-key",
    }
    return client.options(SESSIONS, headers=headers)


def exposed(response: httpx.Response) -> set[str]:
    """Read which headers a page may see, beyond the common ones."""
    return {name.strip() for name in response.headers["Access-Control-Expose-Headers"].split(",")}


def assert_allowed(response: httpx.Response, origin: str) -> None:
    """Expect a page of this origin to be let in, with its cookies."""
    assert origin == response.headers["Access-Control-Allow-Origin"]
    assert "true" == response.headers["Access-Control-Allow-Credentials"]
    assert "Origin" in response.headers["Vary"]


@pytest.fixture
def one_origin(serve: Serve) -> Iterator[httpx.Client]:
    """Answer a client of a store that lets in one origin only."""
    store = parse_store(ONE_ORIGIN, "origins.yaml", datetime.now(UTC))
    with httpx.Client(base_url=serve(store=store), headers=KEY) as client:
        yield client


@pytest.mark.parametrize("origin", [SHOP, "http://localhost:8000", "null"])
def test_preflight_from_any_origin(untouched: httpx.Client, origin: str) -> None:
    """Without a list of origins every page may send every header that the contract has."""
    response = preflight(untouched, origin)

    assert response.is_success
    assert_allowed(response, origin)
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    allowed = response.headers["Access-Control-Allow-Headers"].lower()
    assert {"content-type", "idempotency-key", "x-publishable-api-key"} <= {
        name.strip() for name in allowed.split(",")
    }


def test_preflight_of_another_method(untouched: httpx.Client) -> None:
    """What no operation does, a page need not try."""
    assert preflight(untouched, SHOP, "DELETE").is_client_error


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
    untouched: httpx.Client, path: str, headers: dict[str, str], content: bytes, status: int
) -> None:
    """A page may read an error whoever found it."""
    response = untouched.post(path, headers={**headers, "Origin": SHOP}, content=content)

    assert status == response.status_code
    assert_allowed(response, SHOP)


def test_bugs_reach_the_page(stage: Stage) -> None:
    """Even a bug of the server is an answer that a page may read."""
    stage.provider.play(RuntimeError())

    response = stage.client.post(SESSIONS, headers={"Origin": SHOP}, json=SYSTEM)

    assert 500 == response.status_code
    assert_allowed(response, SHOP)


def test_page_sees_whether_an_answer_was_replayed(
    lived_in: httpx.Client, idempotency: dict[str, str]
) -> None:
    """The header of replayed answers is exposed to pages."""
    headers = {**idempotency, "Origin": SHOP}
    first, second = (lived_in.post(SESSIONS, headers=headers, json=SYSTEM) for _ in range(2))

    for response in (first, second):
        assert_allowed(response, SHOP)
        assert "Idempotent-Replayed" in exposed(response)
    assert "true" == second.headers["Idempotent-Replayed"]


def test_page_sees_violations(untouched: httpx.Client) -> None:
    """The header that tells violations is exposed to pages."""
    response = untouched.post(SESSIONS, headers={"Origin": SHOP}, json={})

    assert "sl-violations" in response.headers
    assert "sl-violations" in exposed(response)


def test_without_an_origin_nothing_is_allowed(lived_in: httpx.Client) -> None:
    """Who is no page gets no such headers."""
    response = lived_in.post(SESSIONS, json=SYSTEM)

    assert not [name for name in response.headers if name.startswith("access-control-")]


def test_store_may_name_its_origins(one_origin: httpx.Client) -> None:
    """With a list of origins, pages of others are not let in."""
    assert_allowed(preflight(one_origin, SHOP), SHOP)
    for origin in ("https://other.example", f"{SHOP}.example", "null"):
        refused = preflight(one_origin, origin)

        assert refused.is_client_error
        assert "Access-Control-Allow-Origin" not in refused.headers


def test_option_outdoes_the_store(tmp_path: Path) -> None:
    """Origins named to the command are let in, and those of its store no longer."""
    seed = tmp_path / "origins.yaml"
    seed.write_text(ONE_ORIGIN, "utf-8")
    named = ("https://new.example", "http://localhost:8000")
    options = [option for origin in named for option in ("--cors-origin", origin)]

    with running("--seed", seed, *options) as mock, httpx.Client(base_url=mock.url) as client:
        for origin in named:
            assert_allowed(preflight(client, origin), origin)
        assert "Access-Control-Allow-Origin" not in preflight(client, SHOP).headers


def test_stored_origins_outlive_the_command(tmp_path: Path) -> None:
    """A database keeps whose pages may call, too; an option of the command goes before it."""
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
