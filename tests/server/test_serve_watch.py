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


def test_seed_that_changes_is_served(tmp_path: Path) -> None:
    """The mock starts again from the new seed; from a faulty one it does not."""
    seed = tmp_path / "shop.yaml"
    seed.write_text(SEED, "utf-8")
    with (
        running("--watch", "--seed", seed) as mock,
        httpx.Client(base_url=mock.url, headers=KEY) as client,
    ):

        def collect() -> httpx.Response:
            return client.post(COLLECTIONS, json={"cart_id": "cart_1"})

        first = collect().raise_for_status().json()["payment_collection"]

        seed.write_text("regions: [\n", "utf-8")
        told = mock.next_problem()
        assert told.startswith(f"ERROR {seed} changed, but the mock goes on as before: {seed}:2: ")
        assert first == collect().json()["payment_collection"]

        seed.write_text(SEED.replace("total: 10", "total: 12.5"), "utf-8")
        assert f"{seed} changed: the mock started again." == mock.next_problem()
        second = collect().json()["payment_collection"]
        assert (10, 12.5) == (first["amount"], second["amount"])
        assert first["id"] != second["id"]

        seed.unlink()
        assert mock.next_problem().endswith(f"{seed}: No such file or directory")
        assert second == collect().json()["payment_collection"]


def test_contract_that_changes_is_served(tmp_path: Path) -> None:
    """The mock starts again with the new contract; with a broken one it does not."""
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name)
    contract = tmp_path / PACKAGE.name / "openapi/store.yaml"
    text = contract.read_text("utf-8")
    with running("--watch", environment={**os.environ, "PYTHONPATH": str(tmp_path)}) as mock:
        page = f"{mock.url}/openapi.yaml"
        for broken, fault in (
            ("paths: [\n", "ParserError"),
            ("openapi: 3.0.3\npaths: {}\n", "KeyError: 'components'"),
            (text.replace("operationId: list_", "operationId: lost_"), "lost_payment_providers"),
        ):
            contract.write_text(broken, "utf-8")
            told = mock.next_problem()
            assert told.startswith(f"ERROR {contract} changed, but the mock goes on as before: ")
            assert fault in told
            assert text == httpx.get(page).text

        contract.write_text(f"# New.\n{text}", "utf-8")
        assert f"{contract} changed: the mock started again." == mock.next_problem()
        assert f"# New.\n{text}" == httpx.get(page).text
