"""The client works on every supported version of Python that is installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import Serve

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
PROGRAM = """
import asyncio, sys
from decimal import Decimal
from xclade_store import AsyncStoreClient, StoreClient, StoreError

url = sys.argv[1]
with StoreClient(url, publishable_key="pk_demo") as store:
    collection = store.initialize_payment_session("pay_col_demo", "pp_stripe_stripe")
    assert collection.payment_sessions[0].amount == Decimal("25.5")
    try:
        store.create_payment_collection("cart_gone")
    except StoreError as error:
        assert error.status == 404

async def main():
    async with AsyncStoreClient(url, publishable_key="pk_demo") as store:
        return [each.id async for each in store.iter_payment_providers("reg_demo")]

assert len(asyncio.run(main())) == 2
"""


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command."""
    # Search pyenv's folders, too: its shims offer only one version.
    pyenv = [str(each) for each in Path.home().glob(".pyenv/versions/*/bin")]
    path = os.pathsep.join([*pyenv, os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, env=environment
    )


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_client_works(version: str, serve: Serve, tmp_path: Path) -> None:
    """Both clients work in an empty environment of that version."""
    found = run(UV, "python", "find", "--no-python-downloads", version, cwd=tmp_path)
    if found.returncode:
        pytest.skip(f"Python {version} is not installed; `uv python install {version}` does it")
    run(UV, "venv", "--quiet", "--python", found.stdout.strip(), "env", cwd=tmp_path)
    install = (UV, "pip", "install", "--quiet", "--python", "env/bin/python")
    installed = run(*install, "-c", ROOT / "requirements/mock.txt", ROOT, cwd=tmp_path)
    assert 0 == installed.returncode, installed.stderr

    result = run("env/bin/python", "-W", "error", "-c", PROGRAM, serve(), cwd=tmp_path)

    assert (0, "") == (result.returncode, result.stderr)
