"""The command line, in process: what it says when it does not serve."""

import re
import socket
from importlib.metadata import version
from pathlib import Path

import pytest

from xclade_store_mock.cli import main


def test_refuses_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    """The message tells the address, the reason and what to do."""
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
    """The message tells the file, the line and the fault; nothing is served."""
    path = tmp_path / "store.yaml"
    if text is not None:
        path.write_text(text, "utf-8")

    code = main(["serve", "--port", "0", "--seed", str(path)])

    out, err = capsys.readouterr()
    assert (1, "", f"xclade-store-mock: {path}{fault}\n") == (code, out, err)


def test_refuses_to_watch_a_seed_that_is_not_read_again(
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
    """The help names the commands, and a command's options with their defaults."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)

    assert 0 == stopped.value.code
    out = capsys.readouterr().out
    assert [] == [each for each in expected if each not in out]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """The version is the distribution's."""
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])

    assert 0 == stopped.value.code
    assert f"{version('xclade-store')}\n" == capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["start"],
        ["serve", "-x"],
        ["serve", "--port", "http"],
        ["serve", "--port", "65536"],
        ["serve", "--log-format", "xml"],
        ["serve", "--cors-origin", "shop.example"],
        ["serve", "--cors-origin", "https://shop.example/"],
        ["serve", "--cors-origin", "https://Shop.example"],
        ["serve", "--cors-origin", "*"],
    ],
)
def test_refuses_what_it_does_not_know(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """A wrong command line is answered with the usage."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)

    assert 2 == stopped.value.code
    first, *_, last = capsys.readouterr().err.splitlines()
    assert first.startswith("usage: xclade-store-mock ")
    assert re.match(r"xclade-store-mock( serve)?: error: ", last)
