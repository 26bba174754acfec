"""Options that cannot be meant, and what is said to them."""

import pytest

from xclade_store_mock.cli import main


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--max-connections", "0", "'0' is no whole number from 1 on"),
        ("--max-head", "1e9", "'1e9' is no whole number from 1,024 on"),
        ("--max-head", "1023", "'1023' is no whole number from 1,024 on"),
        ("--workers", "-1", "'-1' is no whole number from 1 on"),
        ("--request-timeout", "0", "'0' is no number of seconds above 0, up to a day"),
        ("--request-timeout", "nan", "'nan' is no number of seconds above 0, up to a day"),
        ("--request-timeout", "86401", "'86401' is no number of seconds above 0, up to a day"),
        ("--port", "65536", "'65536' is no port: those are from 0 to 65535"),
        ("--port", "http", "'http' is no port: those are from 0 to 65535"),
    ],
)
def test_says_what_a_value_has_to_be(
    capsys: pytest.CaptureFixture[str], option: str, value: str, said: str
) -> None:
    """In words for a person, with the option's name."""
    with pytest.raises(SystemExit) as ended:
        main(["serve", option, value])

    assert 2 == ended.value.code
    assert f"argument {option}: {said}\n" in capsys.readouterr().err
