"""What the storages hold in these tests."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from xclade_store_mock.payments.idempotency import LIFETIME, Answer, KeyScope, Record
from xclade_store_mock.payments.model import Cart, Payment, PaymentCollection, PaymentSession
from xclade_store_mock.payments.seed import parse_store

NOW = datetime(2026, 1, 15, 9, 30, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
A_CHANCE = 0.05
"""Seconds in which a bug would show itself."""

SEED = parse_store(
    """
publishable_keys: [{token: pk_web, title: "Web \N{CLOUD}"}, {token: pk_old, revoked: true}]
payment_providers:
  - {id: pp_system_default}
  - {id: pp_stripe_stripe, is_enabled: false}
  - {id: pp_gone_gone, installed: false}
regions:
  - {id: reg_eu, currency_code: eur, payment_providers: [pp_stripe_stripe, pp_system_default]}
  - {id: reg_none, currency_code: usd, payment_providers: []}
customers: [{id: cus_1, token: token_of_cus_1}]
cors_origins: ["https://shop.test"]
carts:
  - {id: cart_1, region_id: reg_eu, currency_code: eur, total: 32.97}
  - {id: cart_2, region_id: reg_eu, currency_code: eur, total: 5}
  - {id: cart_new, region_id: reg_none, currency_code: usd, total: 0.30}
payment_collections:
  - {id: pay_col_1, cart_id: cart_1, currency_code: eur, amount: 32.97}
  - {id: pay_col_2, cart_id: cart_2, currency_code: eur, amount: 5}
  - {id: pay_col_alone, currency_code: usd, amount: 1}
""",
    "seed.yaml",
    NOW,
)

STRANGE_IDS = (
    "",
    " ",
    "cart\0",
    "\0",
    "\ud800",
    "pay_col_1\udc00",
    "x" * 100_000,
    "\N{SLIGHTLY SMILING FACE}",
    "PAY_COL_1",
    "pay_col_1 ",
    "pay_col%",
    "' OR 1=1 --",
    "../pay_col_1",
)
"""Ids that do not exist."""

SESSION = PaymentSession(
    id="payses_1",
    amount=Decimal("32.970"),
    currency_code="eur",
    provider_id="pp_system_default",
    data={"created_at": "never", "deep": [{"amount": 1e22}, -0.0, 2**70, None, "\0\ud800🙂"]},
    created_at=NOW,
    updated_at=LATER,
    status="requires_more",
    context={"customer": {"id": "cus_1"}},
    metadata=None,
)


PAYMENT = Payment(
    id="pay_0",
    session_id="payses_0",
    amount=Decimal("9.90"),
    currency_code="eur",
    provider_id="pp_system_default",
    data={"status": "succeeded"},
    created_at=NOW,
    updated_at=LATER,
    captured_at=LATER,
)


def cart(id_: str, total: str = "9.90") -> Cart:
    """Return a cart."""
    return Cart(id_, "reg_eu", "eur", Decimal(total))


def collection(id_: str, cart_id: str | None = None) -> PaymentCollection:
    """Return a payment collection with a session, and the payment of an earlier one."""
    return PaymentCollection(
        id_, cart_id, "eur", Decimal("9.90"), NOW, LATER, "awaiting", (SESSION,), (PAYMENT,)
    )


def record(key: str, opened_at: datetime = NOW) -> Record:
    """Return an unanswered record."""
    scope = KeyScope("pk_web", "POST", "/store/payment-collections/x/payment-sessions", key)
    return Record(scope, f"fingerprint of {key}", f"payses_{key}", opened_at + LIFETIME)


def answered(opened: Record, body: bytes = b'{"a":"\xc3\xbc"}') -> Record:
    """Return the answered record."""
    return replace(opened, answer=Answer(200, body))


def shown(id_: str) -> str:
    """Return a printable form of a strange id, for a test's name."""
    return ascii(id_[:20])
