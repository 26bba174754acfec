"""The command `serve` or `proxy` in a process of its own."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx
from tests.conftest import PATIENCE


@dataclass(frozen=True, slots=True)
class Running:
    """A process, the URL at which it serves, and what it printed first."""

    process: subprocess.Popen[str]
    url: str
    banner: str

    def next_problem(self) -> str:
        """Return the next line on stderr, without its time; empty after the process ended."""
        assert self.process.stderr
        return self.process.stderr.readline().partition(" ")[2].rstrip("\n")

    def stop(self) -> list[str]:
        """Stop the process; return the lines on stderr that were not read yet."""
        self.process.terminate()
        return self.process.communicate()[1].splitlines()


def read_banner(stream: IO[str]) -> str:
    """Read what the command prints, up to the line that says how to stop it."""
    lines: list[str] = []
    for line in stream:
        lines.append(line)
        if line.startswith("Press Ctrl+C"):
            break
    return "".join(lines)


@contextmanager
def running(*options: str | Path, environment: dict[str, str] | None = None) -> Iterator[Running]:
    """Run `serve`, or `proxy` if that comes first, on a free port; yield it once it is ready."""
    with starting(*options, environment=environment) as wait:
        yield wait()


@contextmanager
def starting(
    *options: str | Path, environment: dict[str, str] | None = None
) -> Iterator[Callable[[], Running]]:
    """Run `serve` like `running`; yield a function that waits until it is ready."""
    subcommand = [] if options[:1] == ("proxy",) else ["serve"]
    command = [sys.executable, "-m", "xclade_store_mock", *subcommand, *options, "--port", "0"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment) as process:

        def wait() -> Running:
            in_json = "json" in options
            stream = process.stderr if in_json else process.stdout
            assert stream
            banner = stream.readline() if in_json else read_banner(stream)
            found = re.search(r"https?://[^\s\"]+", banner)
            assert found
            ready = f"{found.group()}/_mock/ready"
            # Whether a certificate is right is for the tests to find out.
            httpx.get(ready, verify=False).raise_for_status()  # noqa: S501
            return Running(process, found.group(), banner)

        # No test waits for ever for a line.
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        try:
            yield wait
        finally:
            watchdog.cancel()
            process.kill()
