"""Results for the tests of code that uses the client, without a store."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from xclade_store.generated.models import StorePaymentCollection, StorePaymentSession


def make_payment_collection(
    *, session: Mapping[str, Any] | None = None, **changes: Any
) -> StorePaymentCollection:
    """Return a payment collection with one session, as a store returns it without `fields`.

    `session` overrides fields of the session, other arguments those of the collection. The session
    has the collection's amount and currency unless it overrides them, too.
    """
    collection: dict[str, Any] = {
        "id": "pay_col_test",
        "currency_code": "usd",
        "amount": Decimal("25.50"),
        **changes,
    }
    fields: dict[str, Any] = {
        "id": "payses_test",
        "currency_code": collection["currency_code"],
        "amount": collection["amount"],
        "provider_id": "pp_stripe_stripe",
        "data": {"id": "pi_test", "client_secret": "pi_test_secret_test"},
        "context": {},
        "status": "pending",
        "authorized_at": None,
        "payment": None,
        **(session or {}),
    }
    collection.setdefault("payment_sessions", [StorePaymentSession(**fields)])
    return StorePaymentCollection(**collection)
