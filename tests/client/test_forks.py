"""A client that is used before and after a fork: each process has connections of its own."""

import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import trustme
from tests.client.echo import echo_store
from tests.client.forking import WAYS

ROOT = Path(__file__).parents[2]
WORKERS = int(os.environ.get("FORKED_WORKERS", "8"))
"""How many workers each test forks; 200 before a release."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    """Return a certificate authority, and its certificate in a file."""
    authority = trustme.CA()
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return authority, path


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("way", WAYS)
def test_each_forked_worker_gets_its_own_answers(
    authority: tuple[trustme.CA, Path], scheme: str, kind: str, way: str
) -> None:
    """No connection is used by two processes, and the parent's still works afterwards."""
    certificate = None
    if scheme == "https":
        certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority[0].issue_cert("127.0.0.1").configure_cert(certificate)
    with echo_store(certificate) as store:
        command = [sys.executable, "-m", "tests.client.forking", store.url, kind, way]
        subprocess.run(
            [*command, str(WORKERS)],
            cwd=ROOT,
            check=True,
            timeout=300,
            env={**os.environ, "SSL_CERT_FILE": str(authority[1])},
        )
        used = [processes for processes in store.processes if processes]

    assert [] == [processes for processes in used if len(processes) > 1]
    assert len(set().union(*used)) > 1
