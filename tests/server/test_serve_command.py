"""The installed command, in a process of its own."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from tests.conftest import PATIENCE
from tests.server.command import read_banner, running

COMMAND = (Path(sys.executable).with_name("xclade-store-mock"), "serve", "--port", "0")


def test_printed_examples_work() -> None:
    """The banner lists the store; its curl command and its Python code work."""
    with running() as mock:
        titles = re.findall(r"^(\w[\w ]*?)  +\S", mock.banner, re.MULTILINE)
        assert [
            *("Store API", "Console", "Key", "Regions", "Providers", "Carts", "Collections")
        ] == titles
        assert 200 == run_curl(mock.banner).status_code
        printed = run_python(mock.banner)
    assert "provider_id='pp_system_default'" in printed
    assert "status='pending'" in printed


def run_curl(banner: str) -> httpx.Response:
    """Send the request of the banner's curl command."""
    found = re.search(r"^curl (.+?)$\n\n", banner, re.MULTILINE | re.DOTALL)
    assert found
    option, method, url, *options = shlex.split(found.group(1).replace("\\\n", ""))
    assert ("-X", ["-H", "-H", "-d"]) == (option, options[::2])
    key, media_type, body = options[1::2]
    headers = dict(header.split(": ", 1) for header in (key, media_type))
    return httpx.request(method, url, headers=headers, content=body)


def run_python(banner: str) -> str:
    """Run the banner's Python command in a shell; return what it prints."""
    found = re.search(r"^or with the Python client:\n(.+?)^Press", banner, re.MULTILINE | re.DOTALL)
    assert found
    return subprocess.run(
        ["sh", "-e"], input=found.group(1), capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 0)])
def test_stops_at_once_on_a_signal(sent: signal.Signals, code: int) -> None:
    """A signal ends the command without output, whether there are open connections or not."""
    with running() as mock, httpx.Client(base_url=mock.url) as client:
        client.get("/openapi.yaml").raise_for_status()
        mock.process.send_signal(sent)
        out, err = mock.process.communicate(timeout=PATIENCE)

    assert ("", "", code) == (out, err, mock.process.returncode)


def test_workers_can_be_stopped_before_they_serve(tmp_path: Path) -> None:
    """Ctrl+C reaches all processes, and ends them without output while they still start."""
    storage = f"sqlite:///{tmp_path / 'store.db'}"
    with subprocess.Popen(
        (*COMMAND, "--workers", "2", "--storage", storage),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        read_banner(process.stdout)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        # The workers, and what Python itself starts beside them.
        while len(children.read_text("ascii").split()) < 3:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)

    assert ("", "", 0) == (out, err, process.returncode)


def test_can_be_stopped_before_it_serves(tmp_path: Path) -> None:
    """Ctrl+C also ends the command without output while it still starts."""
    # In the background of a shell, processes ignore Ctrl+C, and so would those that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    seed = tmp_path / "seed.yaml"
    os.mkfifo(seed)
    with subprocess.Popen(
        (*COMMAND, "--seed", seed), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        # Opens once the command opens it. Closing it ends a read that began after the signal, and
        # that the signal therefore does not interrupt.
        with seed.open("w"):
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)

    assert ("", "", 130) == (out, err, process.returncode)
