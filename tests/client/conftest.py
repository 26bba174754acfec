"""A certificate authority for servers on this machine."""

import ssl
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme


class Authority(NamedTuple):
    """A certificate authority: a server's context, and the file that clients need."""

    server: ssl.SSLContext
    path: Path


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return an authority, and a certificate of 127.0.0.1."""
    authority = trustme.CA()
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    return Authority(server, path)
