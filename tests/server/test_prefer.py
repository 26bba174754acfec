"""What preferences leave alone; what they are answered, tests/contract/test_prefer.py compares."""

import httpx
import pytest
from tests.conftest import KEY, Serve
from tests.server.wire import PROVIDERS, SESSIONS, STRIPE, SYSTEM, answer

from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.web.dialect import Dialect


@pytest.mark.parametrize(
    "prefer", ["code=200", "code=409", "example=stripe", "dynamic=true", "code=418", "code=abc"]
)
def test_preferred_answers_change_nothing(untouched: httpx.Client, prefer: str) -> None:
    """The store does not hear of a request that prefers another answer."""
    untouched.post(SESSIONS, headers={"Prefer": prefer}, json=STRIPE)


def test_preferred_answers_leave_idempotency_keys_alone(
    lived_in: httpx.Client, idempotency: dict[str, str]
) -> None:
    """A key that only came with preferences is still free for any request."""
    lived_in.post(SESSIONS, headers={**idempotency, "Prefer": "code=500"}, json=STRIPE)
    first = lived_in.post(SESSIONS, headers=idempotency, json=SYSTEM)
    replayed = lived_in.post(SESSIONS, headers={**idempotency, "Prefer": "code=200"}, json=SYSTEM)

    assert 200 == first.status_code
    assert "Idempotent-Replayed" not in first.headers
    assert "Idempotent-Replayed" not in replayed.headers


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_query_is_otherwise_read_to_the_letter(serve: Serve, dialect: Dialect) -> None:
    """Preferences are taken out of a query, wherever they stand; the rest stays as it was."""
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
def test_pages_prefer_nothing(lived_in: httpx.Client, path: str) -> None:
    """What is no operation answers as ever."""
    preferring = lived_in.get(path, headers={"Prefer": "code=404, dynamic=true"})

    assert lived_in.get(path).content == preferring.content


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_key_comes_first(serve: Serve, dialect: Dialect) -> None:
    """Whoever has no key may prefer what he wants, in either dialect."""
    with httpx.Client(base_url=serve(dialect=dialect)) as client:
        preferring = client.post(SESSIONS, headers={"Prefer": "code=200"}, json=SYSTEM)
        bare = client.post(SESSIONS, json=SYSTEM)

    assert answer(bare) == answer(preferring)
    assert not preferring.is_success
