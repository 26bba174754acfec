"""A simulator of Stripe for `pp_stripe_…`: returns the PaymentIntent that Stripe would.

Its shape and rounding are recorded (`amount/jpy-stripe`, `amount/fine3-stripe`, `stripe/opts-*`).
"""

import re
import string
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any, TypeVar

from xclade_store_mock.errors import ProviderRefused
from xclade_store_mock.payments.model import Customer
from xclade_store_mock.payments.providers import ProviderSession, SessionRequest

Value = TypeVar("Value")


def _by_currency(table: Mapping[Value, str]) -> Mapping[str, Value]:
    return {currency: value for value, codes in table.items() for currency in codes.split()}


# The number of decimals of the currencies whose minor unit is not a hundredth (Medusa's
# payment-stripe, utils/get-smallest-unit). ISO 4217 differs: isk, huf and lyd are hundredths here.
_DECIMALS = _by_currency(
    {
        0: "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf",
        3: "bhd iqd jod kwd omr tnd",
    }
)

# Stripe's minimum charges in major units (https://docs.stripe.com/currencies).
_MINIMUMS = _by_currency(
    {
        Decimal("0.30"): "gbp",
        Decimal("0.50"): "ars aud brl cad chf cop eur idr ils inr nzd php rub sgd usd zar",
        Decimal("2.00"): "aed myr pln ron",
        Decimal("2.50"): "dkk",
        Decimal("3.00"): "nok sek",
        Decimal("4.00"): "hkd",
        Decimal(10): "mxn thb",
        Decimal(15): "czk",
        Decimal(50): "jpy krw",
        Decimal(175): "huf",
    }
)
_MAXIMUM = 99_999_999  # minor units: eight digits

# In the order of Stripe's own message.
_CURRENCIES = (
    "usd, aed, afn, all, amd, ang, aoa, ars, aud, awg, azn, bam, bbd, bdt, bgn, bhd, bif, bmd, "
    "bnd, bob, brl, bsd, bwp, byn, bzd, cad, cdf, chf, clp, cny, cop, crc, cve, czk, djf, dkk, "
    "dop, dzd, egp, etb, eur, fjd, fkp, gbp, gel, gip, gmd, gnf, gtq, gyd, hkd, hnl, hrk, htg, "
    "huf, idr, ils, inr, isk, jmd, jod, jpy, kes, kgs, khr, kmf, krw, kwd, kyd, kzt, lak, lbp, "
    "lkr, lrd, lsl, mad, mdl, mga, mkd, mmk, mnt, mop, mur, mvr, mwk, mxn, myr, mzn, nad, ngn, "
    "nio, nok, npr, nzd, omr, pab, pen, pgk, php, pkr, pln, pyg, qar, ron, rsd, rub, rwf, sar, "
    "sbd, scr, sek, sgd, shp, sle, sos, srd, std, szl, thb, tjs, tnd, top, try, ttd, twd, tzs, "
    "uah, ugx, uyu, uzs, vnd, vuv, wst, xaf, xcd, xof, xpf, yer, zar, zmw, usdc, btn, ghs, eek, "
    "lvl, svc, vef, ltl, sll, mro"
)
# How Stripe's messages write amounts; without a sign in the other currencies.
_FORMATS = _by_currency(
    {
        "${}": "ars aud cad cop hkd mxn nzd sgd usd",
        "R${}": "brl",
        "€{}": "eur",
        "£{}": "gbp",
        "₹{}": "inr",
        "¥{}": "jpy",
        "₩{}": "krw",
        "{} Kč": "czk",
        "{} kr": "dkk nok sek",
        "{} Ft": "huf",
        "{} zł": "pln",
        "{} Lei": "ron",
    }
)

_CAPTURE_METHODS = ("automatic", "automatic_async", "manual")

