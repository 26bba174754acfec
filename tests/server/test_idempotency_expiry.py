"""Idempotency keys: their lifetime."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import httpx
import pytest
from tests.conftest import KEY, served
from tests.server.wire import KEY_REUSED, SESSIONS, STRIPE, SYSTEM, answer, session_of

from xclade_store_mock.app import create_app

DAY = timedelta(hours=24)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now


class Era(NamedTuple):
    """A demo store and its clock."""

    client: httpx.Client
    clock: Clock


@pytest.fixture(scope="module")
def era() -> Iterator[Era]:
    """Serve a demo store with a clock that the test controls."""
    clock = Clock()
    app = create_app(clock=clock)
    with served(app) as url, httpx.Client(base_url=url, headers=KEY) as client:
        yield Era(client, clock)


@pytest.mark.parametrize(
    ("age", "header"), [(DAY - timedelta(seconds=1), "true"), (DAY, None), (7 * DAY, None)]
)
def test_keys_expire_after_a_day(
    era: Era, idempotency: dict[str, str], age: timedelta, header: str | None
) -> None:
    """A key expires 24 hours after its first use, whether or not it was repeated."""
    first = era.client.post(SESSIONS, headers=idempotency, json=SYSTEM)
    era.clock.now += DAY / 2
    between = era.client.post(SESSIONS, headers=idempotency, json=SYSTEM)
    era.clock.now += age - DAY / 2
    last = era.client.post(SESSIONS, headers=idempotency, json=SYSTEM)

    assert (None, "true", header) == tuple(
        response.headers.get("Idempotent-Replayed") for response in (first, between, last)
    )


def test_each_key_has_its_own_day(era: Era, idempotency: dict[str, str]) -> None:
    """Each key expires on its own, independent of newer and older ones."""
    older = {"Idempotency-Key": f"{idempotency['Idempotency-Key']}-older"}
    era.client.post(SESSIONS, headers=older, json=SYSTEM)
    era.clock.now += DAY / 2
    era.client.post(SESSIONS, headers=idempotency, json=SYSTEM)
    era.clock.now += DAY / 2

    forgotten, remembered = (
        era.client.post(SESSIONS, headers=headers, json=SYSTEM) for headers in (older, idempotency)
    )

    assert "Idempotent-Replayed" not in forgotten.headers
    assert "true" == remembered.headers["Idempotent-Replayed"]


def test_expired_key_takes_another_request(era: Era, idempotency: dict[str, str]) -> None:
    """An expired key can be used for a different request."""
    era.client.post(SESSIONS, headers=idempotency, json=SYSTEM)
    refused = era.client.post(SESSIONS, headers=idempotency, json=STRIPE)
    era.clock.now += DAY
    taken = era.client.post(SESSIONS, headers=idempotency, json=STRIPE)

    assert KEY_REUSED == answer(refused)
    assert "pp_stripe_stripe" == session_of(taken)["provider_id"]
