"""buildah builds the image, and what it built serves."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from tests.conftest import PATIENCE
from tests.container.rehearsal import ROOT, instructions

_IMAGE = "localhost/xclade-store-mock"
_PACKAGES = ("ca-certificates", "coreutils", "dash", "python3-pip")
_CERTIFICATES = "/etc/ssl/certs"


@pytest.fixture(scope="module")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Yield the command for buildah with a store of images of its own; skip where it cannot run."""
    if shutil.which("buildah") is None or shutil.which("apt-get") is None:
        pytest.skip("no buildah: `sudo scripts/buildah` installs it on Debian and Ubuntu")
    if os.geteuid() != 0:
        pytest.skip("only root may build images: `sudo scripts/rehearse`")
    store = tmp_path_factory.mktemp("buildah")
    folders = ("--root", str(store / "images"), "--runroot", str(store / "run"))
    # overlay would need a file system below that has it.
    yield ["buildah", *folders, "--storage-driver", "vfs"]
    shutil.rmtree(store)


def run(*command: str | Path, folder: Path = ROOT) -> str:
    """Run a command, and return what it wrote."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def unpack_debian(folder: Path) -> Path:
    """Return a folder with Debian's Python and pip, as the images called `python` have them."""
    wanted = ("-o", "Dir::State::status=/dev/null", "--no-install-recommends", *_PACKAGES)
    plan = run("apt-get", "install", "--simulate", *wanted)
    names = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
    packages = folder / "packages"
    packages.mkdir()
    run("apt-get", "download", *names, folder=packages)
    root = folder / "root"
    for package in packages.iterdir():
        run("dpkg", "-x", package, root)
    for mark in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        mark.unlink()  # it makes pip refuse to install outside a virtual environment
    (root / "usr/bin/python").symlink_to("python3")
    (root / "tmp").mkdir(mode=0o777)
    return root


@pytest.fixture(scope="module")
def built(buildah: list[str]) -> str:
    """Build the image from a base image of Debian's packages; return a new container's name."""
    bases = {rest.split()[0] for word, rest in instructions(ROOT / "Dockerfile") if word == "FROM"}
    scratch = run(*buildah, "from", "scratch").strip()
    with TemporaryDirectory() as folder:
        run(*buildah, "copy", scratch, unpack_debian(Path(folder)), "/")
    for base in bases:
        run(*buildah, "commit", scratch, f"localhost/{base}")

    cache = Path.home() / ".cache/pip"
    cache.mkdir(parents=True, exist_ok=True)
    volumes = (f"{_CERTIFICATES}:{_CERTIFICATES}:ro", f"{cache}:/root/.cache/pip")
    options = ["--format=docker", "--isolation=chroot", "--network=host", "--pull-never"]
    options += [f"--volume={volume}" for volume in volumes]
    run(*buildah, "build", *options, "--tag", _IMAGE, ".")
    return run(*buildah, "from", "--pull-never", _IMAGE).strip()


def test_built_image_serves(buildah: list[str], built: str) -> None:
    """The image that buildah built serves, with the user, entry point and health check it names."""
    settings = json.loads(run(*buildah, "inspect", "--type=image", _IMAGE))["Docker"]["config"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    inside = [*buildah, "run", "--isolation=chroot", built, "--"]
    command = [*inside, *settings["Entrypoint"], f"--port={port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            url = f"http://127.0.0.2:{port}"
            end = time.monotonic() + PATIENCE
            while not answers(f"{url}/_mock/ready"):
                assert process.poll() is None, process.communicate()[0]
                assert time.monotonic() < end
                time.sleep(0.1)
            response = httpx.get(f"{url}/openapi.yaml")
            # chroot alone leaves process 1 outside; buildah's words contain those of the server.
            _, *check = settings["Healthcheck"]["Test"]
            run(*inside, *(word.replace("/proc/1/", f"/proc/{process.pid}/") for word in check))
        finally:
            process.terminate()

    assert 200 == response.status_code
    assert settings["User"].split(":") == run(*inside, "sh", "-c", "id -u; id -g").split()


def answers(url: str) -> bool:
    """Return whether a server answers with success."""
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False
