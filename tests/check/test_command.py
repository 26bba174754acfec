"""The command line of `check`."""

import subprocess
import sys

import pytest
from tests.check.conftest import Check

from xclade_store_mock.cli import main


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rate", "20"], "argument --rate: '20' is not a rate such as 20/s"),
        (["--rate", "0/s"], "argument --rate: '0/s' is not a rate such as 20/s"),
        (
            ["--max-examples", "0"],
            "argument --max-examples: must be an integer of at least 1, not '0'",
        ),
        (["--cart-id", " "], "argument --cart-id: must not be blank"),
        (["--publishable-key", "pk\u00e9"], "argument --publishable-key: must be printable ASCII"),
        (["-H", "hush"], "argument -H/--header: must be like 'Name: value', in printable ASCII"),
        (["-H", "X-A: a\nX-B: b"], "argument -H/--header: must be like 'Name: value'"),
        (["-H", "Idempotency-Key: x"], "argument -H/--header: Idempotency-Key is set by the check"),
        (["--dialect", "klingon"], "argument --dialect: invalid choice: 'klingon'"),
    ],
)
def test_refuses_invalid_options(
    capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    """An invalid option prints an error that names it."""
    with pytest.raises(SystemExit) as stopped:
        main(["check", "http://127.0.0.1:4010", *options])

    assert 2 == stopped.value.code
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("127.0.0.1:4010", "'127.0.0.1:4010' is not the URL of a backend, such as https://"),
        ("ftp://127.0.0.1", "'ftp://127.0.0.1' is not the URL of a backend"),
        ("http://[::1", "'http://[::1' is not the URL of a backend"),
        ("http://127.0.0.1/?x=1", "is not the URL of a backend"),
        ("http://me:hush@127.0.0.1:x", "'127.0.0.1:x' is not the URL of a backend"),
        ("http://store..example", "is not the URL of a backend"),
    ],
)
def test_refuses_invalid_urls(check: Check, url: str, message: str) -> None:
    """An invalid URL is reported, without the password in it."""
    outcome = check(url)

    assert 2 == outcome.code
    assert message in outcome.err
    assert "hush" not in outcome.err


def test_key_comes_from_the_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the option the variable is used; without either there is an error."""
    monkeypatch.delenv("XCLADE_PUBLISHABLE_KEY", raising=False)
    without = main(["check", "http://127.0.0.1:1", "--region-id", "reg_demo"])
    error = capsys.readouterr().err
    monkeypatch.setenv("XCLADE_PUBLISHABLE_KEY", "pk_demo")
    main(["check", "http://127.0.0.1:1", "--region-id", "reg_demo"])

    assert (2, "xclade-store-mock: pass --publishable-key, or set XCLADE_PUBLISHABLE_KEY\n") == (
        without,
        error,
    )
    assert "connection refused" in capsys.readouterr().err


def test_help_hides_the_key(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key in the environment is not shown as a default."""
    monkeypatch.setenv("XCLADE_PUBLISHABLE_KEY", "pk_hush")
    with pytest.raises(SystemExit):
        main(["check", "--help"])

    out = capsys.readouterr().out
    assert "$XCLADE_PUBLISHABLE_KEY" in out
    assert "pk_hush" not in out


def test_missing_extra_is_reported() -> None:
    """Without Schemathesis the command says which extra to install."""
    program = (
        "import sys; sys.modules['schemathesis'] = None\n"
        "from xclade_store_mock.__main__ import main\n"
        "sys.argv[1:] = ['check', 'http://127.0.0.1:1', '--publishable-key', 'pk_demo']\n"
        "sys.exit(main())"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert 2 == result.returncode
    assert "pip install 'xclade-store[check]'" in result.stderr
    assert "Traceback" not in result.stderr
