"""Count the bytecode instructions of the main operation by module, whatever the machine's speed.

The server counts them itself: layers OUTPUT serve [OPTION…].
"""

import json
import os
import signal
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from tests.bench.calls import INITIALIZE
from tests.bench.figures import table
from tests.bench.load import make_calls
from tests.bench.page import Section
from tests.bench.subjects import Subject, started

from xclade_store_mock.cli import main

CALLS = 200
LEAST = 0.005
"""The share below which modules are summed up."""
OURS = Path(sys.modules["xclade_store_mock"].__path__[0])
LIBRARIES = [Path(sysconfig.get_path(name)) for name in ("purelib", "stdlib")]


def measure(_: int) -> Section:
    """Return the section of the page; further rounds would find the same."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "counts.json"
        command = (sys.executable, "-W", "ignore", "-m", "tests.bench.layers", output, "serve")
        with started(Subject("the mock", lambda port: (*command, "--port", port))) as server:
            make_calls(server, CALLS)  # warms up
            os.kill(server.pid, signal.SIGUSR1)
            make_calls(server, CALLS)
            os.kill(server.pid, signal.SIGUSR1)
            while not output.exists():
                time.sleep(0.01)
            counts: Counter[str] = Counter()
            for file, instructions in json.loads(output.read_text("utf-8")).items():
                counts[module(file)] += instructions
    whole = counts.total()
    rows = [
        (f"`{name}`", f"{instructions / CALLS:,.0f}", f"{instructions / whole:.1%}")
        for name, instructions in counts.most_common()
        if instructions / whole >= LEAST
    ]
    return Section(
        "Layers",
        f"""The bytecode instructions of one {INITIALIZE.title} in memory, by module of the mock or
library: {whole / CALLS:,.0f} in all, whatever the machine's speed. Not counted is what runs in C;
not listed are modules with less than {LEAST:.1%}.

{table(("module", "instructions", "share"), rows)}
""",
    )


def module(file: str) -> str:
    """Return the name of a module of the mock, or of a library."""
    path = Path(file)
    if path.is_relative_to(OURS):
        return ".".join(path.relative_to(OURS).with_suffix("").parts).removesuffix(".__init__")
    for folder in LIBRARIES:
        if path.is_relative_to(folder):
            return path.relative_to(folder).with_suffix("").parts[0]
    return "generated code"


def serve(output: Path) -> None:
    """Serve as the command does, and count from one SIGUSR1 to the next."""
    counts: Counter[str] = Counter()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if event == "opcode":
            counts[frame.f_code.co_filename] += 1
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return trace

    def switch(*_: object) -> None:
        if sys.gettrace() is None:
            sys.settrace(trace)
        else:
            sys.settrace(None)
            output.with_suffix(".new").write_text(json.dumps(counts), "utf-8")
            output.with_suffix(".new").rename(output)

    signal.signal(signal.SIGUSR1, switch)
    main()


if __name__ == "__main__":
    serve(Path(sys.argv.pop(1)))
