"""The command line: `xclade-store-mock serve`, `proxy`, `check` and `replay`.

May import everything, but imports only the chosen command, and late what its --help does not need.
No other package imports it.
"""

import argparse
import sys
from collections.abc import Container, Sequence
from importlib import import_module
from typing import Any

# Each has a module here, which adds its options.
_COMMANDS = {
    "serve": "start the mock server",
    "proxy": "forward requests to a real store, and check what passes against the contract",
    "check": "check a backend against the contract",
    "replay": "send the requests of recordings again, and compare the responses",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        # Nothing may precede a command but --help and --version, which end at once.
        parser = make_parser(arguments[:1])
    except ModuleNotFoundError as error:
        from xclade_store_mock.check import CANNOT_CHECK  # noqa: PLC0415 - few need it

        sys.stderr.write(
            f"xclade-store-mock: {error}. `serve` comes with the extra mock, `check` with the extra"
            " check: pip install 'xclade-store[mock]' or 'xclade-store[check]'\n"
        )
        return CANNOT_CHECK
    options = parser.parse_args(arguments)
    code: int = options.run(options)
    return code


def make_parser(chosen: Container[str] = _COMMANDS) -> argparse.ArgumentParser:
    """Return the parser of the command line; only the chosen commands have their options."""
    parser = argparse.ArgumentParser(
        prog="xclade-store-mock",
        description="A stateful mock of the payment endpoints of a Medusa store, and a check of any"
        " backend against their contract.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, summary in _COMMANDS.items():
        command = commands.add_parser(name, help=summary)
        if name in chosen:
            import_module(f"{__name__}.{name}").add_options(command)
    return parser


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version  # noqa: PLC0415 - takes as long as all else here

        sys.stdout.write(f"{version('xclade-store')}\n")
        parser.exit()
