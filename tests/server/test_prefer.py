"""What preferences do not affect; tests/contract/test_prefer.py compares their responses."""

import httpx
import pytest
from tests.conftest import KEY, Serve
from tests.server.wire import PROVIDERS, SESSIONS, STRIPE, SYSTEM, answer

from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.web.dialect import Dialect


@pytest.mark.parametrize(
    "prefer", ["code=200", "code=409", "example=stripe", "dynamic=true", "code=418", "code=abc"]
)
def test_preferred_responses_change_nothing(unchanged: httpx.Client, prefer: str) -> None:
    """A request with a preference does not change the store."""
    unchanged.post(SESSIONS, headers={"Prefer": prefer}, json=STRIPE)


def test_preferred_responses_do_not_use_idempotency_keys(
    shared: httpx.Client, idempotency: dict[str, str]
) -> None:
    """A key sent only with preferences can still be used for any request."""
    shared.post(SESSIONS, headers={**idempotency, "Prefer": "code=500"}, json=STRIPE)
    first = shared.post(SESSIONS, headers=idempotency, json=SYSTEM)
    replayed = shared.post(SESSIONS, headers={**idempotency, "Prefer": "code=200"}, json=SYSTEM)

    assert 200 == first.status_code
    assert "Idempotent-Replayed" not in first.headers
    assert "Idempotent-Replayed" not in replayed.headers


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_rest_of_the_query_is_unchanged(serve: Serve, dialect: Dialect) -> None:
    """Preferences are removed from the query, wherever they are; the rest is unchanged."""
    query = "__seed=1&region_id=reg_demo&%5F_seed=&fields=%2Bid%2C-is_enabled&limit=1&__code=200"
    with httpx.Client(base_url=serve(dialect=dialect), headers=KEY) as client:
        response = client.get(f"{PROVIDERS}?{query}", headers={"Prefer": "respond-async"})

    expected = {
        "payment_providers": [{"id": "pp_stripe_stripe"}],
        "count": 2,
        "offset": 0,
        "limit": 1,
    }
    assert expected == response.json()


@pytest.mark.parametrize("path", ["/docs/", "/openapi.yaml", "/openapi.json", "/"])
def test_pages_ignore_preferences(shared: httpx.Client, path: str) -> None:
    """Pages other than operations ignore preferences."""
    preferring = shared.get(path, headers={"Prefer": "code=404, dynamic=true"})

    assert shared.get(path).content == preferring.content


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_key_comes_first(serve: Serve, dialect: Dialect) -> None:
    """A missing key is refused regardless of preferences, in each dialect."""
    with httpx.Client(base_url=serve(dialect=dialect)) as client:
        preferring = client.post(SESSIONS, headers={"Prefer": "code=200"}, json=SYSTEM)
        bare = client.post(SESSIONS, json=SYSTEM)

    assert answer(bare) == answer(preferring)
    assert not preferring.is_success
