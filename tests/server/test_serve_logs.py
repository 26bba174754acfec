"""The log lines of `serve`."""

import json
import logging
import sys
from datetime import datetime

import httpx
import pytest
from tests.conftest import KEY
from tests.server.command import Running, running
from tests.server.limited import read_all
from tests.server.wire import PROVIDERS, SESSIONS, connect

from xclade_store_mock.serving.logs import JsonFormatter, TextFormatter

QUERY = "?region_id=reg_demo&fields=%2Bid&client_secret=pi_1_secret_2"


def call(mock: Running) -> str:
    """Make two requests and a readiness check, and send something other than HTTP.

    Return the id in the response to the last.
    """
    assert 200 == httpx.get(f"{mock.url}/_mock/ready").status_code
    headers = {**KEY, "x-request-id": "req_1"}
    assert 400 == httpx.get(f"{mock.url}{PROVIDERS}{QUERY}", headers=headers).status_code
    assert 400 == httpx.post(f"{mock.url}{SESSIONS}", headers=headers, json={}).status_code
    with connect(mock.url) as connection:
        connection.sendall(b"\x16\x03\x01\r\n\r\n")
        response = read_all(connection)
        assert response.startswith("HTTP/1.1 400")
        return response.partition("x-request-id: ")[2].partition("\r\n")[0]


def test_text_has_a_line_for_each_request_and_problem() -> None:
    """A line has the method, the path and the status; readiness checks have none."""
    with running("--log-format", "text") as mock:
        id_ = call(mock)

        assert [
            f"GET {PROVIDERS}?region_id=reg_demo&fields=%2Bid&client_secret=[redacted] 400 [req_1]",
            f"POST {SESSIONS} 400 [req_1]",
            f"WARNING Invalid HTTP request received. [{id_}]",
        ] == [mock.next_problem() for _ in range(3)]


def test_json_has_an_object_for_each_request_and_problem() -> None:
    """Both streams contain nothing else."""
    with running("--log-format", "json") as mock:
        id_ = call(mock)
        mock.process.terminate()
        out, err = mock.process.communicate()

    first, second, problem = map(json.loads, err.splitlines())
    assert "" == out
    assert {"time", "level", "client", "method", "path", "status", "request_id"} == first.keys()
    assert ("GET", 400) == (first["method"], first["status"])
    assert first["path"].endswith("&client_secret=[redacted]")
    assert ("POST", SESSIONS) == (second["method"], second["path"])
    assert ("warning", "Invalid HTTP request received.") == (problem["level"], problem["message"])
    assert id_ == problem["request_id"]
    assert datetime.fromisoformat(first["time"]) <= datetime.fromisoformat(problem["time"])


def console_of(start: str) -> tuple[str, int]:
    """Return the token in the console's link in the first log line, and the status it gets."""
    url, _, token = json.loads(start)["console"].partition("#token=")
    headers = {"Authorization": f"Bearer {token or 'none'}"}
    return token, httpx.get(f"{url}_mock/state", headers=headers, timeout=30).status_code


def test_json_starts_with_a_link_to_the_console() -> None:
    """It has the token only if the server has chosen it: nobody knows it yet."""
    options = ("--log-format", "json", "--host", "0.0.0.0")  # noqa: S104 - the case in question
    with running(*options) as mock, running(*options, "--control-token", "hush") as other:
        token, status = console_of(mock.banner)
        assert (22, 200) == (len(token), status)
        assert ("", 401) == console_of(other.banner)
        assert "hush" not in "".join([other.banner, *other.stop()])


def test_logs_problems_only_without_a_format() -> None:
    """Requests have no line."""
    with running() as mock:
        id_ = call(mock)

        assert f"WARNING Invalid HTTP request received. [{id_}]" == mock.next_problem()


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_path_blocks_the_server(log_format: str) -> None:
    """The longest path is logged without its secret before the client loses patience.

    With patterns that backtrack, that would take days.
    """
    path = f"/{'token-' * 10_000}?token=hush"
    with running("--log-format", log_format) as mock:
        assert 404 == httpx.get(f"{mock.url}{path}").status_code

        line = mock.next_problem()

    assert len(path) - len("hush") < len(line)
    assert "hush" not in line


def record(message: str) -> logging.LogRecord:
    """Return a record of a problem."""
    return logging.LogRecord("any", logging.ERROR, __file__, 1, message, None, None)


def bug(text: str) -> None:
    """Raise an exception."""
    raise ValueError(text)


def record_of_a_bug(text: str) -> logging.LogRecord:
    """Return a record of an exception."""
    found = record("Bug in the mock")
    try:
        bug(text)
    except ValueError:
        found.exc_info = sys.exc_info()
    return found


def test_exception_is_one_line() -> None:
    """Text has the exception's message and place; JSON has its traceback."""
    found = record_of_a_bug("one\ntwo \x1b[31m")

    _, _, text = TextFormatter().format(found).partition(" ")
    fields = json.loads(JsonFormatter().format(found))

    prefix = r"ERROR Bug in the mock: ValueError: one\ntwo \x1b[31m (test_serve_logs.py:"
    assert text.startswith(prefix)
    assert "Bug in the mock" == fields["message"]
    assert fields["exception"].startswith("Traceback (most recent call last):\n")
    assert fields["exception"].endswith("ValueError: one\ntwo \x1b[31m\n")


@pytest.mark.parametrize(
    "text",
    [
        "{'client_secret': 'hush'}",
        '{"client_secret":"hush"}',
        r"{\"client_secret\":\"hush\"}",
        "Authorization: Bearer hush",
        "{'x-publishable-api-key': 'hush'}",
        "{b'cookie': b'hush'}",
        '{"password": "many hush words", "a": 1}',
        "token: 'never closed, hush",
        'token=""hush',
        "/store/x?token=hush&a=b",
        "/store/x?data%5Bclient_secret%5D=hush",
        "KeyError: 'pk_hush'",
        "pi_3hush_secret_hush",
        "postgresql://someone:hush@localhost/store",
    ],
)
def test_redacts_secrets(text: str) -> None:
    """No message and no exception of a log line shows a secret."""
    for formatter in (TextFormatter(), JsonFormatter()):
        for line in (record(text), record_of_a_bug(text)):
            written = formatter.format(line)

            assert "hush" not in written
            assert "[redacted]" in written
