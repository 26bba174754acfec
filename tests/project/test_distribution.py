"""The wheel and the sdist are complete and work in an empty environment."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import httpx
import pytest
from tests.conftest import Serve

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
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
"""What is tried with every Python; its argument is the URL of a demo store."""

CONSOLE = ROOT / "mock_server/xclade_store_mock/control/console"


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command that must succeed, and return its output."""
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert 0 == result.returncode, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist, and the wheel from it, and return their folder."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, cwd=ROOT)
    return folder


def install(dist: Path, folder: Path, extra: str = "", python: str = sys.executable) -> Path:
    """Install the wheel and its pinned dependencies into an empty environment; return its bin."""
    (wheel,) = dist.glob("*.whl")
    run(BIN / "uv", "venv", "--quiet", "--python", python, "env", cwd=folder)
    constraints = ROOT / "requirements/mock.txt"
    command = (BIN / "uv", "pip", "install", "--quiet", "--python", "env/bin/python")
    run(*command, "--constraint", constraints, f"{wheel}{extra}", cwd=folder)
    return folder / "env/bin"


@pytest.fixture(scope="module")
def client_only(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel without extras."""
    return install(dist, tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="module")
def with_mock(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel with [mock]."""
    return install(dist, tmp_path_factory.mktemp("mock"), "[mock]")


def test_wheel_and_sdist_are_complete(dist: Path) -> None:
    """Both contain the two packages, the contract, the console and the typing markers."""
    (wheel,) = dist.glob("*.whl")
    (sdist,) = dist.glob("*.tar.gz")
    packed = set(zipfile.ZipFile(wheel).namelist())
    with tarfile.open(sdist) as archive:
        sources = {name.partition("/")[2] for name in archive.getnames()}

    assert {
        "xclade_store/__init__.py",
        "xclade_store/generated/types.py",
        "xclade_store/py.typed",
        "xclade_store_mock/app.py",
        "xclade_store_mock/check/engine.toml",
        "xclade_store_mock/check/report.html",
        "xclade_store_mock/check/schemathesis.toml",
        *(f"xclade_store_mock/control/console/{each.name}" for each in CONSOLE.glob("*.[chjs]*")),
        "xclade_store_mock/control/scenarios.yaml",
        "xclade_store_mock/payments/demo_store.yaml",
        "xclade_store_mock/openapi/store.yaml",
        "xclade_store_mock/py.typed",
        "xclade_store_mock/storage/tables.sql",
    } <= packed
    assert {
        "client/xclade_store/py.typed",
        "mock_server/xclade_store_mock/py.typed",
        "openapi/store.yaml",
        "LICENSE",
    } <= sources


def test_readme_works_on_a_package_index(dist: Path) -> None:
    """Its links and pictures are absolute, and those into the repository exist."""
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    readme = str(metadata.get_payload())
    links = re.findall(r'\]\(([^)]+)\)|(?:src|srcset|href)="([^"]+)"', readme)
    (source,) = (each for each in metadata.get_all("Project-URL", []) if "Source, " in each)
    ours = rf"{source.partition(' ')[2]}/(?:blob|raw)/v{metadata['Version']}/([^#]+)"

    assert "text/markdown" == metadata["Description-Content-Type"]
    paths = [found[1] for link in links if (found := re.match(ours, "".join(link)))]
    assert "docs/client.md" in paths
    assert [] == [path for path in paths if not (ROOT / path).exists()]
    assert [] == [link for link in map("".join, links) if not re.match("https?://", link)]


def test_base_install_is_the_client_alone(client_only: Path, tmp_path: Path) -> None:
    """Without extras the client can be imported, and the server's dependencies are missing."""
    installed = run(BIN / "uv", "pip", "list", "--python", client_only / "python", cwd=tmp_path)
    run(client_only / "python", "-W", "error", "-c", "import xclade_store", cwd=tmp_path)

    assert "httpx" in installed
    for server_dependency in ("connexion", "starlette", "uvicorn", "PyYAML"):
        assert server_dependency.lower() not in installed.lower()


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_client_works(dist: Path, version: str, serve: Serve, tmp_path: Path) -> None:
    """Both clients work on every supported version of Python that is installed."""
    # Search pyenv's folders, too: its shims offer only one version.
    pyenv = [str(each) for each in Path.home().glob(".pyenv/versions/*/bin")]
    found = subprocess.run(
        [BIN / "uv", "python", "find", "--no-python-downloads", version],
        env={**os.environ, "PATH": os.pathsep.join([*pyenv, os.environ["PATH"]])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        pytest.skip(f"Python {version} is not installed; `uv python install {version}` does it")
    bin_ = install(dist, tmp_path, python=found.stdout.strip())

    run(bin_ / "python", "-W", "error", "-c", PROGRAM, serve(), cwd=tmp_path)


def test_mock_extra_serves_from_anywhere(with_mock: Path, tmp_path: Path) -> None:
    """With [mock] the command runs outside the checkout."""
    with subprocess.Popen(
        [with_mock / "xclade-store-mock", "serve", "--port", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().split()[2]
            served = httpx.get(f"{url}/openapi.yaml")
        finally:
            process.terminate()

    assert 200 == served.status_code


def test_check_without_its_extra_says_so(with_mock: Path) -> None:
    """With [mock] alone, `check` prints which extra to install."""
    result = subprocess.run(
        [
            *(with_mock / "xclade-store-mock", "check", "http://127.0.0.1:1"),
            *("--publishable-key", "pk_demo"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (2, "") == (result.returncode, result.stdout)
    assert "pip install 'xclade-store[check]'" in result.stderr


def test_command_without_its_extra_says_so(client_only: Path) -> None:
    """In the base install, the command prints which extra to install."""
    command = client_only / "xclade-store-mock"

    result = subprocess.run([command, "serve"], capture_output=True, text=True, check=False)

    assert (2, "") == (result.returncode, result.stdout)
    assert result.stderr.endswith("pip install 'xclade-store[mock]' or 'xclade-store[check]'\n")
