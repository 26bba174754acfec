"""The official SDK works with the server, in Node and in a page of another origin."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.frontend.conftest import FetchError, Sdk

from xclade_store_mock.dialects import DOCUMENTED
from xclade_store_mock.web.dialect import Dialect

ROOT = Path(__file__).parents[2]
CART = "{ id: 'cart_demo', payment_collection: { id: 'pay_col_demo' } }"
FREE_CART = "{ id: 'cart_free', payment_collection: { id: 'pay_col_free' } }"
NEW_CART = "{ id: 'cart_new' }"
LOST_CART = "{ id: 'cart_demo', payment_collection: { id: 'pay_col_lost' } }"
SYSTEM = "{ provider_id: 'pp_system_default' }"
STRIPE = "{ provider_id: 'pp_stripe_stripe' }"


def list_providers(query: str = "{ region_id: 'reg_demo' }") -> str:
    """Return JavaScript that lists the payment providers."""
    return f"sdk.store.payment.listPaymentProviders({query})"


def initiate(*arguments: str) -> str:
    """Return JavaScript that initializes a payment session (in the SDK: initiates)."""
    return f"sdk.store.payment.initiatePaymentSession({', '.join(arguments)})"


def session_of(answer: Any) -> Any:
    """Return the only session of the returned collection."""
    (session,) = answer["payment_collection"]["payment_sessions"]
    return session


def test_lists_payment_providers(sdk: Sdk) -> None:
    """The SDK lists a region's providers page by page."""
    assert {
        "payment_providers": [
            {"id": "pp_stripe_stripe", "is_enabled": True},
            {"id": "pp_system_default", "is_enabled": True},
        ],
        "count": 2,
        "offset": 0,
        "limit": 20,
    } == sdk(list_providers())
    page = sdk(list_providers("{ region_id: 'reg_demo', limit: 1, offset: 1 }"))
    assert ["pp_system_default"] == [each["id"] for each in page["payment_providers"]]


def test_initiates_a_session(sdk: Sdk) -> None:
    """A cart with a payment collection gets a session; its data contains the provider's."""
    answer = sdk(initiate(CART, "{ provider_id: 'pp_stripe_stripe', data: { note: 'ä€😀' } }"))

    session = session_of(answer)
    assert "pay_col_demo" == answer["payment_collection"]["id"]
    assert ("pp_stripe_stripe", 25.5) == (session["provider_id"], session["amount"])
    assert session["data"]["client_secret"].startswith(f"{session['data']['id']}_secret_")
    assert "ä€😀" == session["data"]["note"]


def test_initiates_a_session_for_a_new_cart(sdk: Sdk) -> None:
    """For a cart without a payment collection, the SDK creates one, and only one."""
    first, second = (sdk(initiate(NEW_CART, provider)) for provider in (SYSTEM, STRIPE))

    assert first["payment_collection"]["id"] == second["payment_collection"]["id"]
    assert ("pp_stripe_stripe", 40) == (
        session_of(second)["provider_id"],
        session_of(second)["amount"],
    )


def test_returns_the_selected_fields(sdk: Sdk) -> None:
    """The store reads the `fields` of the SDK's query, including plus signs."""
    chosen = sdk(initiate(CART, SYSTEM, "{ fields: 'id,currency_code' }"))
    changed = sdk(initiate(CART, SYSTEM, "{ fields: '+status,-payment_sessions' }"))

    assert {"payment_collection": {"id": "pay_col_demo", "currency_code": "usd"}} == chosen
    assert {"id", "currency_code", "amount", "status"} == changed["payment_collection"].keys()


def test_customer_is_in_the_context(sdk: Sdk) -> None:
    """The SDK sends the token of a customer who has signed in."""
    call = f"sdk.client.setToken('customer_demo').then(() => {initiate(CART, SYSTEM)})"

    answer = sdk(call, auth={"type": "jwt", "jwtTokenStorageMethod": "memory"})

    assert "cus_demo" == session_of(answer)["context"]["customer"]["id"]


HIDDEN = (500, "An unknown error occurred.")
NOT_ENABLED = "Payment provider pp_other_other is not enabled in the cart's region reg_demo."


@pytest.mark.parametrize(
    ("call", "documented", "medusa"),
    [
        (
            initiate(LOST_CART, SYSTEM),
            (404, "Payment collection id not found: pay_col_lost"),
            HIDDEN,
        ),
        (
            initiate(CART, "{ provider_id: 'pp_other_other' }"),
            (400, NOT_ENABLED),
            (400, NOT_ENABLED),
        ),
        (
            initiate(FREE_CART, STRIPE),
            (422, "Invalid amount: this value must be greater than or equal to 1."),
            HIDDEN,
        ),
        (
            initiate("{ id: 'cart_lost' }", SYSTEM),
            (404, "Cart id not found: cart_lost"),
            (404, "Cart id not found: cart_lost"),
        ),
        (
            initiate(CART, "{}"),
            (400, "Invalid request: Field 'provider_id' is required"),
            (400, "Invalid request: Field 'provider_id' is required"),
        ),
    ],
)
def test_refusals_are_fetch_errors(
    sdk: Sdk, dialect: Dialect, call: str, documented: tuple[int, str], medusa: tuple[int, str]
) -> None:
    """The SDK's error has the status and message of the response."""
    with pytest.raises(FetchError) as caught:
        sdk(call)

    assert (documented if dialect is DOCUMENTED else medusa) == caught.value.args


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("pk_other", "A valid publishable key is required to proceed with the request"),
        (
            "",
            (
                "Publishable API key required in the request header: x-publishable-api-key."
                " You can manage your keys in settings in the dashboard."
            ),
        ),
    ],
)
def test_rejected_keys_are_fetch_errors(sdk: Sdk, dialect: Dialect, key: str, message: str) -> None:
    """The documented 401 is not JSON, so the SDK uses the status text as the message."""
    with pytest.raises(FetchError) as caught:
        sdk(list_providers(), publishableKey=key)

    expected = (401, "Unauthorized") if dialect is DOCUMENTED else (400, message)
    assert expected == caught.value.args


def test_documented_example_runs(url: str) -> None:
    """The example in the documentation works as written, apart from the URL."""
    page = (ROOT / "docs/storefronts.md").read_text("utf-8")
    (example,) = re.findall(r"^```js\n(.+?)^```", page, re.MULTILINE | re.DOTALL)
    command = (ROOT / "scripts/node", "node", "--input-type=module", "--eval")

    ran = subprocess.run(
        [*command, example.replace("http://127.0.0.1:4010", url)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (ran.returncode, ran.stderr)
    assert re.fullmatch(r"pi_\w+_secret_\w+\n", ran.stdout)
