"""The command line: `xclade-store-mock serve`."""

import argparse
import socket
import sys
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import uvicorn

from xclade_store_mock.banner import banner
from xclade_store_mock.store_file import StoreFileError, demo_store, read_store

_LOOPBACK = "127.0.0.1"
_PORT = 4010


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; answer its exit code."""
    options = _parser().parse_args(arguments)
    # Connexion imports a part of Starlette that now wants another client library; it works as is.
    warnings.filterwarnings("ignore", "Using `httpx` with `starlette.testclient`")
    return _serve(options)


def _serve(options: argparse.Namespace) -> int:
    # Imported late, so that --help does not wait for it.
    from xclade_store_mock.app import create_app, utc_now  # noqa: PLC0415
    from xclade_store_mock.error_responses import Dialect  # noqa: PLC0415

    try:
        store = read_store(options.seed, utc_now()) if options.seed else demo_store(utc_now())
    except StoreFileError as error:
        return _fail(str(error))
    try:
        listener = socket.create_server((options.host, options.port), backlog=2048)
    except OSError as error:
        return _fail(
            f"cannot listen on {options.host}:{options.port}: {error.strerror}."
            " Choose another port with --port, or let the system choose with --port 0."
        )
    config = uvicorn.Config(
        create_app(store=store, dialect=Dialect(options.dialect)),
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    host, port = listener.getsockname()[:2]
    sys.stdout.write(banner(store, f"http://{host}:{port}"))
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listener])
    return 0


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
        description="Start the server; stop it with Ctrl+C. Its state is gone then.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    serve.add_argument("--host", default=_LOOPBACK, help="the address to listen on")
    serve.add_argument(
        "--port", type=int, default=_PORT, help="the port to listen on; 0 lets the system choose"
    )
    serve.add_argument(
        "--dialect",
        choices=("documented", "medusa"),
        default="documented",
        help="whose ways to have: the documentation's, or a recorded Medusa backend's",
    )
    serve.add_argument(
        "--seed", type=Path, metavar="FILE", help="the store to start from, YAML or JSON"
    )
    return parser


def _fail(message: str) -> int:
    sys.stderr.write(f"xclade-store-mock: {message}\n")
    return 1