# The session's status for each status of an intent; pending for the others (recorded).
_STATUSES: Mapping[str, str] = {
    "requires_capture": "authorized",
    "succeeded": "captured",
    "requires_action": "requires_more",
    "canceled": "canceled",
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

# The fields of an intent that are null here.
_UNSET = (
    "application application_fee_amount canceled_at cancellation_reason last_payment_error "
    "latest_charge next_action on_behalf_of payment_method_configuration_details processing "
    "receipt_email review shipping source statement_descriptor statement_descriptor_suffix "
    "transfer_data transfer_group"
)

_ALPHABET = string.ascii_letters + string.digits


def minor_units(amount: Decimal, currency_code: str) -> int:
    """Return an amount as Stripe counts it: 32.97 eur is 3297, 1500 jpy is 1500.

    Of three decimals, the last has to be 0: it is rounded up, as in Medusa.
    """
    decimals = _decimals(currency_code)
    units = int(amount.scaleb(decimals).to_integral_value(rounding=ROUND_HALF_UP))
    return -(-units // 10) * 10 if decimals == 3 else units  # noqa: PLR2004 - as named above


def _decimals(currency_code: str) -> int:
    return _DECIMALS.get(currency_code.lower(), 2)


class StripeProvider:
    """Creates PaymentIntents, and refuses what Stripe refuses, in its words."""

    async def initiate(self, request: SessionRequest) -> ProviderSession:
        """Return a PaymentIntent; raise ProviderRefused with Stripe's message."""
        amount = minor_units(request.amount, request.currency_code)
        # Null counts as absent.
        data = {name: value for name, value in request.data.items() if value is not None}
        problem = next(_problems(request, amount, data), None)
        if problem is not None:
            raise ProviderRefused(problem)
        intent = payment_intent(request, amount, data)
        return ProviderSession(data=intent, status=_STATUSES.get(intent["status"], "pending"))


def _problems(request: SessionRequest, amount: int, data: Mapping[str, Any]) -> Iterator[str]:
    """Yield Stripe's objections to an amount in minor units and to the options in `data`."""
    currency = request.currency_code.lower()
    if request.strict:
        yield from _option_problems(currency, data)
    if amount < 1:
        yield "Invalid amount: this value must be greater than or equal to 1."
    minimum = minor_units(_MINIMUMS.get(currency, Decimal()), currency)
    if amount < minimum:
        yield f"Amount must be at least {_show(minimum, currency)} {currency}"
    if request.strict and amount > _MAXIMUM:
        yield f"Amount must be no more than {_show(_MAXIMUM, currency)}"


def _option_problems(currency: str, data: Mapping[str, Any]) -> Iterator[str]:
    if currency not in _CURRENCIES.split(", "):
        supported = f"Stripe currently supports these currencies: {_CURRENCIES}"
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
    method = _VARIANTS.get(variant)
    capture_method = data.get("capture_method", "automatic" if method else "manual")
    return {
        **dict.fromkeys(_UNSET.split()),
        **_progress(data, capture_method, amount),
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_details": {"tip": {}},
        "automatic_payment_methods": data.get("automatic_payment_methods"),
        "capture_method": capture_method,
        "client_secret": f"{intent_id}_secret_{''.join(letters[23:])}",
        "confirmation_method": "automatic",
        "created": int(request.now.timestamp()),
        "currency": request.currency_code,
        "customer": request.context.get("account_holder", {}).get("data", {}).get("id"),
        "description": data.get("payment_description"),
        "livemode": False,
        "metadata": {**_spread(data.get("metadata")), "session_id": request.session_id},
        "payment_method": data.get("payment_method"),
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
        "setup_future_usage": data.get("setup_future_usage"),
    }


def stripe_customer(customer: Customer, random: Random) -> dict[str, Any]:
    """Return the Customer that Stripe keeps for a store's customer."""
    names = [each for each in (customer.first_name, customer.last_name) if each]
    return {
        **dict.fromkeys(("address", "currency", "default_source", "description", "shipping")),
        "id": "cus_" + "".join(random.choices(_ALPHABET, k=14)),
        "object": "customer",
        "balance": 0,
        "created": int(customer.created_at.timestamp()),
        "delinquent": False,
        "email": customer.email,
        "invoice_prefix": f"{random.getrandbits(32):08X}",
        "livemode": False,
        "metadata": {},
        "name": " ".join(names) or None,
        "phone": customer.phone,
        "preferred_locales": [],
        "tax_exempt": "none",
        "test_clock": None,
    }


def _progress(data: Mapping[str, Any], capture_method: Any, amount: int) -> dict[str, Any]:
    """Return the status of a new intent, and the amounts that follow from it.

    A confirmed intent is authorized or captured, unless its payment method is one of Stripe's test
    cards that ask for authentication.
    """
    progress = {"status": "requires_payment_method", "amount_capturable": 0, "amount_received": 0}
    method = data.get("payment_method")
    if method is None:
        return progress
    if data.get("confirm") is not True:
        return {**progress, "status": "requires_confirmation"}
    if re.search("authenticationRequired|threeDSecure", str(method)):
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
        return {**progress, "status": "requires_action", "next_action": action}
    if capture_method == "manual":
        return {**progress, "status": "requires_capture", "amount_capturable": amount}
    return {**progress, "status": "succeeded", "amount_received": amount}


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
