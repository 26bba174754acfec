"""The subcommand `proxy`."""

import argparse
import logging
import logging.config
import signal
import sys
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from xclade_store_mock.check import CANNOT_CHECK, FINDINGS, print_safely
from xclade_store_mock.check.target import CannotCheck, require_writable
from xclade_store_mock.cli import record
from xclade_store_mock.cli.backend import (
    OptionInvalid,
    add_dialect,
    add_reports,
    add_upstream_options,
    open_upstream,
)
from xclade_store_mock.cli.serve import (
    CannotServe,
    add_access,
    add_address,
    choose_access,
    listen,
    read_edge,
    url_of,
)
from xclade_store_mock.control.access import Access

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import Message, Scope

    from xclade_store_mock.check.live import LiveCheck
    from xclade_store_mock.contract import Match
    from xclade_store_mock.errors import Violation
    from xclade_store_mock.upstream import Upstream
    from xclade_store_mock.upstream.checks import Conclude

_log = logging.getLogger("xclade_store_mock")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the description and the options of the command."""
    parser.description = (
        "Forward every request to a real store, with the mock's journal, console and"
        " faults in front of it, and check what passes against the contract. On Ctrl+C it prints a"
        " summary."
    )
    parser.set_defaults(run=proxy)
    parser.add_argument("url", metavar="URL", help="the store's base URL, without /store")
    add = parser.add_argument
    add("--errors", action="store_true", help="send an error instead of what violates the contract")
    add(
        "--fail-on-violations",
        action="store_true",
        help="end with exit code 1 if anything violated the contract",
    )
    add_dialect(parser)
    add_reports(parser, "junit", "html")
    add_upstream_options(parser)
    record.add_options(parser)
    add_address(parser)
    add_access(parser)


def proxy(options: argparse.Namespace) -> int:
    """Forward as the options say; return the exit code."""
    # Imported late: --help needs neither uvicorn nor the contract.
    from xclade_store_mock.check.live import LiveCheck  # noqa: PLC0415
    from xclade_store_mock.contract import load_contract  # noqa: PLC0415
    from xclade_store_mock.dialects import DIALECTS  # noqa: PLC0415
    from xclade_store_mock.serving.processes import run_proxy  # noqa: PLC0415
    from xclade_store_mock.upstream.proxy import Proxy  # noqa: PLC0415

    dialect = DIALECTS[options.dialect]
    try:
        record.check_options(options)
        write_reports = _prepare_reports(options)
        with ExitStack() as stack:
            listeners = [stack.enter_context(each) for each in listen(options.host, options.port)]
            create, upstream = open_upstream(options.url, options, listeners)
            live = LiveCheck(load_contract("store.yaml"), dialect)
            access = choose_access(options, listeners)
            app = Proxy(
                create(),
                dialect=dialect,
                access=access,
                cors_origins=tuple(options.cors_origin) if options.cors_origin else None,
                observe=_observer(live, upstream),
                rejects=options.errors,
                record=stack.enter_context(record.recording(options)),
            )
            edge = read_edge(options)
            _announce(options, upstream, url_of(listeners[0], edge), access)
            # SIGTERM prints the summary, too.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            with suppress(KeyboardInterrupt):
                run_proxy(app, listeners, options.log_format, edge)
    except (CannotServe, CannotCheck, OptionInvalid) as error:
        print_safely(f"xclade-store-mock: {error}\n", sys.stderr)
        return CANNOT_CHECK
    print_safely(live.summary())
    write_reports(live, upstream)
    return FINDINGS if options.fail_on_violations and live.has_violations else 0


def _prepare_reports(options: argparse.Namespace) -> "Callable[[LiveCheck, Upstream], None]":
    """Return what writes the reports. Raises CannotServe or CannotCheck if that cannot be done."""
    paths = [path for path in (options.junit, options.html) if path is not None]
    if not paths:
        return lambda _live, _upstream: None
    try:
        from xclade_store_mock.check import report  # noqa: PLC0415 - needs the extra `check`
    except ModuleNotFoundError as error:
        raise CannotServe(
            f"{error}. Reports come with the extra: pip install 'xclade-store[check]'"
        ) from error
    for path in paths:
        require_writable(path)

    def write(live: "LiveCheck", upstream: "Upstream") -> None:
        seen = live.report(str(upstream))
        for path, template in ((options.junit, report.JUNIT), (options.html, report.HTML)):
            if path is not None:
                path.write_text(report.render(seen, template), "utf-8")

    return write


def _observer(
    live: "LiveCheck", upstream: "Upstream"
) -> "Callable[[Match | None, Scope, bytes], Conclude]":
    """Return what passes each call on to the live check, in its terms."""
    from xclade_store_mock.check.calls import Interaction, Response  # noqa: PLC0415 - see proxy()

    def observe(match: "Match | None", scope: "Scope", content: bytes) -> "Conclude":
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        url = f"{upstream}{scope['raw_path'].decode('latin-1')}{query}"
        headers = _read(scope["headers"])
        operation = match.operation.id if match else ""
        call = Interaction(operation, scope["method"], url, headers, content, None)
        end = live.begin(call)

        def conclude(
            start: "Message | None", body: bytes | None, violations: "Sequence[Violation]"
        ) -> "Sequence[Violation]":
            response = None
            if start is not None:
                response = Response(start["status"], _read(start["headers"]), body or b"")
            return end(response, violations)

        return conclude

    return observe


def _read(headers: "Sequence[tuple[bytes, bytes]]") -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}


def _announce(options: argparse.Namespace, upstream: "Upstream", url: str, access: Access) -> None:
    """Print where the proxy is; with JSON logs, write a log line instead."""
    from xclade_store_mock.serving.logs import logging_configuration  # noqa: PLC0415 - see proxy()

    logging.config.dictConfig(logging_configuration(options.log_format))
    if options.log_format == "json":
        console = access.logged_console_url(url)
        _log.info("Serving at %s in front of %s", url, upstream, extra={"console": console})
        return
    print_safely(
        f"Proxy        {url}  (in front of {upstream})\n"
        f"Console      {access.console_url(url)}  (control API: {url}/_mock/)\n\n"
        "Press Ctrl+C to stop.\n"
    )
