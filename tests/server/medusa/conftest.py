"""A store in the medusa dialect."""

from collections.abc import Iterator

import httpx
import pytest
from tests.conftest import Serve

from xclade_store_mock.app import utc_now
from xclade_store_mock.dialects import MEDUSA
from xclade_store_mock.payments.seed import parse_store

STORE = """
publishable_keys: [{token: pk_test}, {token: pk_old, revoked: true}]
payment_providers:
  - {id: pp_system_default}
  - {id: pp_stripe_stripe}
  - {id: pp_stripe-ideal_stripe, is_enabled: false}
  - {id: pp_gone_gone, installed: false}
regions:
  - id: reg_eu
    currency_code: eur
    payment_providers: [pp_system_default, pp_stripe_stripe, pp_stripe-ideal_stripe, pp_gone_gone]
customers: [{id: cus_1, token: token_1}]
carts:
  - {id: cart_1, region_id: reg_eu, currency_code: eur, total: 32.97}
payment_collections:
  - {id: pay_col_1, cart_id: cart_1, currency_code: eur, amount: 32.97}
  - {id: pay_col_alone, currency_code: eur, amount: 5}
cors_origins: ["http://shop.test"]
"""


@pytest.fixture
def medusa(serve: Serve) -> Iterator[httpx.Client]:
    """Yield a client for the store above, with its publishable key."""
    url = serve(store=parse_store(STORE, "store", utc_now()), dialect=MEDUSA)
    with httpx.Client(base_url=url, headers={"x-publishable-api-key": "pk_test"}) as client:
        yield client
