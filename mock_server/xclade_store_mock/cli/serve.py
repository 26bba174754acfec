"""The subcommand `serve` and its options."""

import argparse
import asyncio
import dataclasses
import errno
import os
import re
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from secrets import token_urlsafe
from ssl import Purpose, create_default_context
from typing import TYPE_CHECKING

from msgspec.structs import replace

from xclade_store_mock.cli import backend, record
from xclade_store_mock.cli.backend import OptionInvalid, add_dialect, option_type, positive
from xclade_store_mock.control.access import Access
from xclade_store_mock.control.scenarios import SCENARIOS, find_scenario
from xclade_store_mock.payments.model import Settings, Store
from xclade_store_mock.payments.seed import StoreFileError, demo_store, read_store
from xclade_store_mock.serving import Edge, Service
from xclade_store_mock.storage import StorageError

if TYPE_CHECKING:
    from xclade_store_mock.upstream.recording import Recording

MEMORY = "memory"

TOKEN_VARIABLE = "XCLADE_STORE_MOCK_CONTROL_TOKEN"  # noqa: S105 - its name

_LOOPBACK = "127.0.0.1"
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\sA-Z]+|null")
_REACHABLE = {"0.0.0.0": _LOOPBACK, "::": "::1"}  # noqa: S104 - to connect to, not to bind


_port = option_type(int, range(2**16).__contains__, "must be a port from 0 to 65535, not {!r}")
_origin = option_type(str, _ORIGIN.fullmatch, "{!r} is not an origin such as https://shop.example")
_root_path = option_type(
    str,
    re.compile(r"(?!/(?:store|_mock)(?:/|$))(?:/[\w.~-]+)+", re.ASCII).fullmatch,
    "{!r} is not a prefix such as /mock",
)
_token = option_type(
    str, re.compile("[!-~]+").fullmatch, "a token must consist of visible ASCII characters"
)


class CannotServe(Exception):
    """The server cannot start; the text says why and what to do."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the description and the options of the command."""
    parser.description = "Start the mock server; stop it with Ctrl+C."
    parser.set_defaults(run=serve)
    add_address(parser)
    _add_store(parser)
    backend.add_options(parser)
    record.add_options(parser)
    add_access(parser)


def add_address(parser: argparse.ArgumentParser) -> None:
    """Add the options for the address and the origins of pages."""
    parser.add_argument(
        "--host",
        default=_LOOPBACK,
        help="the address to listen on, or a name for one or several (default: %(default)s)",
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=4010,
        help="the port to listen on; 0 lets the system choose one (default: %(default)s)",
    )
    parser.add_argument(
        "--cors-origin",
        type=_origin,
        action="append",
        metavar="ORIGIN",
        help="an origin whose pages may call the mock, such as http://localhost:8000; can be"
        " repeated (default: those of the seed, or every origin)",
    )

    parser.add_argument(
        "--root-path",
        type=_root_path,
        metavar="PATH",
        help="the prefix under which a reverse proxy serves the mock, such as /mock",
    )
    parser.add_argument("--ssl-certfile", metavar="FILE", help="serve https with this certificate")
    parser.add_argument(
        "--ssl-keyfile", metavar="FILE", help="its key (default: in the certificate's file)"
    )


def _add_store(parser: argparse.ArgumentParser) -> None:
    add_dialect(parser, "respond as documented, or as a recorded Medusa backend does")
    parser.add_argument(
        "--seed",
        type=Path,
        metavar="FILE",
        help="the store to start from, as YAML or JSON (default: a demo store)",
    )
    parser.add_argument(
        "--storage",
        metavar="URL",
        default=MEMORY,
        help="where to keep the state: memory (lost when the server stops), sqlite:///FILE or"
        " postgresql://USER:PASSWORD@HOST/DATABASE (default: %(default)s)",
    )
    parser.add_argument(
        "--scenario",
        choices=[each.name for each in SCENARIOS],
        help="start in a scenario (resets the storage)",
    )
    parser.add_argument(
        "--workers",
        type=positive,
        default=1,
        metavar="N",
        help="the number of processes; several need a --storage that they can share"
        " (default: %(default)s)",
    )
    parser.add_argument(
        "--watch",
        action="store_true",
        help="start again from the seed when the seed or the contract changes",
    )


def add_access(parser: argparse.ArgumentParser) -> None:
    """Add the options of the log and the control API."""
    parser.add_argument(
        "--log-format",
        choices=("text", "json"),
        help="log each request (default: log problems only, as text)",
    )
    parser.add_argument(
        "--control-token",
        type=_token,
        metavar="TOKEN",
        default=os.environ.get(TOKEN_VARIABLE) or None,
        help=f"the token that the control API requires (default: ${TOKEN_VARIABLE}, or else none at"
        " a loopback address, and a random one at others)",
    )


def serve(options: argparse.Namespace) -> int:
    """Serve as the options say; return the exit code."""
    # Imported late: --help does not need uvicorn.
    from xclade_store_mock.cli.banner import announce  # noqa: PLC0415
    from xclade_store_mock.contract import contract_file  # noqa: PLC0415
    from xclade_store_mock.serving.processes import run, run_with_reload  # noqa: PLC0415

    try:
        check_options(options)
        record.check_options(options)
        recording = backend.read_recorded(options)
        store = _read_store(options, recording)
        if options.storage != MEMORY:
            store = _prepare_storage(options, store)
        with ExitStack() as stack:
            listeners = [stack.enter_context(each) for each in listen(options.host, options.port)]
            service = _read_options(options, store, recording, listeners)
            recorder = stack.enter_context(record.recording(options))
            service = dataclasses.replace(service, record=recorder)
            announce(service, url_of(listeners[0], service.edge))
            # Ctrl+C is the way to stop the server.
            with suppress(KeyboardInterrupt):
                if options.watch:
                    files = [contract_file("store.yaml"), *([options.seed] if options.seed else [])]
                    read = partial(_read_store, options, recording)
                    run_with_reload(service, listeners, read, files)
                else:
                    run(service, listeners)
    except (CannotServe, StoreFileError, StorageError, OptionInvalid) as error:
        sys.stderr.write(f"xclade-store-mock: {error}\n")
        return 2 if isinstance(error, OptionInvalid) else 1
    return 0


