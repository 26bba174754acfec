"""The contract, and servers in processes of their own."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="session")
def contract() -> dict[str, Any]:
    """Answer the contract as data."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "openapi/store.yaml").read_text("utf-8"))
    return document


@pytest.fixture
def demo_url() -> Iterator[str]:
    """Serve the demo store as a user does, by the installed command; answer its URL."""
    command: list[str | Path] = [BIN / "xclade-store-mock", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        yield found.group()
        process.terminate()
