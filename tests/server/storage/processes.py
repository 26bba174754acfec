"""Servers in processes of their own, as people start them."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import httpx
from tests.conftest import KEY

COMMAND = (Path(sys.executable).with_name("xclade-store-mock"), "serve", "--port", "0")


class Server(NamedTuple):
    """A server that has been started."""

    process: subprocess.Popen[str]
    errors: IO[str]
    client: httpx.Client

    def stop(self) -> list[str]:
        """Stop it; answer what it has complained of."""
        self.process.terminate()
        self.process.wait()
        self.errors.seek(0)
        return self.errors.read().splitlines()


@contextmanager
def started(*options: str) -> Iterator[Server]:
    """Start a server, and wait until it listens."""
    with starting(*options) as wait:
        yield wait()


@contextmanager
def starting(*options: str) -> Iterator[Callable[[], Server]]:
    """Start a server; answer how to wait until it listens."""
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            (*COMMAND, *options), stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
        httpx.Client(headers=KEY, timeout=20) as client,
    ):

        def wait() -> Server:
            assert process.stdout
            client.base_url = process.stdout.readline().split()[2]
            return Server(process, errors, client)

        try:
            yield wait
        finally:
            process.kill()
