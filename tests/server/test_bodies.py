"""How request bodies are read, before they are checked against the contract."""

import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from tests.server.wire import (
    JSON,
    SESSIONS,
    SYSTEM,
    answer,
    connect,
    error,
    invalid,
    read_collection,
    session_of,
)

NOT_JSON = "The body is not valid JSON:"
TOO_MUCH = "The body is nested too deeply or holds a number that is too long."


def with_data(data: str) -> str:
    """Return a body whose `data` has one value, given as JSON."""
    return f'{{"provider_id":"pp_system_default","data":{{"x":{data}}}}}'


def padded(size: int) -> bytes:
    """Return a valid body of this many bytes."""
    body = {**SYSTEM, "data": {"padding": ""}}
    body["data"] = {"padding": "x" * (size - len(json.dumps(body)))}
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"provider_id":}', f"{NOT_JSON} Expecting value: line 1 column 16 (char 15)"),
        ('{"provider_id":"x"', f"{NOT_JSON} Expecting ',' delimiter: line 1 column 19 (char 18)"),
        ("provider_id=x", f"{NOT_JSON} Expecting value: line 1 column 1 (char 0)"),
        (" ", f"{NOT_JSON} Expecting value: line 1 column 2 (char 1)"),
        ("{} {}", f"{NOT_JSON} Extra data: line 1 column 4 (char 3)"),
        (b'{"provider_id":"\xff"}', "The body is not valid UTF-8."),
        (b'{"provider_id":"\xed\xa0\x80"}', "The body is not valid UTF-8."),
        ("{}".encode("utf-16"), "The body is not valid UTF-8."),
        (with_data("NaN"), f"{NOT_JSON} NaN is not a JSON number."),
        (with_data("Infinity"), f"{NOT_JSON} Infinity is not a JSON number."),
        (with_data("-Infinity"), f"{NOT_JSON} -Infinity is not a JSON number."),
        (with_data("1e400"), "The number 1e400 is too large."),
        (with_data("-1.5E999"), "The number -1.5E999 is too large."),
        (
            with_data("0.1234567890123456789"),
            "The number 0.1234567890123456789 has more digits than can be kept.",
        ),
        (with_data("9" * 401), f"The number {'9' * 40} is too large."),
        (with_data(r'"a\u0000b"'), "The body has a NUL character in a string."),
        (with_data(r'{"\u0000":1}'), "The body has a NUL character in a string."),
        (with_data(r'"\ud800"'), "The body has a lone surrogate in a string."),
        (with_data(r'[{"\udc00\ud800":1}]'), "The body has a lone surrogate in a string."),
        (with_data("[" * 199 + "]" * 199), "The body is nested more than 200 levels deep."),
        ('{"a":' * 201 + "1" + "}" * 201, "The body is nested more than 200 levels deep."),
        ("[" * 50_000 + "]" * 50_000, TOO_MUCH),
        ("[" * 100_000, TOO_MUCH),
        ('{"a":' * 20_000, TOO_MUCH),
    ],
)
def test_refuses_unreadable_bodies(
    unchanged: httpx.Client, content: str | bytes, message: str
) -> None:
    """Invalid JSON, and JSON that cannot be stored unchanged, is refused with the reason."""
    response = unchanged.post(SESSIONS, headers=JSON, content=content)

    assert error(400, "invalid_data", message) == answer(response)


@pytest.mark.parametrize("content", ["[]", '[{"provider_id":"x"}]', '"text"', "1", "null", "true"])
def test_refuses_json_other_than_an_object(unchanged: httpx.Client, content: str) -> None:
    """JSON of any other type lacks the required fields."""
    response = unchanged.post(SESSIONS, headers=JSON, content=content)

    assert invalid("Field '' is required") == answer(response)


@pytest.mark.parametrize("headers", [{}, JSON, {"Content-Type": "text/plain"}])
def test_no_body_is_an_empty_object(unchanged: httpx.Client, headers: dict[str, str]) -> None:
    """Without a body, the media type is ignored, and the required fields are missing."""
    response = unchanged.post(SESSIONS, headers=headers)

    assert invalid("Field 'provider_id' is required") == answer(response)


def test_reads_a_body_in_chunks(shared: httpx.Client) -> None:
    """A chunked body can be split within a character."""
    content = json.dumps({**SYSTEM, "data": {"ü": "€"}}, ensure_ascii=False).encode()

    def chunks() -> Iterator[bytes]:
        for byte in content:
            yield bytes([byte])

    response = shared.post(SESSIONS, headers=JSON, content=chunks())

    assert "chunked" == response.request.headers["transfer-encoding"]
    assert {"ü": "€"} == session_of(response)["data"]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + json.dumps(SYSTEM).encode(),
        b'\r\n\t {"provider_id":\n"pp_system_default"} \n',
        b'{"provider_id":"nobody","provider_id":"pp_system_default"}',
        rb'{"provider\u005fid":"pp\u005fsystem_default"}',
    ],
    ids=["byte order mark", "blanks", "same key twice", "escapes"],
)
def test_reads_what_json_allows(shared: httpx.Client, content: bytes) -> None:
    """A byte order mark, whitespace and escapes are accepted."""
    response = shared.post(SESSIONS, headers=JSON, content=content)

    assert "pp_system_default" == session_of(response)["provider_id"]


def test_reads_deep_nesting(shared: httpx.Client) -> None:
    """Two hundred levels, including the body and its data, are accepted and returned."""
    content = with_data("[" * 198 + "]" * 198)
    response = shared.post(SESSIONS, headers=JSON, content=content)

    assert json.loads(content)["data"] == session_of(response)["data"]


def test_reads_up_to_the_limit(shared: httpx.Client) -> None:
    """A body of 102,400 bytes is accepted and returned whole."""
    content = padded(102_400)
    response = shared.post(SESSIONS, headers=JSON, content=content)

    assert 102_400 == len(content)
    assert json.loads(content)["data"] == session_of(response)["data"]


def test_refuses_more_than_the_limit(unchanged: httpx.Client) -> None:
    """A valid body is refused if it is too large, by a byte or by far."""
    message = "The request body is larger than 102400 bytes."
    for size in (102_401, 5_000_000):
        response = unchanged.post(SESSIONS, headers=JSON, content=padded(size))

        assert error(413, "invalid_data", message) == answer(response)


def test_half_a_body_is_dropped(shared: httpx.Client) -> None:
    """If the client disconnects in the middle of the body, nothing changes."""
    before = read_collection(shared)
    head = (
        f"POST {SESSIONS} HTTP/1.1\r\nHost: store\r\nx-publishable-api-key: pk_demo\r\n"
        "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n"
    )
    with connect(str(shared.base_url)) as connection:
        connection.sendall(head.encode() + json.dumps(SYSTEM).encode())
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1024):
            pass

    assert before == read_collection(shared)
