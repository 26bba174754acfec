"""The subcommand `replay` and its options."""

import argparse
import socket
import sys
import threading
import warnings
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from xclade_store_mock.check import CANNOT_CHECK, FINDINGS, INTERRUPTED, NOT_TESTED, print_safely
from xclade_store_mock.cli.backend import add_dialect, add_key, add_reports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import Receive, Scope, Send

    from xclade_store_mock.payments.model import Store
    from xclade_store_mock.upstream import Upstream
    from xclade_store_mock.upstream.recording import Recording
    from xclade_store_mock.upstream.replay import Result


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the description and the options of the command."""
    parser.description = (
        "Send the requests of recordings to a fresh mock or to URL, and print where the"
        " responses differ from the recorded ones. Exit code 0: none differs; 1: some differ; 2:"
        " a recording or the backend cannot be used; 3: nothing was compared."
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="a recording, as --record writes it")
    add("url", nargs="?", metavar="URL", help="a backend's base URL (default: a fresh mock)")
    add_dialect(parser, "how the mock responds", "medusa")
    add_key(parser, "the key to send to URL in the place of the recorded ones, placeholders")
    add_reports(parser, "junit")


def run(options: argparse.Namespace) -> int:
    """Replay the recordings and return the exit code."""
    # Caused by Connexion's own import, as in `serving`.
    warnings.filterwarnings("ignore", "Using `httpx` with `starlette.testclient`")
    # Imported late: --help needs neither httpx nor the contract.
    from xclade_store_mock.upstream import Upstream  # noqa: PLC0415
    from xclade_store_mock.upstream.recording import RecordingError, read_recording  # noqa: PLC0415
    from xclade_store_mock.upstream.replay import CannotReplay, replay  # noqa: PLC0415

    # argparse gives every argument to the files.
    *files, last = options.files
    url = last if "://" in last and files else None
    results: dict[str, list[Result]] = {}
    try:
        backend = None if url is None else Upstream.parse(url)
        paths = map(Path, files if backend else options.files)
        recordings = [read_recording(path, datetime.now(UTC)) for path in paths]
        with _backend(backend, options.dialect) as begin:
            for recording in recordings:
                _warn_of_truncation(recording)
                found = results.setdefault(recording.name, [])
                for result in replay(recording, begin, options.publishable_key if url else ""):
                    found.append(result)
                    _print(recording.name, result)
        if options.junit is not None:
            _write_junit(options.junit, results)
    except (RecordingError, CannotReplay, ValueError, OSError) as error:
        print_safely(f"xclade-store-mock: cannot replay: {error}\n", sys.stderr)
        return CANNOT_CHECK
    except KeyboardInterrupt:
        print_safely("\nInterrupted\n", sys.stderr)
        return INTERRUPTED
    counts = Counter(_verdict(each) for found in results.values() for each in found)
    passed, failed, skipped = (counts[name] for name in ("passed", "failed", "skipped"))
    print_safely(f"{passed} passed, {failed} failed, {skipped} skipped\n")
    return FINDINGS if failed else 0 if passed else NOT_TESTED


def _verdict(result: "Result") -> str:
    if result.differences is None:
        return "skipped"
    return "failed" if result.differences else "passed"


def _warn_of_truncation(recording: "Recording") -> None:
    if recording.is_truncated:
        count = len(recording.cases)
        sys.stderr.write(f"{recording.name} is truncated: its first {count} requests are used\n")


def _print(name: str, result: "Result") -> None:
    differences = result.differences
    for line in ["skipped, outside of the contract"] if differences is None else differences:
        print_safely(f"{name}: {result.case.name}: {line}\n")


def _write_junit(path: Path, results: "dict[str, list[Result]]") -> None:
    root = ET.Element("testsuites")
    for name, found in results.items():
        counts = Counter(map(_verdict, found))
        suite = ET.SubElement(
            root,
            "testsuite",
            name=name,
            tests=str(len(found)),
            failures=str(counts["failed"]),
            skipped=str(counts["skipped"]),
        )
        for case, differences in found:
            test = ET.SubElement(suite, "testcase", classname=case.scene, name=case.name)
            if differences is None:
                ET.SubElement(test, "skipped", message="outside of the contract")
            elif differences:
                ET.SubElement(test, "failure", message=differences[0]).text = "\n".join(differences)
    ET.ElementTree(root).write(path, "utf-8", xml_declaration=True)


@contextmanager
def _backend(upstream: "Upstream | None", dialect: str) -> "Iterator[Callable[[Store], Upstream]]":
    """Yield what returns the backend for a scene: a store at a URL, or a new mock."""
    if upstream is not None:
        yield lambda _: upstream
        return
    # Imported late: not needed for a backend at a URL.
    import uvicorn  # noqa: PLC0415

    from xclade_store_mock.app import create_app  # noqa: PLC0415
    from xclade_store_mock.dialects import DIALECTS  # noqa: PLC0415
    from xclade_store_mock.upstream import Upstream  # noqa: PLC0415

    app: Any = None

    async def pass_on(scope: "Scope", receive: "Receive", send: "Send") -> None:
        await app(scope, receive, send)

    def begin(store: "Store") -> Upstream:
        nonlocal app
        app = create_app(store=store, dialect=DIALECTS[dialect])
        return Upstream.parse(f"http://127.0.0.1:{listener.getsockname()[1]}")

    server = uvicorn.Server(uvicorn.Config(pass_on, log_level="critical", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Early requests wait in the listener.
        thread = threading.Thread(target=server.run, args=[[listener]])
        thread.start()
        try:
            yield begin
        finally:
            server.should_exit = True
            thread.join()
