"""The servers that are measured: the mock, its peers, and how to start them."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from typing import IO

import yaml
from tests.bench.calls import CONTRACT, DEMO, INITIALIZE
from tests.bench.tools import ROOT, java, node, node_module, on_first_core
from tests.bench.wiremock import write_stubs
from tests.conftest import PATIENCE

COLLECTIONS = 300
CONTRACT_TOOLS = ROOT / "tests/contract/node/node_modules"
PRISM = CONTRACT_TOOLS / ".bin/prism"
SPECMATIC_JAR = CONTRACT_TOOLS / "specmatic/specmatic.jar"
WIREMOCK_FOLDER = ROOT / ".venv/bench-wiremock"

MEMORY = "the mock, in memory"
SQLITE = "the mock, SQLite"
POSTGRESQL = "the mock, PostgreSQL"
PRISM_NAME = "Prism"
WIREMOCK = "WireMock"
SPECMATIC = "Specmatic"
MOCKOON = "Mockoon"
STOCK = "plain Connexion"
BARE = "Starlette and orjson alone"

Command = tuple[str | Path, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """A server that can be started on a port."""

    name: str
    command: Callable[[str], Command]
    """Returns the command for a port, or raises NotInstalled."""


@dataclass(frozen=True, slots=True)
class Running:
    """A running server."""

    name: str
    url: str
    pid: int

    def resident(self) -> float:
        """Return the resident memory of the process, in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        (kilobytes,) = (line.split()[1] for line in status.splitlines() if "VmRSS" in line)
        return int(kilobytes) / 1024

    def cpu(self) -> float:
        """Return the CPU time of the process, in seconds."""
        stat = Path(f"/proc/{self.pid}/stat").read_text("ascii")
        in_user_mode, in_the_kernel = stat.rpartition(")")[2].split()[11:13]
        return (int(in_user_mode) + int(in_the_kernel)) / os.sysconf("SC_CLK_TCK")


def write_store(path: Path, collections: int = COLLECTIONS, carts: int = 0) -> None:
    """Write a store file, in JSON or YAML: the demo store, more collections, and more carts."""
    demo = (
        resources.files("xclade_store_mock.payments").joinpath("demo_store.yaml").read_text("utf-8")
    )
    store = yaml.safe_load(demo)
    cart, collection = store["carts"][0], store["payment_collections"][0]
    for number in range(1, collections + 1):
        ids = {"id": f"pay_col_{number}", "cart_id": f"cart_{number}"}
        store["payment_collections"].append({**collection, **ids})
    for number in range(1, collections + carts + 1):
        store["carts"].append({**cart, "id": f"cart_{number}"})
    if path.suffix == ".json":
        text = json.dumps(store)
    else:
        text = yaml.dump(store, Dumper=yaml.CSafeDumper)
    path.write_text(text, "utf-8")


def mock(
    name: str = MEMORY, *options: str | Path, commands: Path = Path(sys.executable).parent
) -> Subject:
    """Return the mock of a folder of commands, served with options."""
    command = commands / "xclade-store-mock"
    return Subject(name, lambda port: (command, "serve", "--port", port, *options))


def prism() -> Subject:
    """Return Prism."""
    start = (PRISM, "mock", CONTRACT, "--verboseLevel", "fatal", "--port")
    return Subject(PRISM_NAME, lambda port: (node(), *start, port))


def mockoon() -> Subject:
    """Return Mockoon."""
    options = ("--hostname", "127.0.0.1", "--disable-log-to-file", "--disable-admin-api")
    start = ("start", "--data", CONTRACT, *options, "--port")
    return Subject(MOCKOON, lambda port: (node(), node_module(".bin/mockoon-cli"), *start, port))


def wiremock() -> Subject:
    """Return WireMock, without what slows it down: a journal and a log of requests."""
    options = ("--no-request-journal", "--disable-request-logging", "--container-threads", "64")
    start = (*options, "--bind-address", "127.0.0.1", "--root-dir", WIREMOCK_FOLDER, "--port")

    def command(port: str) -> Command:
        write_stubs(WIREMOCK_FOLDER)
        return (*wiremock_command(), *start, port)

    return Subject(WIREMOCK, command)


def wiremock_command() -> Command:
    """Return the command without options, or raise NotInstalled."""
    return (java(), "-jar", node_module("wiremock/build/*.jar"))


def specmatic() -> Subject:
    """Return Specmatic, without its log of requests."""
    options = ("--noConsoleLog", "--hot-reload", "disabled", "--host", "127.0.0.1", "--port")
    return Subject(SPECMATIC, lambda port: (*specmatic_command(), "mock", CONTRACT, *options, port))


def specmatic_command() -> Command:
    """Return the command without options, or raise NotInstalled."""
    return (java(), "-jar", SPECMATIC_JAR)


def stock(*store_file: Path) -> Subject:
    """Return plain Connexion."""
    return peer(STOCK, "stock", *store_file)


def bare(*store_file: Path) -> Subject:
    """Return Starlette alone."""
    return peer(BARE, "bare", *store_file)


def peer(name: str, module: str, *store_file: Path) -> Subject:
    """Return the application of a module here."""
    start = (sys.executable, "-W", "ignore", "-m", "tests.bench.peers", module)
    return Subject(name, lambda port: (*start, port, *store_file))


@contextmanager
def started(
    subject: Subject, problems: IO[bytes] | None = None, *, is_measured: bool = True
) -> Iterator[Running]:
    """Start a server, on the first core if it is measured, and yield it once it responds.

    Its stderr is `problems`.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    prefix = on_first_core() if is_measured else ()
    command = [*prefix, *subject.command(str(port))]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=problems or subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + PATIENCE
        try:
            while not _responds(port):
                in_time = process.poll() is None and time.monotonic() < deadline
                assert in_time, f"{subject.name} did not start"
                time.sleep(0.005)
            yield Running(subject.name, f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()


def _responds(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/json", **INITIALIZE.headers}
    try:
        connection.request("POST", DEMO, json.dumps(INITIALIZE.body), headers)
        return connection.getresponse().status == HTTPStatus.OK
    except ConnectionError:
        return False
    finally:
        connection.close()
