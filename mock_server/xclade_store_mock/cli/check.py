"""The subcommand `check` and its options."""

import argparse
import re
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from threading import Event
from types import FrameType
from typing import NoReturn

from xclade_store_mock.check import (
    CANNOT_CHECK,
    IDEMPOTENCY_KEY,
    INTERRUPTED,
    KEY_HEADER,
    Secrets,
    print_safely,
)
from xclade_store_mock.check.target import CannotCheck, CheckOptions, confirm
from xclade_store_mock.cli.backend import add_dialect, add_key, add_reports, option_type, positive

_id = option_type(str, str.strip, "must not be blank")
_rate = option_type(
    str, re.compile("[1-9][0-9]{0,5}/[sm]").fullmatch, "{!r} is not a rate such as 20/s"
)

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OWN_HEADERS = frozenset(
    {KEY_HEADER, IDEMPOTENCY_KEY.lower(), "content-type", "content-length", "transfer-encoding"}
)


def _header(text: str) -> tuple[str, str]:
    """Return a header's name and value."""
    name, _, value = text.partition(":")
    value = value.strip(" ")
    if not (_TOKEN.fullmatch(name) and value and value.isascii() and value.isprintable()):
        # The text may be a secret, so it is not shown.
        message = "must be like 'Name: value', in printable ASCII"
        raise argparse.ArgumentTypeError(message)
    if name.lower() in _OWN_HEADERS:
        message = f"{name} is set by the check itself"
        raise argparse.ArgumentTypeError(message)
    return name, value


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the description and the options of the command."""
    parser.description = (
        "Check a backend against the contract. This creates payment sessions there."
        " Exit code 0: passed; 1: findings; 2: the check could not be made; 3: an operation was not"
        " tested."
    )
    parser.set_defaults(run=run)
    parser.add_argument("url", metavar="URL", help="the backend's base URL, without /store")
    add_key(parser, "the key to send with every call")
    add_dialect(parser)
    parser.add_argument(
        *("-H", "--header"),
        dest="headers",
        type=_header,
        metavar="'NAME: VALUE'",
        action="append",
        default=[],
        help="send this header with every call, for a gateway in front of the backend (repeatable)",
    )
    _add_ids(parser.add_argument_group("ids to test with"))
    _add_limits(parser.add_argument_group("limits").add_argument)
    reports = parser.add_argument_group("reports")
    add_reports(reports, "junit", "html")
    add = reports.add_argument
    add("--github", action="store_true", help="print the findings as annotations of GitHub Actions")
    untested = "exit with 0 even if an operation was not tested"
    add("--allow-untested", action="store_true", help=untested)


def _add_ids(group: "argparse._ArgumentGroup") -> None:
    cart = group.add_mutually_exclusive_group()
    creates = "create a cart in the region, and its payment collection"
    for parent, name, purpose in (
        (group, "--region-id", "to list its payment providers (default: the backend's first)"),
        (cart, "--cart-id", "to create its payment collection (default: only the mock's first)"),
        (group, "--collection-id", "to initialize payment sessions (default: the cart's)"),
        (group, "--provider-id", "the only one that is called (default: the manual one)"),
    ):
        parent.add_argument(name, type=_id, metavar="ID", help=purpose)
    cart.add_argument("--create-cart", action="store_true", help=creates)


def _add_limits(add: Callable[..., object]) -> None:
    rate = "at most N calls a second, or N/m a minute (default: 20/s; on this machine none)"
    examples = "number of generated calls per operation, and of scenarios (default: %(default)s)"
    timeout = "how long to wait for a response (default: %(default)s)"
    add("--yes", action="store_true", help="do not ask before calling another machine")
    add("--rate", type=_rate, metavar="N/s", help=rate)
    add("--max-examples", type=positive, metavar="N", default=25, help=examples)
    add("--time-limit", type=positive, metavar="SECONDS", help="stop making calls after this time")
    add("--timeout", type=positive, metavar="SECONDS", default=10, help=timeout)
    seed = "repeat the calls of an earlier run (default: random; the same with CI=true)"
    add("--seed", type=int, metavar="N", help=seed)


def run(options: argparse.Namespace) -> int:
    """Check a backend and return the exit code."""
    # Caused by Connexion's own import, as in `serving`.
    warnings.filterwarnings("ignore", "Using `httpx` with `starlette.testclient`")
    chosen = CheckOptions(
        **{each.name: getattr(options, each.name) for each in fields(CheckOptions)}
    )
    chosen = replace(chosen, headers=dict(options.headers))
    try:
        with _interruptible() as stop:
            confirmed = confirm(chosen)
            # Imported late: it takes a second, and needs the extra `check`.
            from xclade_store_mock.check.run import run_check  # noqa: PLC0415

            return run_check(confirmed, stop)
    except (CannotCheck, OSError) as error:
        message = Secrets(chosen.publishable_key, chosen.headers).hide(str(error))
    except ModuleNotFoundError as error:
        message = (
            f"{error}. The check comes with the extra: pip install 'xclade-store[check]',"
            " or in a checkout ./scripts/setup"
        )
    except KeyboardInterrupt:
        print_safely("\nInterrupted\n", sys.stderr)
        return INTERRUPTED
    print_safely(f"xclade-store-mock: {message}\n", sys.stderr)
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
    handlers = {each: signal.signal(each, interrupt) for each in signals}
    try:
        yield stop
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
