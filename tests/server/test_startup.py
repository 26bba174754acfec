"""What a start reads and imports, since people wait for it."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

START = """
import gc, sys, warnings
from datetime import UTC, datetime
warnings.simplefilter("ignore")
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
from xclade_store_mock import Access, demo_store
from xclade_store_mock.serving import Service, processes
service = Service(demo_store(datetime.now(UTC)), "documented", access=Access())
app = processes.create_application(service)
print(*sys.modules)
print(*(each for each in opened if each.endswith(("openapi/store.yaml", "openapi/control.yaml"))))
print(len(gc.get_objects()))
"""


class Start(NamedTuple):
    """What a process imported and read before its first request."""

    modules: set[str]
    contracts: list[str]
    collectable: int
    """How many objects the garbage collector still looks at."""


def start() -> Start:
    """Start a mock in memory, in a process of its own."""
    result = subprocess.run(
        [sys.executable, "-c", START], capture_output=True, text=True, check=True
    )
    modules, contracts, collectable = result.stdout.splitlines()
    names = [Path(each).name for each in contracts.split()]
    return Start({*modules.split()}, names, int(collectable))


def test_compiles_one_contract_once() -> None:
    """The control API's contract is compiled for the first request to it."""
    assert ["store.yaml"] == start().contracts


def test_imports_only_what_it_serves() -> None:
    """Databases, real stores, recordings and checks cost a plain mock nothing."""
    unused = {
        "asyncpg",
        "qs_codec",
        "sqlite3",
        "schemathesis",
        "xclade_store_mock.check",
        "xclade_store_mock.storage.sql",
        "xclade_store_mock.upstream.forward",
        "xclade_store_mock.upstream.recording",
    }

    assert set() == start().modules & unused


def test_garbage_collection_leaves_out_what_stays() -> None:
    """Otherwise each full collection would stop the server to look at all modules again."""
    assert start().collectable < 1_000
