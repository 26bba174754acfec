"""Options that several commands share: their types, and what serves requests besides the mock."""

import argparse
import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from xclade_store_mock.check import KEY_VARIABLE

if TYPE_CHECKING:
    from xclade_store_mock.upstream import Upstream
    from xclade_store_mock.upstream.forward import Forward
    from xclade_store_mock.upstream.learning import Backend
    from xclade_store_mock.upstream.recording import Recording

T = TypeVar("T")

_REPORTS = {"junit": "JUnit XML", "html": "one HTML page"}


class OptionInvalid(Exception):
    """What an option names cannot be used; the text says why, and the exit code is 2."""


def option_type(
    read: Callable[[str], T], is_valid: Callable[[T], object], problem: str
) -> Callable[[str], T]:
    """Return a type for argparse, which puts the invalid text into the problem."""

    def parse(text: str) -> T:
        with suppress(ValueError):
            value = read(text)
            if is_valid(value):
                return value
        raise argparse.ArgumentTypeError(problem.format(text))

    return parse


positive = option_type(int, lambda it: it >= 1, "must be an integer of at least 1, not {!r}")
seconds = option_type(
    float,
    lambda it: 0 < it <= 24 * 60 * 60,
    "must be a number of seconds above 0 and up to a day, not {!r}",
)


_key = option_type(
    str,
    lambda text: text.isascii() and text.isprintable() and text == text.strip(),
    "must be printable ASCII, without spaces around it",
)


def add_dialect(
    parser: argparse.ArgumentParser,
    effect: str = "medusa: expect the known deviations of a real Medusa",
    default: str = "documented",
) -> None:
    """Add the option for the dialect."""
    parser.add_argument(
        "--dialect",
        choices=("documented", "medusa"),
        default=default,
        help=f"{effect} (default: %(default)s)",
    )


def add_key(parser: argparse.ArgumentParser, purpose: str) -> None:
    """Add the option for the publishable key of a backend."""
    parser.add_argument(
        "--publishable-key",
        type=_key,
        metavar="KEY",
        default=os.environ.get(KEY_VARIABLE, ""),
        help=f"{purpose} (default: ${KEY_VARIABLE})",
    )


def add_reports(parser: "argparse._ActionsContainer", *formats: str) -> None:
    """Add the options for reports in these formats."""
    for name in formats:
        parser.add_argument(
            f"--{name}", type=Path, metavar="FILE", help=f"write {_REPORTS[name]} at the end"
        )


def add_upstream_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for how to call the upstream."""
    parser.add_argument(
        "--upstream-timeout",
        type=seconds,
        metavar="SECONDS",
        default=30.0,
        help="time for the upstream to connect and to respond; after that the client gets 504"
        " (default: %(default)s)",
    )
    parser.add_argument(
        "--insecure", action="store_true", help="accept any certificate of the upstream"
    )


def open_upstream(
    text: str, options: argparse.Namespace, listeners: Sequence[socket.socket]
) -> "tuple[Callable[[], Forward], Upstream]":
    """Return what creates a connection to a URL, and the store there. Raises OptionInvalid."""
    # Imported late: --help does not need httpx.
    from xclade_store_mock.upstream import Upstream  # noqa: PLC0415
    from xclade_store_mock.upstream.forward import Forward  # noqa: PLC0415

    try:
        upstream = Upstream.parse(text)
    except ValueError as error:
        raise OptionInvalid(str(error)) from error
    if any(_reaches(upstream, each) for each in listeners):
        raise OptionInvalid(
            f"{upstream} is this server's own address: requests would go in circles"
        )
    if options.insecure:
        sys.stderr.write(f"--insecure: the certificate of {upstream} is not verified\n")
    create = partial(
        Forward, upstream, timeout=options.upstream_timeout, verify=not options.insecure
    )
    try:
        create()
    except OSError as error:
        raise OptionInvalid(f"cannot read the certificates of SSL_CERT_FILE: {error}") from error
    return create, upstream


def _reaches(upstream: "Upstream", listener: socket.socket) -> bool:
    """Return whether a listener accepts the connections to an upstream."""
    _, host, port = upstream.origin
    own_host, own_port = listener.getsockname()[:2]
    if port != own_port:
        return False
    with suppress(OSError):  # of a name that cannot be resolved, for one
        for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            if address[0] == own_host:
                return True
            with suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as probe:
                # Only an address of this machine can be bound.
                probe.bind((address[0], 0))
                return own_host in {"0.0.0.0", "::"}  # noqa: S104 - to compare with
    return False


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to a subcommand."""
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
    """Return the recording of the options, or None. Raises OptionInvalid."""
    if options.recording is None:
        return None
    # Imported late: --help does not need httpx, which the package imports.
    from xclade_store_mock.upstream.recording import RecordingError, read_recording  # noqa: PLC0415

    try:
        recording = read_recording(options.recording, datetime.now(UTC))
    except RecordingError as error:
        raise OptionInvalid(str(error)) from error
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

    Raises OptionInvalid.
    """
    if recording is not None:
        from xclade_store_mock.upstream.recorded import Recorded  # noqa: PLC0415 - see above

        return partial(Recorded, recording), f"{recording.name} ({len(recording.cases)} requests)"
    if options.upstream is None:
        return None
    create, upstream = open_upstream(options.upstream, options, listeners)
    return create, str(upstream)
