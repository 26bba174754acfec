"""A simulator of Stripe for `pp_stripe_…`: returns the PaymentIntent that Stripe would.

Its shape and rounding are recorded (`amount/jpy-stripe`, `amount/fine3-stripe`, `stripe/opts-*`).
"""

import re
import string
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from importlib import resources
from random import Random
from typing import Any

import msgspec

from xclade_store_mock.errors import ProviderRefused
from xclade_store_mock.payments.model import Customer
from xclade_store_mock.payments.providers import ProviderSession, SessionRequest

_STRIPE: Mapping[str, Any] = msgspec.yaml.decode(
    resources.files(__package__).joinpath("stripe.yaml").read_text("utf-8")
)
_MAXIMUM = 99_999_999  # minor units: eight digits
_CAPTURE_METHODS = ("automatic", "automatic_async", "manual")


def _by_currency(table: Mapping[str, str]) -> Mapping[str, str]:
    return {currency: value for value, codes in table.items() for currency in codes.split()}


_CURRENCIES: Sequence[str] = _STRIPE["currencies"].split(", ")
_DECIMALS = _by_currency(_STRIPE["decimals"])
_MINIMUMS = _by_currency(_STRIPE["minimums"])
_FORMATS = _by_currency(_STRIPE["formats"])

_ALPHABET = string.ascii_letters + string.digits


def minor_units(amount: Decimal, currency_code: str) -> int:
    """Return an amount as Stripe counts it: 32.97 eur is 3297, 1500 jpy is 1500.

    Of three decimals, the last has to be 0: it is rounded up, as in Medusa.
    """
    decimals = _decimals(currency_code)
    units = int(amount.scaleb(decimals).to_integral_value(rounding=ROUND_HALF_UP))
    return -(-units // 10) * 10 if decimals == 3 else units  # noqa: PLR2004 - as named above


def _decimals(currency_code: str) -> int:
    return int(_DECIMALS.get(currency_code.lower(), 2))


class StripeProvider:
    """Creates PaymentIntents, and refuses what Stripe refuses, in its words."""

    async def initiate(self, request: SessionRequest) -> ProviderSession:
        amount = minor_units(request.amount, request.currency_code)
        # Null counts as absent.
        data = {name: value for name, value in request.data.items() if value is not None}
        problem = next(_problems(request, amount, data), None)
        if problem is not None:
            raise ProviderRefused(problem)
        intent = payment_intent(request, amount, data)
        return ProviderSession(
            data=intent, status=_STRIPE["statuses"].get(intent["status"], "pending")
        )


def _problems(request: SessionRequest, amount: int, data: Mapping[str, Any]) -> Iterator[str]:
    """Yield Stripe's objections to an amount in minor units and to the options in `data`."""
    currency = request.currency_code.lower()
    if request.strict:
        yield from _option_problems(currency, data)
    if amount < 1:
        yield "Invalid amount: this value must be greater than or equal to 1."
    minimum = minor_units(Decimal(_MINIMUMS.get(currency, 0)), currency)
    if amount < minimum:
        yield f"Amount must be at least {_show(minimum, currency)} {currency}"
    if request.strict and amount > _MAXIMUM:
        yield f"Amount must be no more than {_show(_MAXIMUM, currency)}"


def _option_problems(currency: str, data: Mapping[str, Any]) -> Iterator[str]:
    if currency not in _CURRENCIES:
        supported = f"Stripe currently supports these currencies: {', '.join(_CURRENCIES)}"
        yield f"Invalid currency: {currency}. {supported}"
    if data.get("capture_method", "manual") not in _CAPTURE_METHODS:
        yield "Invalid capture_method: must be one of automatic, automatic_async, or manual"
    if not isinstance(data.get("payment_method_types", []), list):
        yield "Invalid array"
    if data.get("confirm") is True and "payment_method" not in data:
        yield "You cannot confirm this PaymentIntent because it's missing a payment method."


def _show(amount: int, currency: str) -> str:
    decimals = _decimals(currency)
    major = f"{Decimal(amount).scaleb(-decimals):,.{decimals}f}"
    return _FORMATS.get(currency, "{}").format(major)


def payment_intent(request: SessionRequest, amount: int, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the PaymentIntent for an amount in minor units.

    It contains the fields of the request's data that the backend passes on to Stripe.
    """
    # Like Stripe, it returns the same intent for the same idempotency key.
    letters = Random(request.session_id).choices(_ALPHABET, k=48)  # noqa: S311 - not a real secret
    intent_id = "pi_3" + "".join(letters[:23])
    variant = request.provider_id.removeprefix("pp_stripe-").partition("_")[0]
    method = _STRIPE["variants"].get(variant)
    capture_method = data.get("capture_method", "automatic" if method else "manual")
    return {
        **_STRIPE["intent"],
        **_progress(data, capture_method, amount),
        "id": intent_id,
        "amount": amount,
        "automatic_payment_methods": data.get("automatic_payment_methods"),
        "capture_method": capture_method,
        "client_secret": f"{intent_id}_secret_{''.join(letters[23:])}",
        "created": int(request.now.timestamp()),
        "currency": request.currency_code,
        "customer": request.context.get("account_holder", {}).get("data", {}).get("id"),
        "description": data.get("payment_description"),
        "metadata": {**_spread(data.get("metadata")), "session_id": request.session_id},
        "payment_method": data.get("payment_method"),
        "payment_method_options": {
            "card": _STRIPE["card_options"],
            **_object(data.get("payment_method_options")),
        },
        "payment_method_types": data.get(
            "payment_method_types", [method] if method else ["card", "link"]
        ),
        "setup_future_usage": data.get("setup_future_usage"),
    }


def stripe_customer(customer: Customer, random: Random) -> dict[str, Any]:
    """Return the Customer that Stripe keeps for a store's customer."""
    names = [each for each in (customer.first_name, customer.last_name) if each]
    return {
        **_STRIPE["customer"],
        "id": "cus_" + "".join(random.choices(_ALPHABET, k=14)),
        "created": int(customer.created_at.timestamp()),
        "email": customer.email,
        "invoice_prefix": f"{random.getrandbits(32):08X}",
        "name": " ".join(names) or None,
        "phone": customer.phone,
    }


def _progress(data: Mapping[str, Any], capture_method: Any, amount: int) -> dict[str, Any]:
    """Return how far an intent gets at once: nowhere unless it has a payment method.

    A confirmed one is authorized or captured, unless the method is one of Stripe's test cards that
    ask for authentication.
    """
    method = data.get("payment_method")
    if method is None:
        return {}
    if data.get("confirm") is not True:
        return {"status": "requires_confirmation"}
    if re.search("authenticationRequired|threeDSecure", str(method)):
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
        return {"status": "requires_action", "next_action": action}
    if capture_method == "manual":
        return {"status": "requires_capture", "amount_capturable": amount}
    return {"status": "succeeded", "amount_received": amount}


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _spread(value: Any) -> Mapping[str, Any]:
    """Return what `{...value}` is in JavaScript: a list's or a text's items by their index."""
    if isinstance(value, str):
        units = value.encode("utf-16-le", "surrogatepass")
        # Half of a surrogate pair cannot be sent to Stripe.
        value = [
            units[at : at + 2].decode("utf-16-le", "replace") for at in range(0, len(units), 2)
        ]
    if isinstance(value, list):
        return {str(index): item for index, item in enumerate(value)}
    return _object(value)
