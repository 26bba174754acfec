"""The command line: `xclade-store-mock serve`, `proxy`, `check` and `replay`.

May import everything, but imports late what --help does not need. No other package imports it.
"""

import argparse
from collections.abc import Sequence
from importlib.metadata import version

from xclade_store_mock.cli import check, proxy, replay, serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = make_parser().parse_args(arguments)
    code: int = options.run(options)
    return code


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="xclade-store-mock",
        description="A mock server for the payment sessions of the xclade Store API, and a check of"
        " any backend against its contract.",
    )
    parser.add_argument("--version", action="version", version=version("xclade-store"))
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    serve.add_parser(commands)
    proxy.add_parser(commands)
    check.add_parser(commands)
    replay.add_parser(commands)
    return parser
