"""The options that choose what serves requests outside of the contract."""

import argparse
import socket
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xclade_store_mock.upstream.learning import Backend
    from xclade_store_mock.upstream.recording import Recording


class BackendInvalid(Exception):
    """The upstream or the recording cannot be used; the text says why."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to a subcommand."""
    from xclade_store_mock.cli.proxy import add_upstream_options  # noqa: PLC0415

    group = parser.add_argument_group("requests that are not in the contract")
    backends = group.add_mutually_exclusive_group()
    backends.add_argument(
        "--upstream",
        metavar="URL",
        help="forward them to this store; the payment endpoints are simulated for its carts",
    )
    backends.add_argument(
        "--recording",
        type=Path,
        metavar="FILE",
        help="respond to them as recorded; without --seed, the mock starts from the recorded store",
    )
    group.add_argument(
        "--provider",
        action="append",
        default=[],
        metavar="ID",
        help="a payment provider to add to every region; can be repeated",
    )
    add_upstream_options(parser)


def read_recorded(options: argparse.Namespace) -> "Recording | None":
    """Return the recording of the options, or None. Raises BackendInvalid."""
    if options.recording is None:
        return None
    # Imported late: --help does not need httpx, which the package imports.
    from xclade_store_mock.upstream.recording import RecordingError, read_recording  # noqa: PLC0415

    try:
        recording = read_recording(options.recording, datetime.now(UTC))
    except RecordingError as error:
        raise BackendInvalid(str(error)) from error
    if recording.is_truncated:
        sys.stderr.write(
            f"{options.recording} is truncated: without its last line, it has"
            f" {len(recording.cases)} requests\n"
        )
    return recording


def choose(
    options: argparse.Namespace, recording: "Recording | None", listeners: Sequence[socket.socket]
) -> tuple[Callable[[], "Backend"], str] | None:
    """Return what creates the backend that the options choose, and its name; or None.

    Raises BackendInvalid.
    """
    if recording is not None:
        from xclade_store_mock.upstream.recorded import Recorded  # noqa: PLC0415 - see above

        return partial(Recorded, recording), f"{recording.name} ({len(recording.cases)} requests)"
    if options.upstream is None:
        return None
    # Imported late: they import `serve`, which imports this module.
    from xclade_store_mock.cli.proxy import open_upstream  # noqa: PLC0415
    from xclade_store_mock.cli.serve import CannotServe  # noqa: PLC0415
    from xclade_store_mock.upstream.forward import Forward  # noqa: PLC0415

    try:
        upstream = open_upstream(options.upstream, options, listeners).upstream
    except CannotServe as error:
        raise BackendInvalid(str(error)) from error
    create = partial(
        Forward, upstream, timeout=options.upstream_timeout, verify=not options.insecure
    )
    return create, str(upstream)
