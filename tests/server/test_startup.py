"""What a start reads and imports, since people wait for it."""

import subprocess
import sys
from pathlib import Path

START = """
import sys, warnings
warnings.simplefilter("ignore")
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
from xclade_store_mock import Access, demo_store
from xclade_store_mock.serving import Service
from datetime import UTC, datetime
service = Service(demo_store(datetime.now(UTC)), {dialect!r}, access=Access())
app = service.application()
print(*sys.modules)
print(*(each for each in opened if each.endswith(("openapi/store.yaml", "openapi/control.yaml"))))
"""


def start(dialect: str = "documented") -> tuple[set[str], list[str]]:
    """Start a mock in memory, and return the modules it imported and the contracts it read."""
    result = subprocess.run(
        [sys.executable, "-c", START.format(dialect=dialect)],
        capture_output=True,
        text=True,
        check=True,
    )
    modules, contracts = result.stdout.splitlines()
    return {*modules.split()}, [Path(each).name for each in contracts.split()]


def test_compiles_one_contract_once() -> None:
    """The control API's contract is compiled for the first request to it."""
    _, contracts = start()

    assert ["store.yaml"] == contracts


def test_imports_only_what_it_serves() -> None:
    """Databases, real stores, recordings and checks cost a plain mock nothing."""
    unused = {
        "asyncpg",
        "sqlite3",
        "schemathesis",
        "xclade_store_mock.check",
        "xclade_store_mock.storage.sql",
        "xclade_store_mock.upstream.forward",
        "xclade_store_mock.upstream.recording",
    }

    modules, _ = start()

    assert set() == modules & unused
