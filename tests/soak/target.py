"""The server under test, and its memory, descriptors and problems."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.bench.subjects import Running, mock, started, write_store
from tests.databases import MEMORY, POSTGRESQL, SQLITE, running_postgresql

_EXPECTED = "WARNING Invalid HTTP request received."


class Target(NamedTuple):
    """A server that is observed from outside."""

    server: Running
    log: Path

    def open_files(self) -> int:
        """Return the number of its descriptors."""
        return len(list(Path(f"/proc/{self.server.pid}/fd").iterdir()))

    def is_alive(self) -> bool:
        """Return whether its process runs."""
        return "\nState:\tZ" not in Path(f"/proc/{self.server.pid}/status").read_text("ascii")

    def problems(self) -> list[str]:
        """Return the unexpected lines on stderr."""
        lines = self.log.read_text("utf-8").splitlines()
        return [line for line in lines if _EXPECTED not in line]


@contextmanager
def target(storage: str, dialect: str) -> Iterator[Target]:
    """Serve a store with many collections and the default limits."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        seed, log = folder / "store.json", folder / "log"
        write_store(seed)
        kinds = {MEMORY: lambda: MEMORY, SQLITE: lambda: f"sqlite:///{folder / 'store.db'}"}
        kinds[POSTGRESQL] = lambda: _postgresql(stack)
        options = ("--seed", seed, "--storage", kinds[storage](), "--dialect", dialect)
        problems = stack.enter_context(log.open("wb"))
        yield Target(stack.enter_context(started(mock("the mock", *options), problems)), log)


def _postgresql(stack: ExitStack) -> str:
    # Not below our own folder: root starts it as another user, who cannot enter that.
    folder = tempfile.mkdtemp(prefix="xclade-postgresql-")
    return str(stack.enter_context(running_postgresql(folder)).get_uri())
