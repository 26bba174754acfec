"""The command line: `xclade-store-mock serve` and `check`."""

import argparse
import errno
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path

from msgspec import structs

from xclade_store_mock.cli.check import add_parser
from xclade_store_mock.cli.serve import LOOPBACK, MEMORY, add_options
from xclade_store_mock.control.access import Access
from xclade_store_mock.control.scenarios import find_scenario
from xclade_store_mock.payments.model import Store
from xclade_store_mock.payments.seed import StoreFileError, demo_store, read_store
from xclade_store_mock.serving.limits import Limits
from xclade_store_mock.storage import StorageError

_BACKLOG = 2048


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; answer its exit code."""
    options = _parser().parse_args(arguments)
    code: int = options.run(options)
    return code


def _serve(options: argparse.Namespace) -> int:
    # Imported late, so that --help does not wait for it.
    from xclade_store_mock.contract import contract_file  # noqa: PLC0415
    from xclade_store_mock.serving import Service  # noqa: PLC0415

    contradiction = _contradiction(options)
    if contradiction is not None:
        return _fail(contradiction)
    seed: Path | None = getattr(options, "seed", None)
    read = partial(_read_store, seed, getattr(options, "cors_origin", None))
    storage_url = None if options.storage == MEMORY else options.storage
    try:
        log_format = getattr(options, "log_format", None)
        limits = Limits(options.max_connections, options.max_head, options.request_timeout)
        service = Service(read(), options.dialect, storage_url, log_format, limits)
        held = service.prepare()
    except (StoreFileError, StorageError) as error:
        return _fail(str(error))
    if held is not None and not hasattr(options, "cors_origin"):
        settings = structs.replace(service.store.settings, cors_origins=held.cors_origins)
        service = replace(service, store=structs.replace(service.store, settings=settings))
    if held is not None and seed is not None:
        sys.stderr.write(f"{seed} was not read into the storage, which holds a store already.\n")
    try:
        listener = _listen(options.host, options.port)
    except OSError as error:
        return _fail(_cannot_listen(options, error))
    access = _access(options, listener)
    if access is None and "scenario" in options:
        listener.close()
        return _fail(
            "--scenario is for the control API, which elsewhere than on a loopback address needs a"
            " --control-token"
        )
    scenario = find_scenario(options.scenario) if "scenario" in options else None
    service = replace(service, access=access, scenario=scenario)
    try:
        service.announce(_url(listener), options.workers)
    except StorageError as error:
        listener.close()
        return _fail(str(error))
    # Ctrl+C is how one stops it.
    with suppress(KeyboardInterrupt):
        if hasattr(options, "watch"):
            files = [contract_file("store.yaml"), *([] if seed is None else [seed])]
            service.follow(listener, read, files)
        else:
            service.run(listener, options.workers)
    return 0


def _contradiction(options: argparse.Namespace) -> str | None:
    """Find options that do not go together."""
    if options.workers > 1 and options.storage == MEMORY:
        return (
            "several workers cannot share a memory: choose --storage sqlite:///FILE"
            " or --storage postgresql://USER:PASSWORD@HOST/DATABASE, or one worker"
        )
    if options.workers > 1 and ("scenario" in options or "control_token" in options):
        return (
            "--scenario and --control-token are for the control API, which one worker has alone:"
            " leave them out, or --workers"
        )
    if hasattr(options, "watch") and options.storage != MEMORY:
        return (
            "--watch starts again from the seed, but a database keeps the store that it has:"
            " leave out --watch, or --storage"
        )
    if hasattr(options, "watch") and hasattr(options, "scenario"):
        return (
            "--watch starts again from the seed, and so without the scenario:"
            " leave out --watch, or --scenario"
        )
    return None


def _read_store(seed: Path | None, origins: Sequence[str] | None) -> Store:
    """Read the store to start from, open to the given origins instead of its own."""
    now = datetime.now(UTC)
    store = demo_store(now) if seed is None else read_store(seed, now)
    if origins is None:
        return store
    return structs.replace(
        store, settings=structs.replace(store.settings, cors_origins=tuple(origins))
    )


def _access(options: argparse.Namespace, listener: socket.socket) -> Access | None:
    """Tell who may use the control API: on a loopback address all, elsewhere who has the token."""
    token = getattr(options, "control_token", None)
    is_reached = token is not None or ip_address(listener.getsockname()[0]).is_loopback
    return Access(token) if is_reached and options.workers == 1 else None


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    # Only of a socket that names its protocol does asyncio know that it may switch Nagle's
    # algorithm off, without which every answer waits 40 ms for its second packet.
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _cannot_listen(options: argparse.Namespace, error: OSError) -> str:
    advice = (
        " Choose another port with --port, or let the system choose with --port 0."
        if error.errno in {errno.EADDRINUSE, errno.EACCES}
        else ""
    )
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
    return f"cannot listen on {options.host}, port {options.port}: {reason}.{advice}"


def _url(listener: socket.socket) -> str:
    """Tell where the server can be reached from this machine."""
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)  # noqa: S104 - not to bind
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xclade-store-mock",
        description="A reference server for the payment sessions of the xclade Store API.",
    )
    parser.add_argument("--version", action="version", version=version("xclade-store"))
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    serve = commands.add_parser(
        "serve",
        help="start the server",
        description="Start the server; stop it with Ctrl+C.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    serve.set_defaults(run=_serve)
    add_options(serve)
    add_parser(commands)
    return parser


def _fail(message: str) -> int:
    sys.stderr.write(f"xclade-store-mock: {message}\n")
    return 1
