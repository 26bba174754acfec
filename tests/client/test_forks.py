"""A client that is used before and after a fork: each process has connections of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.client.conftest import Authority
from tests.client.echo import echo_store

ROOT = Path(__file__).parents[2]
WORKERS = int(os.environ.get("FORKED_WORKERS", "6"))
"""How many workers each test forks; 200 before a release."""


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_each_forked_worker_gets_its_own_answers(
    authority: Authority, scheme: str, kind: str
) -> None:
    """However it is forked, no two processes use a connection, and the parent's still works."""
    with echo_store(authority.server if scheme == "https" else None) as store:
        command = [sys.executable, "-m", "tests.client.forking", store.url, kind, str(WORKERS)]
        subprocess.run(
            command, cwd=ROOT, check=True, env={**os.environ, "SSL_CERT_FILE": str(authority.path)}
        )
        used = [processes for processes in store.processes if processes]

    assert [] == [processes for processes in used if len(processes) > 1]
    assert len(set().union(*used)) > 1