def check_options(options: argparse.Namespace, platform: str = sys.platform) -> None:
    """Raise CannotServe for options that exclude each other."""
    is_shared = options.workers > 1
    if is_shared and options.storage == MEMORY:
        raise CannotServe(
            "several workers cannot share a memory: choose --storage sqlite:///FILE"
            " or --storage postgresql://USER:PASSWORD@HOST/DATABASE, or one worker"
        )
    if is_shared and platform == "win32" and not options.storage.startswith("postgresql:"):
        raise CannotServe(
            "several workers cannot share an SQLite file on Windows, where it cannot be locked for"
            " them: choose --storage postgresql://USER:PASSWORD@HOST/DATABASE, or one worker"
        )
    if is_shared and (options.scenario or options.control_token):
        raise CannotServe(
            "--scenario and --control-token need the control API, which needs a single worker:"
            " leave them out, or --workers"
        )
    if is_shared and options.record:
        raise CannotServe(
            "several workers cannot write one recording: leave out --record, or --workers"
        )
    if is_shared and options.recording:
        raise CannotServe(
            "several workers cannot play one recording: leave out --recording, or --workers"
        )
    if options.watch and options.storage != MEMORY:
        raise CannotServe(
            "--watch starts again from the seed, but a database keeps the store that it has:"
            " leave out --watch, or --storage"
        )
    if options.watch and options.scenario:
        raise CannotServe(
            "--watch starts again from the seed, and so without the scenario:"
            " leave out --watch, or --scenario"
        )


def _read_options(
    options: argparse.Namespace,
    store: Store,
    recording: "Recording | None",
    listeners: Sequence[socket.socket],
) -> Service:
    """Return what to serve. Raises CannotServe."""
    return Service(
        store=store,
        dialect=options.dialect,
        storage_url=None if options.storage == MEMORY else options.storage,
        log_format=options.log_format,
        workers=options.workers,
        edge=read_edge(options),
        access=choose_access(options, listeners) if options.workers == 1 else None,
        scenario=find_scenario(options.scenario) if options.scenario else None,
        backend=backend.choose(options, recording, listeners),
        added_providers=tuple(options.provider),
    )


def choose_access(options: argparse.Namespace, listeners: Sequence[socket.socket]) -> Access:
    """Return the access to the control API: with a token unless only this machine can connect."""
    is_local = all(ip_address(each.getsockname()[0]).is_loopback for each in listeners)
    if options.control_token or is_local:
        return Access(options.control_token)
    return Access(token_urlsafe(16), is_random=True)


def read_edge(options: argparse.Namespace) -> Edge:
    """Return the root path and the certificate. Raises CannotServe."""
    certfile, keyfile = options.ssl_certfile, options.ssl_keyfile
    if keyfile and not certfile:
        raise CannotServe("--ssl-keyfile needs --ssl-certfile FILE")
    if certfile:
        try:
            create_default_context(Purpose.CLIENT_AUTH).load_cert_chain(certfile, keyfile)
        except OSError as error:
            files = f"{certfile} and {keyfile}" if keyfile else certfile
            raise CannotServe(f"cannot serve https with {files}: {error}") from error
    return Edge(options.root_path or "", certfile, keyfile)


def _read_store(options: argparse.Namespace, recording: "Recording | None") -> Store:
    """Return the store to start from, with the origins and providers of the options."""
    now = datetime.now(UTC)
    if options.seed:
        store = read_store(options.seed, now)
    elif recording is not None:
        store = recording.offline_store
    elif options.upstream:
        store = Store(Settings())
    else:
        store = demo_store(now)
    if options.cors_origin:
        store = _with_origins(store, options.cors_origin)
    return replace(store, settings=store.settings.with_providers(options.provider))


def _prepare_storage(options: argparse.Namespace, store: Store) -> Store:
    """Make the database ready; return the store with the origins that the database keeps."""
    # Imported late: not needed to keep the state in memory.
    from xclade_store_mock.storage import prepare_storage  # noqa: PLC0415

    held = asyncio.run(prepare_storage(options.storage, store))
    if held is None:
        return store
    if options.seed:
        sys.stderr.write(f"{options.seed} is ignored: the database already contains a store\n")
    return store if options.cors_origin else _with_origins(store, held.cors_origins)


def _with_origins(store: Store, origins: Sequence[str] | None) -> Store:
    cors_origins = None if origins is None else tuple(origins)
    return replace(store, settings=replace(store.settings, cors_origins=cors_origins))


def listen(host: str, port: int) -> list[socket.socket]:
    """Listen on every address of a host. Raises CannotServe."""
    from xclade_store_mock.serving import processes  # noqa: PLC0415 - see serve()

    try:
        return processes.listen(host, port)
    except OSError as error:
        # A name that cannot be resolved has a negative number, and a text of its own.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror
        message = f"cannot listen on {host}, port {port}: {reason}."
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            message += " Choose another port with --port, or let the system choose with --port 0."
        raise CannotServe(message) from error


def url_of(listener: socket.socket, edge: Edge) -> str:
    """Return the URL that reaches the server from this machine."""
    host, port = listener.getsockname()[:2]
    host = _REACHABLE.get(host, host)
    scheme, host = "https" if edge.certfile else "http", f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}:{port}{edge.root_path}"
