"""Measures the client on_first_core its peers."""

import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench.figures import Bar, bars, ratios, spread, table
from tests.bench.page import Section
from tests.bench.tools import NotInstalled, install_generated, on_first_core

from xclade_store import StoreClient

WORKER = Path(__file__).with_name("worker.py")
CANNED = WORKER.with_name("canned.py")
CALLS = 100

NAMES = {
    "face": "StoreClient",
    "async_face": "AsyncStoreClient",
    "generated": "generated functions alone",
    "by_hand": "plain httpx",
    "async_by_hand": "plain httpx, asynchronous",
    "peer": "openapi-generator's client",
}


def real_answer() -> bytes:
    """Answer what the mock answers to the call."""
    mock = Path(sys.executable).with_name("xclade-store-mock")
    with subprocess.Popen(
        [mock, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        with StoreClient(found.group(), publishable_key="pk_demo") as store:
            collection = store.initialize_payment_session("pay_col_demo", "pp_stripe_stripe")
        process.terminate()
    return json.dumps({"payment_collection": collection.to_dict()}).encode()


@contextmanager
def served() -> Iterator[str]:
    """Serve the mock's answer, too fast to blur the clients' differences."""
    command = [*on_first_core(), sys.executable, str(CANNED)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(real_answer())
        process.stdin.close()
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


def calls(kinds: dict[str, str], rounds: int) -> dict[str, list[float]]:
    """Measure the clients in turns; microseconds per call, each round."""
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
    """Measure imports in turns, in processes of their own; milliseconds above an empty one."""
    times: dict[str, list[float]] = {module: [] for module in modules}
    for _ in range(rounds):
        for module, python in modules.items():
            empty, full = (
                elapsed(python, "-W", "ignore", "-c", code) for code in ("pass", f"import {module}")
            )
            times[module].append((full - empty) * 1e3)
    return times


def elapsed(*command: str) -> float:
    """Run a command; answer the seconds it took."""
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - began


def compared(title: str, times: dict[str, list[float]], base: str, unit: str) -> str:
    """Write medians with their spread, and the median of the ratios to a base."""
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


def measure(rounds: int) -> Section:
    """Measure and tell."""
    note = ""
    kinds = dict.fromkeys(NAMES, sys.executable)
    modules = dict.fromkeys(("xclade_store", "httpx"), sys.executable)
    try:
        kinds["peer"] = modules["openapi_client"] = str(install_generated())
    except NotInstalled as reason:
        del kinds["peer"]
        note = f"Not measured: {NAMES['peer']} ({reason})."
    called = calls(kinds, rounds)
    imported = imports(modules, rounds)
    aims = (
        Bar("StoreClient, of plain httpx", ratios(called["face"], called["by_hand"]), 1.2),
        Bar(
            "AsyncStoreClient, of plain httpx, asynchronous",
            ratios(called["async_face"], called["async_by_hand"]),
            1.2,
        ),
        Bar("import, of httpx", ratios(imported["xclade_store"], imported["httpx"]), 1.3),
    )
    return Section(
        "The client",
        f"""A server that only repeats one answer and the client on a core each, the clients in
turns, {rounds} rounds of {CALLS} calls; medians, and in brackets the least and the most.

{bars(*aims)}

{compared("one call of initialize_payment_session", called, "by_hand", "µs")}

{compared("import", imported, "httpx", "ms")}

{note}""",
        {"call_us": called, "import_ms": imported},
    )
