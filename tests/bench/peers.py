"""Serves a peer just as the mock is served: peers NAME PORT [STORE_FILE]."""

import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from xclade_store_mock.payments.model import Store
from xclade_store_mock.payments.seed import demo_store, read_store
from xclade_store_mock.serving import Service


class Peer(Service):
    """Another application behind the mock's own configuration of uvicorn."""

    def serve(self, make: Callable[[Store], ASGIApp], listener: socket.socket) -> None:
        """Serve until killed."""
        uvicorn.Server(self._config(partial(make, self.store))).run(sockets=[listener])


def main(name: str, port: str, *files: str) -> None:
    """Serve until killed."""
    now = datetime.now(UTC)
    store = read_store(Path(files[0]), now) if files else demo_store(now)
    make = import_module(f"tests.bench.{name}").make_app  # no other peer is to weigh on it
    peer = Peer(store, dialect="documented", storage_url=None)
    # The protocol is named for the same reason as in the mock: or else answers wait for 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", int(port)))
        listener.listen(2048)
        peer.serve(make, listener)


if __name__ == "__main__":
    main(*sys.argv[1:])
