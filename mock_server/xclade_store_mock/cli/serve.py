"""The options of `xclade-store-mock serve`."""

import argparse
import re
from contextlib import suppress
from functools import partial
from pathlib import Path

from xclade_store_mock.control.scenarios import SCENARIOS
from xclade_store_mock.serving.limits import Limits

MEMORY = "memory"
LOOPBACK = "127.0.0.1"

_PORT = 4010
_PORTS = 2**16
_LONGEST = 24 * 60 * 60  # seconds
_SMALLEST_HEAD = 1_024  # bytes; any client's requests have some hundred
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\sA-Z]+|null")


def add_options(serve: argparse.ArgumentParser) -> None:
    """Let a command take the options."""
    _add_place(serve)
    _add_store(serve)
    _add_comfort(serve)
    _add_limits(serve)


def _add_place(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--host", default=LOOPBACK, help="the address to listen on")
    serve.add_argument(
        "--port",
        type=_port,
        default=_PORT,
        help="the port to listen on; 0 lets the system choose",
    )
    serve.add_argument(
        "--workers",
        type=positive,
        default=1,
        metavar="N",
        help="how many processes serve; several need a storage that they can share",
    )
    serve.add_argument(
        "--cors-origin",
        type=_origin,
        action="append",
        metavar="ORIGIN",
        default=argparse.SUPPRESS,
        help="an origin whose pages may call, like http://localhost:8000; can be repeated"
        " (default: those of the seed, or every origin)",
    )


def _add_store(serve: argparse.ArgumentParser) -> None:
    serve.add_argument(
        "--dialect",
        choices=("documented", "medusa"),
        default="documented",
        help="answer as the documentation says, or as a recorded Medusa backend does",
    )
    serve.add_argument(
        "--seed",
        type=Path,
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="the store to start from, YAML or JSON (default: a demo store)",
    )
    serve.add_argument(
        "--storage",
        metavar="URL",
        default=MEMORY,
        help="where the state is kept: memory, which forgets it with the process,"
        " sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE",
    )
    serve.add_argument(
        "--scenario",
        choices=[each.name for each in SCENARIOS],
        default=argparse.SUPPRESS,
        help="start in a trouble that storefronts had, and the storage as new (default: none)",
    )


def _add_comfort(serve: argparse.ArgumentParser) -> None:
    serve.add_argument(
        "--watch",
        action="store_true",
        default=argparse.SUPPRESS,
        help="start again from the seed when it or the contract changes",
    )
    serve.add_argument(
        "--log-format",
        choices=("text", "json"),
        default=argparse.SUPPRESS,
        help="write a line for each request, too (default: for problems only, as text)",
    )
    serve.add_argument(
        "--control-token",
        type=_token,
        metavar="TOKEN",
        default=argparse.SUPPRESS,
        help="what the control API asks for (default: nothing, and only on a loopback address)",
    )


def _add_limits(serve: argparse.ArgumentParser) -> None:
    limits = serve.add_argument_group("limits, for each process")
    limits.add_argument(
        "--max-connections",
        type=positive,
        metavar="N",
        default=Limits.connections,
        help="how many connections there may be; one more is answered 503",
    )
    limits.add_argument(
        "--max-head",
        type=partial(positive, least=_SMALLEST_HEAD),
        metavar="BYTES",
        default=Limits.head,
        help="how large a request's headers may be; larger ones are answered 431",
    )
    limits.add_argument(
        "--request-timeout",
        type=_seconds,
        metavar="SECONDS",
        default=Limits.seconds,
        help="how long a request may take to arrive; then it is answered 408",
    )


def _origin(text: str) -> str:
    if not _ORIGIN.fullmatch(text):
        message = f"{text!r} is not what browsers call an origin, like https://shop.example"
        raise argparse.ArgumentTypeError(message)
    return text


def _token(text: str) -> str:
    if not re.fullmatch("[!-~]+", text):
        message = "a token is made of visible ASCII characters, and has one at least"
        raise argparse.ArgumentTypeError(message)
    return text


def positive(text: str, least: int = 1) -> int:
    """Read a whole number from 1 on, or from another one."""
    with suppress(ValueError):
        if int(text) >= least:
            return int(text)
    message = f"{text!r} is no whole number from {least:,} on"
    raise argparse.ArgumentTypeError(message)


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if 0 < float(text) <= _LONGEST:
            return float(text)
    message = f"{text!r} is no number of seconds above 0, up to a day"
    raise argparse.ArgumentTypeError(message)


def _port(text: str) -> int:
    with suppress(ValueError):
        if int(text) in range(_PORTS):
            return int(text)
    message = f"{text!r} is no port: those are from 0 to {_PORTS - 1}"
    raise argparse.ArgumentTypeError(message)
