"""The command line when it does not serve, in process."""

import re
import shlex
import socket
import subprocess
import sys
from argparse import Namespace
from importlib.metadata import version
from pathlib import Path

import pytest

from xclade_store_mock import cli
from xclade_store_mock.cli import main
from xclade_store_mock.cli.serve import CannotServe, check_options


def test_refuses_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    """The message has the address, the reason and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code = main(["serve", "--port", str(port)])

    out, err = capsys.readouterr()
    assert (1, "") == (code, out)
    assert err.startswith(f"xclade-store-mock: cannot listen on 127.0.0.1, port {port}: ")
    assert err.endswith(
        " Choose another port with --port, or let the system choose with --port 0.\n"
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("regions: [\n", ":2: expected the node content, but found '<stream end>'"),
        ("{publishable_keys: [], payment_providers: []}", ':1: "regions" is a required property'),
        (None, ": No such file or directory"),
    ],
)
def test_refuses_a_bad_store_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, fault: str
) -> None:
    """The message has the file, the line and the fault."""
    path = tmp_path / "store.yaml"
    if text is not None:
        path.write_text(text, "utf-8")

    code = main(["serve", "--port", "0", "--seed", str(path)])

    out, err = capsys.readouterr()
    assert (1, "", f"xclade-store-mock: {path}{fault}\n") == (code, out, err)


def test_refuses_to_watch_a_seed_that_it_does_not_read_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A database keeps the store that it has."""
    assert 1 == main(["serve", "--watch", "--storage", "sqlite:///store.db"])
    assert capsys.readouterr().err.endswith(" leave out --watch, or --storage\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--help"], ["serve", "--version"]),
        (["serve", "--help"], ["--host", "127.0.0.1", "--port", "4010", "--seed", "Ctrl+C"]),
    ],
)
def test_help(
    capsys: pytest.CaptureFixture[str], arguments: list[str], expected: list[str]
) -> None:
    """The help lists the commands, and a command's options with their defaults."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)

    assert 0 == stopped.value.code
    out = capsys.readouterr().out
    assert [] == [each for each in expected if each not in out]


@pytest.mark.parametrize(
    ("arguments", "imported", "avoided"),
    [
        (["--help"], set(), {"asyncio", "email", "msgspec", "starlette", "yaml"}),
        (["serve", "--help"], {"serve"}, set()),
        (["check", "--help"], {"check"}, {"msgspec", "starlette", "yaml"}),
    ],
)
def test_help_imports_only_what_it_needs(
    arguments: list[str], imported: set[str], avoided: set[str]
) -> None:
    """Help appears without waiting for other commands, nor for packages that it does not need."""
    heavy = {"asyncpg", "connexion", "httpx", "schemathesis", "uvicorn"}
    commands = {f"{cli.__name__}.{name}": name for name in ("serve", "proxy", "check", "replay")}
    code = (
        "import atexit, sys; atexit.register(lambda: sys.stderr.write(' '.join(sys.modules)));"
        "from xclade_store_mock.__main__ import main; main()"
    )

    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )

    found = set(result.stderr.split())
    assert imported == {commands[each] for each in found & {*commands}}
    assert set() == found & (heavy | avoided)


def test_refuses_workers_that_cannot_lock_on_windows() -> None:
    """SQLite files can be locked for several processes only where there is fcntl."""
    shared = Namespace(
        workers=2,
        storage="sqlite:///store.db",
        scenario=None,
        control_token=None,
        watch=False,
        recording=None,
        record=None,
    )
    single = Namespace(**{**vars(shared), "workers": 1})
    postgresql = Namespace(**{**vars(shared), "storage": "postgresql://host/database"})

    with pytest.raises(CannotServe, match="cannot share an SQLite file on Windows"):
        check_options(shared, platform="win32")
    check_options(shared, platform="linux")
    check_options(single, platform="win32")
    check_options(postgresql, platform="win32")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """The version is the distribution's."""
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])

    assert 0 == stopped.value.code
    assert f"{version('xclade-store')}\n" == capsys.readouterr().out


SECONDS = "must be a number of seconds above 0 and up to a day"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("start", "argument COMMAND: invalid choice: 'start'"),
        ("serve -x", "unrecognized arguments: -x"),
        ("serve --workers -1", "must be an integer of at least 1, not '-1'"),
        ("serve --upstream-timeout 0", f"{SECONDS}, not '0'"),
        ("serve --upstream-timeout nan", f"{SECONDS}, not 'nan'"),
        ("serve --upstream-timeout 86401", f"{SECONDS}, not '86401'"),
        ("serve --port 65536", "must be a port from 0 to 65535, not '65536'"),
        ("serve --port http", "must be a port from 0 to 65535, not 'http'"),
        ("serve --log-format xml", "invalid choice: 'xml'"),
        ("serve --cors-origin shop.example", "'shop.example' is not an origin such as https://"),
        ("serve --cors-origin https://shop.example/", "'https://shop.example/' is not an origin"),
        ("serve --cors-origin https://Shop.example", "'https://Shop.example' is not an origin"),
        ("serve --cors-origin *", "'*' is not an origin"),
        ("serve --root-path mock", "'mock' is not a prefix such as /mock"),
        ("serve --root-path /mock/", "'/mock/' is not a prefix such as /mock"),
        ("serve --root-path /store", "'/store' is not a prefix such as /mock"),
        ("serve --control-token ''", "a token must consist of visible ASCII characters"),
        ("serve --control-token 'a b'", "a token must consist of visible ASCII characters"),
        ("serve --control-token tökén", "a token must consist of visible ASCII characters"),
    ],
)
def test_refuses_a_wrong_command_line(
    capsys: pytest.CaptureFixture[str], arguments: str, message: str
) -> None:
    """The message shows the usage, the option and what its value must be."""
    words = shlex.split(arguments)
    with pytest.raises(SystemExit) as stopped:
        main(words)

    assert 2 == stopped.value.code
    first, *_, last = capsys.readouterr().err.splitlines()
    assert first.startswith("usage: xclade-store-mock ")
    option = f"argument {words[1]}: " if len(words) == 3 else ""
    assert re.match(rf"xclade-store-mock( serve)?: error: {option}{re.escape(message)}", last)
