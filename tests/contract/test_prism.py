"""Prism serves the same contract: an independent reading of it."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def prism() -> Iterator[httpx.Client]:
    """Answer a client of Prism, serving the contract."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command: list[str | Path] = [
        *(ROOT / "scripts/node", "prism", "mock", "--port", str(port)),
        ROOT / "openapi/store.yaml",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if "is listening" in line:
                break
        headers = {"x-publishable-api-key": "pk_demo"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
            yield client
        process.terminate()


def test_prism_answers_each_operation_without_violations(prism: httpx.Client) -> None:
    """Neither the requests nor Prism's own answers break the contract."""
    collections = "/store/payment-collections"
    for response in (
        prism.get("/store/payment-providers?region_id=reg_demo"),
        prism.post(collections, json={"cart_id": "cart_new"}),
        prism.post(
            f"{collections}/pay_col_demo/payment-sessions", json={"provider_id": "pp_stripe_stripe"}
        ),
    ):
        assert 200 == response.status_code
        assert "sl-violations" not in response.headers


def test_prism_asks_for_the_key(prism: httpx.Client) -> None:
    """The security scheme is understood as required."""
    del prism.headers["x-publishable-api-key"]

    response = prism.get("/store/payment-providers?region_id=reg_demo")

    assert (401, "Unauthorized") == (response.status_code, response.text)
