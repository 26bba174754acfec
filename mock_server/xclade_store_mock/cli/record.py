"""The options that record the traffic, of `serve` and `proxy`."""

import argparse
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xclade_store_mock.cli.backend import OptionInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xclade_store_mock.control.frame import Middleware


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to a subcommand."""
    group = parser.add_argument_group("recording")
    group.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="write the calls of the contract's operations to this file, without secrets and"
        " personal data, to replay them or to work offline",
    )
    group.add_argument("--record-all", action="store_true", help="record all other requests, too")


def check_options(options: argparse.Namespace) -> None:
    """Raise OptionInvalid for a file of another option, or none at all."""
    if options.record is None:
        if options.record_all:
            raise OptionInvalid("--record-all needs --record FILE, the file to write")
        return
    for name in ("seed", "recording", "ssl_certfile", "ssl_keyfile", "storage", "junit", "html"):
        other = getattr(options, name, None)  # no command has all
        if other is not None and _are_same(
            options.record, Path(str(other).removeprefix("sqlite:///"))
        ):
            raise OptionInvalid(
                f"--record {options.record} is also the file of --{name.replace('_', '-')}:"
                " name another one"
            )


def _are_same(path: Path, other: Path) -> bool:
    """Return whether two names, which may be links, are of one file."""
    with suppress(OSError):
        return path.samefile(other)
    return path.absolute() == other.absolute()  # one of them does not exist


@contextmanager
def recording(options: argparse.Namespace) -> "Iterator[Middleware | None]":
    """Yield what records the traffic as the options say. Raises OptionInvalid."""
    if options.record is None:
        yield None
        return
    # Imported late: --help does not need the contract.
    from xclade_store_mock.contract import load_contract  # noqa: PLC0415
    from xclade_store_mock.dialects import DIALECTS  # noqa: PLC0415
    from xclade_store_mock.upstream.record import Recorder, Writer  # noqa: PLC0415

    find = partial(DIALECTS[options.dialect].find, load_contract("store.yaml"))
    try:
        writer = Writer(options.record)
    except OSError as error:
        raise OptionInvalid(f"cannot write {options.record}: {error.strerror}") from error
    with closing(writer):
        yield partial(Recorder, writer=writer, find=find, records_all=options.record_all)
