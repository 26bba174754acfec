"""The payment providers that a collection accepts."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from tests.conftest import KEY, served
from tests.server.wire import COLLECTIONS, answer, error, session_of

from xclade_store_mock.app import create_app
from xclade_store_mock.payments.seed import parse_store

STORE = """
publishable_keys: [{token: pk_demo}]
payment_providers:
  - {id: pp_system_default}
  - {id: pp_stripe_stripe}
  - {id: pp_stripe-ideal_stripe, is_enabled: false}
  - {id: pp_gone_gone, installed: false}
  - {id: pp_stripe_gone, installed: false}
regions:
  - id: reg_home
    currency_code: eur
    payment_providers: [pp_system_default, pp_stripe-ideal_stripe, pp_gone_gone, pp_stripe_gone]
  - {id: reg_bare, currency_code: gbp, payment_providers: []}
carts:
  - {id: cart_home, region_id: reg_home, currency_code: eur, total: 10}
  - {id: cart_bare, region_id: reg_bare, currency_code: gbp, total: 10}
payment_collections:
  - {id: home, cart_id: cart_home, currency_code: eur, amount: 10}
  - {id: bare, cart_id: cart_bare, currency_code: gbp, amount: 10}
  - {id: cartless, currency_code: eur, amount: 10}
"""


@pytest.fixture(scope="module")
def regions() -> Iterator[httpx.Client]:
    """Yield a client of a store with regions that have several providers and none."""
    store = parse_store(STORE, "regions.yaml", datetime.now(UTC))
    with served(create_app(store=store)) as url, httpx.Client(base_url=url, headers=KEY) as client:
        yield client


def initialize(client: httpx.Client, collection_id: str, provider_id: str) -> httpx.Response:
    """Initialize a session with a provider."""
    return client.post(
        f"{COLLECTIONS}/{collection_id}/payment-sessions", json={"provider_id": provider_id}
    )


@pytest.mark.parametrize(
    ("collection_id", "provider_id", "region_id"),
    [
        ("home", "pp_stripe_stripe", "reg_home"),
        ("bare", "pp_system_default", "reg_bare"),
        ("home", "pp_nobody_nobody", "reg_home"),
        ("home", "PP_SYSTEM_DEFAULT", "reg_home"),
        ("home", "", "reg_home"),
    ],
)
def test_provider_must_be_linked_to_the_carts_region(
    regions: httpx.Client, collection_id: str, provider_id: str, region_id: str
) -> None:
    """An unlinked provider is refused; the error names it and the region."""
    message = f"Payment provider {provider_id} is not enabled in the cart's region {region_id}."

    assert error(400, "invalid_data", message) == answer(
        initialize(regions, collection_id, provider_id)
    )


@pytest.mark.parametrize(
    ("collection_id", "provider_id"),
    [
        ("home", "pp_gone_gone"),
        ("home", "pp_stripe_gone"),
        ("cartless", "pp_gone_gone"),
        ("cartless", "pp_nobody_nobody"),
    ],
)
def test_provider_must_be_installed(
    regions: httpx.Client, collection_id: str, provider_id: str
) -> None:
    """A provider that is not installed is refused, even if the region links to it."""
    message = f"Payment provider {provider_id} is not installed."

    assert error(400, "invalid_data", message) == answer(
        initialize(regions, collection_id, provider_id)
    )


def test_disabled_provider_works(regions: httpx.Client) -> None:
    """A linked provider works even if it is disabled (recorded), as do variants of Stripe."""
    session = session_of(initialize(regions, "home", "pp_stripe-ideal_stripe"))

    assert ("pp_stripe-ideal_stripe", "payment_intent") == (
        session["provider_id"],
        session["data"]["object"],
    )


@pytest.mark.parametrize("provider_id", ["pp_stripe_stripe", "pp_system_default"])
def test_collection_without_a_cart_accepts_every_provider(
    regions: httpx.Client, provider_id: str
) -> None:
    """Without a cart there is no region, so every provider is accepted."""
    assert provider_id == session_of(initialize(regions, "cartless", provider_id))["provider_id"]
