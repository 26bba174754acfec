"""Prism, an independent implementation, serves the same contract."""

import re

import httpx
import pytest
from tests.conftest import KEY

from xclade_store_mock.cli import main


def test_prism_serves_each_operation_without_violations(prism_url: str) -> None:
    """Neither the requests nor Prism's responses break the contract."""
    collections = "/store/payment-collections"
    with httpx.Client(base_url=prism_url, headers=KEY) as prism:
        for response in (
            prism.get("/store/payment-providers?region_id=reg_demo"),
            prism.post(collections, json={"cart_id": "cart_new"}),
            prism.post(
                f"{collections}/pay_col_demo/payment-sessions",
                json={"provider_id": "pp_stripe_stripe"},
            ),
        ):
            assert 200 == response.status_code
            assert "sl-violations" not in response.headers


def test_prism_requires_the_key(prism_url: str) -> None:
    """Prism requires the publishable key."""
    response = httpx.get(f"{prism_url}/store/payment-providers?region_id=reg_demo")

    assert (401, "Unauthorized") == (response.status_code, response.text)


def test_check_finds_what_prism_has_no_state_for(
    prism_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`check` reports what Prism lacks: a store, keys and limits."""
    code = main(
        [
            *("check", prism_url, "--publishable-key", "pk_demo", "--timeout", "5"),
            *("--region-id", "reg_demo", "--cart-id", "cart_demo"),
            *("--max-examples", "1", "--seed", "1"),
        ]
    )

    titles = re.findall(r"^\d+\. [\w, ]+: (.+)$", capsys.readouterr().out, re.MULTILINE)
    assert 1 == code
    assert {
        "the response is about the payment collection in the path",
        "body over 102,400 bytes",
        "unsupported media type, charset or encoding",
        # It does not respond to malformed JSON.
        "no response",
        "a number beyond a double's range",
        "publishable key unknown, revoked or sent twice",
        "an unknown query parameter, with two dots in its name",
        "a query parameter without a name",
        "a cart has one payment collection, and shares it with no other",
        "cart not found",
        "payment collection not found",
        "NUL or a lone surrogate in `data`",
        "same `Idempotency-Key`, other request",
        "pages of providers add up to `count`, without repetition",
        "`fields` adds, removes and replaces fields",
        "a method that the contract does not have is not refused as it should be",
        "a request that breaks the contract is not refused",
    } == {*titles}
