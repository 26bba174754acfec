"""Compares the client with its peers."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from tests.bench.figures import Bar, bars, ratios, spread, table
from tests.bench.page import Section
from tests.bench.subjects import mock, started
from tests.bench.tools import NotInstalled, install_alone, install_generated, on_first_core

from xclade_store import StoreClient

WORKER = Path(__file__).with_name("worker.py")
CANNED = WORKER.with_name("canned.py")
CALLS = 100

NAMES = {
    "store_client": "StoreClient",
    "store_client_over_httpx2": "StoreClient over httpx2",
    "async_store_client": "AsyncStoreClient",
    "async_store_client_over_httpx2": "AsyncStoreClient over httpx2",
    "plain_httpx": "plain httpx",
    "plain_httpx2": "plain httpx2",
    "plain_async_httpx": "plain httpx, async",
    "plain_async_httpx2": "plain httpx2, async",
    "peer": "openapi-generator's client",
}


def real_answer() -> bytes:
    """Return the mock's response to the call."""
    with started(mock()) as server, StoreClient(server.url, publishable_key="pk_demo") as store:
        collection = store.initialize_payment_session("pay_col_demo", "pp_stripe_stripe")
    return json.dumps({"payment_collection": collection.to_dict()}).encode()


@contextmanager
def served() -> Iterator[str]:
    """Serve the mock's response, too fast to blur the differences between clients."""
    command = [*on_first_core(), sys.executable, str(CANNED)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(real_answer())
        process.stdin.close()
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


def calls(kinds: dict[str, str], rounds: int) -> dict[str, list[float]]:
    """Return the microseconds per call of each client, which are measured in turns."""
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    with ExitStack() as stack:
        url = stack.enter_context(served())
        workers = {}
        for kind, python in kinds.items():
            workers[kind] = stack.enter_context(
                subprocess.Popen(
                    [python, "-W", "ignore", WORKER, kind, url],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
        for number in range(rounds + 1):
            for kind, worker in workers.items():
                assert worker.stdin
                assert worker.stdout
                worker.stdin.write(f"{CALLS}\n")
                worker.stdin.flush()
                measured = float(worker.stdout.readline())
                if number:  # the first round warms up
                    times[kind].append(measured)
        for worker in workers.values():
            assert worker.stdin
            worker.stdin.close()
    return times


def imports(modules: dict[str, str], rounds: int) -> dict[str, list[float]]:
    """Return how many milliseconds each import adds to a process; measured in turns."""
    times: dict[str, list[float]] = {module: [] for module in modules}
    for _ in range(rounds):
        for module, python in modules.items():
            empty, full = (
                elapsed(python, "-W", "ignore", "-c", code) for code in ("pass", f"import {module}")
            )
            times[module].append((full - empty) * 1e3)
    return times


def elapsed(*command: str) -> float:
    """Run a command, and return the seconds that it took."""
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - began


def compared(title: str, times: dict[str, list[float]], base: str, unit: str) -> str:
    """Return a table of medians with their spread, and of the medians of the ratios to a base."""
    header = (title, unit, f"x {NAMES.get(base, base)}")
    return table(
        header,
        (
            (
                NAMES.get(name, name),
                spread(values),
                f"{statistics.median(ratios(values, times[base])):.2f}",
            )
            for name, values in times.items()
        ),
    )


def _bar(called: dict[str, list[float]], name: str, base: str, most: float) -> Bar:
    return Bar(f"{NAMES[name]}, of {NAMES[base]}", ratios(called[name], called[base]), most)


def measure(rounds: int) -> Section:
    """Return the section of the page."""
    note = ""
    python = str(install_alone("httpx2") / "python")
    kinds = dict.fromkeys(NAMES, python)
    modules = dict.fromkeys(("xclade_store", "httpx"), python)
    try:
        kinds["peer"] = modules["openapi_client"] = str(install_generated())
    except NotInstalled as reason:
        del kinds["peer"]
        note = f"Not measured: {NAMES['peer']} ({reason})."
    called = calls(kinds, rounds)
    imported = imports(modules, rounds)
    bar = partial(_bar, called)
    aims = (
        bar("store_client", "plain_httpx", 1.1),
        bar("async_store_client", "plain_async_httpx", 1.1),
        bar("store_client_over_httpx2", "plain_httpx", 1.1),
        bar("async_store_client_over_httpx2", "plain_async_httpx", 0.8),
        Bar("import, of httpx", ratios(imported["xclade_store"], imported["httpx"]), 1.2),
    )
    return Section(
        "The client",
        f"""A server that only repeats one answer and the client on a core each, the clients in
turns, {rounds} rounds of {CALLS} calls; medians, and in brackets the least and the most.

{bars(*aims)}

{compared("one call of initialize_payment_session", called, "plain_httpx", "µs")}

{compared("import", imported, "httpx", "ms")}

{note}""",
    )
