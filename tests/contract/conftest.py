"""The contract, and servers in separate processes."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="session")
def contract() -> dict[str, Any]:
    """Return the parsed contract."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "openapi/store.yaml").read_text("utf-8"))
    return document


@contextmanager
def served_by_prism() -> Iterator[str]:
    """Serve the contract with Prism, and yield its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    command: list[str | Path] = [
        *(ROOT / "scripts/node", "prism", "mock", ROOT / "openapi/store.yaml"),
        *("--port", str(address[1]), "--verboseLevel", "fatal"),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while not is_open(address):
                assert process.poll() is None, "Prism did not start"
                time.sleep(0.05)
            yield f"http://127.0.0.1:{address[1]}"
        finally:
            process.terminate()


def is_open(address: tuple[str, int]) -> bool:
    """Return whether a server listens on an address."""
    try:
        socket.create_connection(address).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.fixture(scope="session")
def prism_url() -> Iterator[str]:
    """Serve the contract with Prism for all tests, and yield its URL."""
    with served_by_prism() as url:
        yield url
