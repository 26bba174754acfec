"""Signed-in customers in a session's context, and at Stripe."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.conftest import Serve
from tests.server.wire import SESSIONS, STRIPE, SYSTEM, session_of

from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.payments.seed import parse_store

MOMENT = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
SHOP = """
publishable_keys: [{token: pk}]
payment_providers: [{id: pp_system_default}, {id: pp_stripe_stripe}]
regions: []
payment_collections: [{id: pay_col_demo, currency_code: usd, amount: 25.5}]
customers:
  - {id: cus_new, token: new}
  - id: cus_known
    token: known
    email: ada@example.com
    first_name: Ada
    company_name: Engines
    phone: "+44"
    metadata: {points: 7, share: 0.5}
    addresses: [{id: addr_1}, {id: addr_2, is_default_billing: true}]
    account_holders:
      - {id: acchld_1, provider_id: pp_stripe_stripe, data: {id: cus_stripe}, limit: 2.50}
"""


@pytest.fixture(params=DIALECTS.values(), ids=[*DIALECTS])
def url(request: pytest.FixtureRequest, serve: Serve) -> str:
    """Return the URL of a shop with customers, in each dialect."""
    return serve(store=parse_store(SHOP, "shop.yaml", MOMENT), dialect=request.param)


def initialize(url: str, token: str, provider: dict[str, str]) -> Any:
    """Initialize a customer's session and return it."""
    headers = {"x-publishable-api-key": "pk", "Authorization": f"Bearer {token}"}
    return session_of(httpx.post(url + SESSIONS, headers=headers, json=provider))


def test_context_contains_the_customer_as_described(url: str) -> None:
    """The whole customer is there, without the token, and with a billing address."""
    context = initialize(url, "known", STRIPE)["context"]

    account = {
        "id": "acchld_1",
        "provider_id": "pp_stripe_stripe",
        "data": {"id": "cus_stripe"},
        "limit": 2.5,
    }
    assert {
        "customer": {
            "id": "cus_known",
            "email": "ada@example.com",
            "first_name": "Ada",
            "last_name": None,
            "company_name": "Engines",
            "phone": "+44",
            "metadata": {"points": 7, "share": 0.5},
            "addresses": [{"id": "addr_1"}, {"id": "addr_2", "is_default_billing": True}],
            "billing_address": {"id": "addr_2", "is_default_billing": True},
            "account_holders": [account],
        },
        "account_holder": account,
    } == context


def test_account_that_is_not_described_is_made_up(url: str) -> None:
    """The account is the same in every session, and is one of the customer's."""
    contexts = [initialize(url, "known", SYSTEM)["context"] for _ in range(2)]

    assert contexts[0] == contexts[1]
    account = contexts[0]["account_holder"]
    assert account in contexts[0]["customer"]["account_holders"]
    assert ("cus_known", "pp_system_default", {}, "2026-01-15T09:30:00.000Z") == (
        account["external_id"],
        account["provider_id"],
        account["data"],
        account["created_at"],
    )


def test_intent_belongs_to_the_customer(url: str) -> None:
    """Stripe's customer is the one of the account, described or made up."""
    known, new = (initialize(url, each, STRIPE) for each in ("known", "new"))

    assert "cus_stripe" == known["data"]["customer"]
    account = new["context"]["account_holder"]
    assert new["data"]["customer"] == account["external_id"] == account["data"]["id"]
    assert new["data"]["customer"] != "cus_new"


def test_guest_has_no_context(url: str) -> None:
    """Without a known token, Stripe is told nothing."""
    session = initialize(url, "nobody", STRIPE)

    assert ({}, None) == (session["context"], session["data"]["customer"])
