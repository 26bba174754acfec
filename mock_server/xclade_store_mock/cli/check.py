"""The subcommand `check` and its options."""

import argparse
import os
import re
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType
from typing import NoReturn

from xclade_store_mock.check import CANNOT, INTERRUPTED, KEY_VARIABLE
from xclade_store_mock.check.showing import make_show, say
from xclade_store_mock.check.target import Unusable, approve
from xclade_store_mock.cli.serve import positive


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to the command line."""
    parser = commands.add_parser(
        "check",
        help="hold a backend against the contract",
        description="Hold a backend against the contract. This creates payment sessions there."
        " Exit code 0: no findings; 1: findings; 2: the check could not be made.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("url", metavar="URL", help="the backend, without /store")
    parser.add_argument(
        "--publishable-key",
        type=_key,
        metavar="KEY",
        default=os.environ.get(KEY_VARIABLE),
        help=f"the key that every call carries (default: ${KEY_VARIABLE})",
    )
    parser.add_argument(
        "--dialect",
        choices=("documented", "medusa"),
        default="documented",
        help="medusa: expect what Medusa 2.21.2 is known to answer otherwise than documented",
    )
    _add_ids(parser)
    _add_limits(parser)
    reports = parser.add_argument_group("reports")
    reports.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML")
    reports.add_argument("--html", type=Path, metavar="FILE", help="write one HTML page")


def _add_ids(parser: argparse.ArgumentParser) -> None:
    ids = parser.add_argument_group("what there is to test with")
    for name, purpose in (
        ("region", "to list its payment providers"),
        ("cart", "to create its payment collection"),
        ("collection", "to initialize payment sessions (default: the cart's)"),
        ("provider", "the only one that is asked (default: the region's manual one)"),
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
        help="at most so many calls a second, or N/m a minute (default: 20/s, but none on this"
        " machine)",
    )
    limits.add_argument(
        "--max-examples",
        type=positive,
        metavar="N",
        default=25,
        help="so many generated calls of each operation, and so many scenarios (default: 25)",
    )
    limits.add_argument(
        "--time-limit", type=positive, metavar="SECONDS", help="make no calls after that"
    )
    limits.add_argument(
        "--timeout",
        type=positive,
        metavar="SECONDS",
        default=10,
        help="wait so long for an answer (default: 10)",
    )
    limits.add_argument("--seed", type=int, metavar="N", help="repeat the calls of a run")


def run(options: argparse.Namespace) -> int:
    """Check a backend; answer the exit code."""
    # As in `serving`: Connexion's own import.
    warnings.filterwarnings("ignore", "Using `httpx` with `starlette.testclient`")
    try:
        with _interruptible() as stop:
            target = approve(options)
            # Imported late: it takes a second, and needs what comes with an extra.
            from xclade_store_mock.check.run import run_check  # noqa: PLC0415

            return run_check(target, options, stop)
    except Unusable as error:
        say(f"xclade-store-mock: {make_show(options.publishable_key)(str(error))}\n", sys.stderr)
    except ModuleNotFoundError as error:
        message = f"{error}. The check comes with the extra: pip install 'xclade-store[check]'"
        say(f"xclade-store-mock: {message}\n", sys.stderr)
    except KeyboardInterrupt:
        say("\nInterrupted\n", sys.stderr)
        return INTERRUPTED
    return CANNOT


@contextmanager
def _interruptible() -> Iterator[Event]:
    """Raise KeyboardInterrupt when a signal says to stop, and set the event.

    SIGTERM does so, too: whoever ends the check is told what was found so far.
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
        message = "this cannot be a publishable key"
        raise argparse.ArgumentTypeError(message)
    return text


def _id(text: str) -> str:
    if not text.strip():
        message = "an id is not blank"
        raise argparse.ArgumentTypeError(message)
    return text


def _rate(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,5}/[sm]", text):
        message = f"{text!r} is not a rate, such as 20/s"
        raise argparse.ArgumentTypeError(message)
    return text
