"""The subcommand `check` and its options."""

import argparse
import os
import re
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from threading import Event
from types import FrameType
from typing import NoReturn

from xclade_store_mock.check import CANNOT_CHECK, INTERRUPTED, KEY_VARIABLE
from xclade_store_mock.check.showing import make_show, print_safely
from xclade_store_mock.check.target import CannotCheck, CheckOptions, confirm_target
from xclade_store_mock.cli.serve import positive


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to the command line."""
    parser = commands.add_parser(
        "check",
        help="check a backend against the contract",
        description="Check a backend against the contract. This creates payment sessions there."
        " Exit code 0: no findings; 1: findings; 2: the check could not be made.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("url", metavar="URL", help="the backend's base URL, without /store")
    parser.add_argument(
        "--publishable-key",
        type=_key,
        metavar="KEY",
        default=os.environ.get(KEY_VARIABLE),
        help=f"the key to send with every call (default: ${KEY_VARIABLE})",
    )
    parser.add_argument(
        "--dialect",
        choices=("documented", "medusa"),
        default="documented",
        help="medusa: expect the known deviations of a real Medusa (default: %(default)s)",
    )
    _add_ids(parser)
    _add_limits(parser)
    reports = parser.add_argument_group("reports")
    reports.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML")
    reports.add_argument("--html", type=Path, metavar="FILE", help="write one HTML page")


def _add_ids(parser: argparse.ArgumentParser) -> None:
    ids = parser.add_argument_group("ids to test with")
    for name, purpose in (
        ("region", "to list its payment providers"),
        ("cart", "to create its payment collection"),
        ("collection", "to initialize payment sessions (default: the cart's)"),
        ("provider", "the only one that is called (default: the region's manual one)"),
    ):
        ids.add_argument(f"--{name}-id", type=_id, metavar="ID", help=purpose)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    limits = parser.add_argument_group("limits")
    limits.add_argument(
        "--yes", action="store_true", help="do not ask before calling another machine"
    )
    limits.add_argument(
        "--rate",
        type=_rate,
        metavar="N/s",
        help="at most N calls a second, or N/m a minute (default: 20/s; on this machine none)",
    )
    limits.add_argument(
        "--max-examples",
        type=positive,
        metavar="N",
        default=25,
        help="number of generated calls per operation, and of scenarios (default: 25)",
    )
    limits.add_argument(
        "--time-limit", type=positive, metavar="SECONDS", help="stop making calls after this time"
    )
    limits.add_argument(
        "--timeout",
        type=positive,
        metavar="SECONDS",
        default=10,
        help="how long to wait for a response (default: 10)",
    )
    limits.add_argument("--seed", type=int, metavar="N", help="repeat the calls of an earlier run")


def run(options: argparse.Namespace) -> int:
    """Check a backend and return the exit code."""
    # Caused by Connexion's own import, as in `serving`.
    warnings.filterwarnings("ignore", "Using `httpx` with `starlette.testclient`")
    names = (each.name for each in fields(CheckOptions))
    chosen = CheckOptions(**{name: getattr(options, name) for name in names})
    try:
        with _interruptible() as stop:
            target = confirm_target(chosen)
            # Imported late: it takes a second, and needs the extra `check`.
            from xclade_store_mock.check.run import run_check  # noqa: PLC0415

            return run_check(target, chosen, stop)
    except CannotCheck as error:
        print_safely(
            f"xclade-store-mock: {make_show(options.publishable_key)(str(error))}\n", sys.stderr
        )
    except ModuleNotFoundError as error:
        message = f"{error}. The check comes with the extra: pip install 'xclade-store[check]'"
        print_safely(f"xclade-store-mock: {message}\n", sys.stderr)
    except KeyboardInterrupt:
        print_safely("\nInterrupted\n", sys.stderr)
        return INTERRUPTED
    return CANNOT_CHECK


@contextmanager
def _interruptible() -> Iterator[Event]:
    """Yield an event that SIGINT and SIGTERM set, besides raising KeyboardInterrupt.

    An interrupted check still reports what it found.
    """
    stop = Event()

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        stop.set()
        signal.default_int_handler(number, frame)

    signals = (signal.SIGINT, signal.SIGTERM)
    handlers = [signal.signal(each, interrupt) for each in signals]
    try:
        yield stop
    finally:
        for number, handler in zip(signals, handlers, strict=True):
            signal.signal(number, handler)


def _key(text: str) -> str:
    if not text.isascii() or not text.isprintable() or not text.strip():
        message = "must be printable ASCII and not blank"
        raise argparse.ArgumentTypeError(message)
    return text


def _id(text: str) -> str:
    if not text.strip():
        message = "must not be blank"
        raise argparse.ArgumentTypeError(message)
    return text


def _rate(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,5}/[sm]", text):
        message = f"{text!r} is not a rate such as 20/s"
        raise argparse.ArgumentTypeError(message)
    return text
