"""Serve a peer in the same way as the mock: peers NAME PORT [STORE_FILE]."""

import sys
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path

import uvicorn

from xclade_store_mock.payments.seed import demo_store, read_store
from xclade_store_mock.serving import Service
from xclade_store_mock.serving.processes import configuration, listen


def main(name: str, port: str, *files: str) -> None:
    """Serve until killed."""
    now = datetime.now(UTC)
    store = read_store(Path(files[0]), now) if files else demo_store(now)
    make = import_module(f"tests.bench.{name}").make_app  # imports no other peer
    service = Service(store, "documented")
    config = configuration(partial(make, store), log_format=service.log_format, edge=service.edge)
    uvicorn.Server(config).run(sockets=listen("127.0.0.1", int(port)))


if __name__ == "__main__":
    main(*sys.argv[1:])
