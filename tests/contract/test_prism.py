"""Prism serves the same contract: an independent reading of it."""

import httpx
from tests.conftest import KEY


def test_prism_answers_each_operation_without_violations(prism_url: str) -> None:
    """Neither the requests nor Prism's own answers break the contract."""
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


def test_prism_asks_for_the_key(prism_url: str) -> None:
    """The security scheme is understood as required."""
    response = httpx.get(f"{prism_url}/store/payment-providers?region_id=reg_demo")

    assert (401, "Unauthorized") == (response.status_code, response.text)
