"""A simulator of Stripe for `pp_stripe_…`: returns the PaymentIntent that Stripe would.

Its shape and rounding are recorded (`amount/jpy-stripe`, `amount/fine3-stripe`, `stripe/opts-*`).
"""

import string
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from xclade_store_mock.errors import ProviderRefused
from xclade_store_mock.payments.providers import ProviderSession, SessionRequest

# ISO 4217: the currencies whose minor unit is not a hundredth, by its number of decimals.
_EXPONENTS: Mapping[str, int] = {
    currency: digits
    for digits, currencies in {
        0: "bif clp djf gnf isk jpy kmf krw pyg rwf ugx uyi vnd vuv xaf xof xpf",
        3: "bhd iqd jod kwd lyd omr tnd",
        4: "clf uyw",
    }.items()
    for currency in currencies.split()
}

# Stripe's minimum charges by currency, in major units (Stripe's documentation).
_MINIMUMS: Mapping[str, Decimal] = {
    currency: Decimal(amount)
    for amount, currencies in {
        "0.30": "gbp",
        "0.50": "aud brl cad chf eur inr nzd sgd usd",
        "2.00": "aed myr pln ron",
        "2.50": "dkk",
        "3.00": "nok sek",
        "4.00": "hkd",
        "10.00": "mxn thb",
        "15.00": "czk",
        "50": "jpy",
        "175.00": "huf",
    }.items()
    for currency in currencies.split()
}

# The payment method of each variant of the provider, `pp_stripe-{variant}_…`.
_VARIANTS: Mapping[str, str] = {
    "bancontact": "bancontact",
    "blik": "blik",
    "giropay": "giropay",
    "ideal": "ideal",
    "oxxo": "oxxo",
    "promptpay": "promptpay",
    "przelewy24": "p24",
}

_ALPHABET = string.ascii_letters + string.digits


def minor_units(amount: Decimal, currency_code: str) -> int:
    """Return an amount in the currency's minor unit: 32.97 eur is 3297, 1500 jpy is 1500."""
    scaled = amount.scaleb(_EXPONENTS.get(currency_code.lower(), 2))
    return int(scaled.to_integral_value(rounding=ROUND_HALF_UP))


class StripeProvider:
    """Creates PaymentIntents, and refuses the amounts that Stripe refuses."""

    async def initiate(self, request: SessionRequest) -> ProviderSession:
        """Return a PaymentIntent; raise ProviderRefused if the amount is below the minimum."""
        amount = minor_units(request.amount, request.currency_code)
        if amount < 1:
            raise ProviderRefused("Invalid amount: this value must be greater than or equal to 1.")
        minimum = _MINIMUMS.get(request.currency_code.lower(), Decimal(0))
        if amount < minor_units(minimum, request.currency_code):
            raise ProviderRefused(f"Amount must be at least {minimum} {request.currency_code}.")
        return ProviderSession(data=payment_intent(request, amount))


def payment_intent(request: SessionRequest, amount: int) -> dict[str, Any]:
    """Return the PaymentIntent for an amount in minor units.

    It contains the fields of the request's data that the backend passes on to Stripe.
    """
    # Like Stripe, it returns the same intent for the same idempotency key.
    letters = Random(request.session_id).choices(_ALPHABET, k=48)  # noqa: S311 - not a real secret
    intent_id = "pi_3" + "".join(letters[:23])
    variant = request.provider_id.removeprefix("pp_stripe-").partition("_")[0]
    method = _VARIANTS.get(variant)
    # Null counts as absent.
    data = {name: value for name, value in request.data.items() if value is not None}
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": data.get("automatic_payment_methods"),
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": data.get("capture_method", "automatic" if method else "manual"),
        "client_secret": f"{intent_id}_secret_{''.join(letters[23:])}",
        "confirmation_method": "automatic",
        "created": int(request.now.timestamp()),
        "currency": request.currency_code,
        "customer": None,
        "description": data.get("payment_description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {**_object(data.get("metadata")), "session_id": request.session_id},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": data.get("payment_method"),
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            },
            **_object(data.get("payment_method_options")),
        },
        "payment_method_types": data.get(
            "payment_method_types", [method] if method else ["card", "link"]
        ),
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": data.get("setup_future_usage"),
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
