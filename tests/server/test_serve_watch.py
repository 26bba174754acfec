"""`serve --watch`, in a process of its own."""

import os
import shutil
from pathlib import Path

import httpx
from tests.conftest import KEY
from tests.server.command import running
from tests.server.wire import COLLECTIONS

PACKAGE = Path(__file__).parents[2] / "mock_server/xclade_store_mock"
SEED = """
publishable_keys: [{token: pk_demo}]
payment_providers: []
regions: [{id: reg_1, currency_code: usd, payment_providers: []}]
carts: [{id: cart_1, region_id: reg_1, currency_code: usd, total: 10}]
"""


def save(path: Path, text: str) -> None:
    """Write a file at once, so that half of it is never read."""
    new = path.with_name("new")
    new.write_text(text, "utf-8")
    new.replace(path)


def test_serves_a_changed_seed(tmp_path: Path) -> None:
    """The mock starts again from a new seed, but keeps the old store if the new seed is invalid."""
    seed = tmp_path / "shop.yaml"
    seed.write_text(SEED, "utf-8")
    with (
        running("--watch", "--seed", seed) as mock,
        httpx.Client(base_url=mock.url, headers=KEY) as client,
    ):

        def collect() -> httpx.Response:
            return client.post(COLLECTIONS, json={"cart_id": "cart_1"})

        first = collect().raise_for_status().json()["payment_collection"]

        save(seed, "regions: [\n")
        line = mock.next_problem()
        assert line.startswith(
            f"ERROR {seed} changed, but cannot be used; the old version stays in use: {seed}:2: "
        )
        assert first == collect().json()["payment_collection"]

        save(seed, SEED.replace("total: 10", "total: 12.5"))
        assert f"{seed} changed: the mock started again" == mock.next_problem()
        second = collect().json()["payment_collection"]
        assert (10, 12.5) == (first["amount"], second["amount"])
        assert first["id"] != second["id"]

        seed.unlink()
        assert mock.next_problem().endswith(f"{seed}: No such file or directory")
        assert second == collect().json()["payment_collection"]


def test_serves_a_changed_contract(tmp_path: Path) -> None:
    """The mock starts again with a new contract, but keeps the old one if that is invalid."""
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name)
    contract = tmp_path / PACKAGE.name / "openapi/store.yaml"
    text = contract.read_text("utf-8")
    with running("--watch", environment={**os.environ, "PYTHONPATH": str(tmp_path)}) as mock:
        page = f"{mock.url}/openapi.yaml"
        for broken, fault in (
            ("paths: [\n", "did not find expected node content"),
            ("openapi: 3.0.3\npaths: {}\n", "KeyError: 'components'"),
            (text.replace("operationId: list_", "operationId: lost_"), "lost_payment_providers"),
        ):
            save(contract, broken)
            line = mock.next_problem()
            assert line.startswith(
                f"ERROR {contract} changed, but cannot be used; the old version stays in use: "
            )
            assert fault in line
            assert text == httpx.get(page).text

        save(contract, f"# New.\n{text}")
        assert f"{contract} changed: the mock started again" == mock.next_problem()
        assert f"# New.\n{text}" == httpx.get(page).text
