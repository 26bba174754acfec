"""Values that options refuse."""

import pytest

from xclade_store_mock.cli import main


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--max-connections", "0", "must be an integer of at least 1, not '0'"),
        ("--max-head", "1e9", "must be an integer of at least 1,024, not '1e9'"),
        ("--max-head", "1023", "must be an integer of at least 1,024, not '1023'"),
        ("--workers", "-1", "must be an integer of at least 1, not '-1'"),
        ("--request-timeout", "0", "must be a number of seconds above 0 and up to a day, not '0'"),
        (
            "--request-timeout",
            "nan",
            "must be a number of seconds above 0 and up to a day, not 'nan'",
        ),
        (
            "--request-timeout",
            "86401",
            "must be a number of seconds above 0 and up to a day, not '86401'",
        ),
        ("--port", "65536", "must be a port from 0 to 65535, not '65536'"),
        ("--port", "http", "must be a port from 0 to 65535, not 'http'"),
    ],
)
def test_says_what_a_value_must_be(
    capsys: pytest.CaptureFixture[str], option: str, value: str, message: str
) -> None:
    """The message has the option's name."""
    with pytest.raises(SystemExit) as ended:
        main(["serve", option, value])

    assert 2 == ended.value.code
    assert f"argument {option}: {message}\n" in capsys.readouterr().err
