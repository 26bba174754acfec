"""The image and its compose file work, tested without a container engine."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
import trustme
import yaml
from tests.conftest import KEY, PATIENCE
from tests.container.rehearsal import ROOT, Image, build, find_python

PORT = "4010"


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """Build the image outside pytest's folders, which its user may not enter; yield it."""
    folder = Path(tempfile.mkdtemp(prefix="xclade-image-"))
    folder.chmod(0o755)
    try:
        python = find_python(folder)
        if python is None:
            pytest.skip("no Python that another user can run: install one in /usr, not in /root")
        yield build(folder, python)
    finally:
        shutil.rmtree(folder)


def health(image: Image, process: subprocess.Popen[str]) -> int:
    """Run the image's health check behind a proxy that is down, and return its exit code."""
    check = [word.replace("/proc/1/", f"/proc/{process.pid}/") for word in image.healthcheck]
    assert check != image.healthcheck
    proxies = [f"{name}_proxy=http://127.0.0.1:1" for name in ("http", "https")]
    with image.start(["env", *proxies, *check]) as checking:
        checking.communicate()
    return checking.returncode


@contextmanager
def container(image: Image, *command: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the image on a free port, and yield its process and port once it is healthy."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with image.start([*image.entrypoint, *command, f"--port={port}"]) as process:
        try:
            end = time.monotonic() + PATIENCE
            while health(image, process) != 0:
                assert process.poll() is None, process.communicate()[0]
                assert time.monotonic() < end
                time.sleep(0.1)
            yield process, port
        finally:
            process.kill()


def test_image_serves(image: Image) -> None:
    """The image serves on all addresses, as a user without rights, and stops on SIGTERM."""
    with container(image) as (process, port):
        # All of 127.0.0.0/8 is this machine; a server on 127.0.0.1 alone would not accept this.
        response = httpx.get(f"http://127.0.0.2:{port}/openapi.yaml")
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate()

    assert 200 == response.status_code
    assert out.startswith(f"Store API    http://127.0.0.1:{port} ")
    assert 0 != health(image, process)


def test_health_check_follows_https(image: Image) -> None:
    """The health check accepts any certificate that the server was given."""
    certificate = image.root / "certificate.pem"
    issued = trustme.CA().issue_cert("mock.example")
    issued.private_key_and_cert_chain_pem.write_to_path(str(certificate))
    certificate.chmod(0o644)

    with container(image, "--ssl-certfile", str(certificate)) as (process, _):
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate()

    assert out.startswith("Store API    https://")


def test_image_has_a_user_without_rights(image: Image) -> None:
    """The image's user cannot change the installed files."""
    number, _, group = image.user.partition(":")

    assert {number, group}.isdisjoint({"0", "root", ""})
    with image.start(["sh", "-c", 'touch "$(dirname "$(command -v xclade-store-mock)")/x"']) as it:
        it.communicate()
    assert 0 != it.returncode


@pytest.fixture
def shared_postgresql_url(postgresql_url: str) -> str:
    """Return the URL of an empty PostgreSQL database that other local users can connect to."""
    _, _, host = postgresql_url.partition("?host=")
    if host and Path(host).is_dir():
        Path(host).chmod(0o711)
    return postgresql_url


def test_mock_of_compose_file_keeps_its_state(image: Image, shared_postgresql_url: str) -> None:
    """With the options of compose.yaml, the mock writes to the database."""
    services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    variables = services["database"]["environment"]
    address = "postgresql://{POSTGRES_USER}:{POSTGRES_PASSWORD}@database/{POSTGRES_DB}"
    command = services["mock"]["command"]
    # The database is here, not in another container, so its URL differs.
    here = [
        shared_postgresql_url if word == address.format(**variables) else word for word in command
    ]
    assert here != command

    with container(image, *here) as (_, port):
        url = f"http://127.0.0.1:{port}/store/payment-collections"
        made = httpx.post(url, headers=KEY, json={"cart_id": "cart_new"}).raise_for_status()
    with psycopg.connect(shared_postgresql_url) as database:
        kept = database.execute("SELECT id FROM xclade_mock_payment_collections").fetchall()

    assert made.json()["payment_collection"]["id"] in {row[0] for row in kept}


def test_compose_publishes_what_the_image_exposes(image: Image) -> None:
    """The compose file publishes the image's port, to this machine only."""
    services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]

    assert [f"127.0.0.1:{PORT}:{image.port}"] == services["mock"]["ports"]
    assert "postgres:18" == services["database"]["image"]
