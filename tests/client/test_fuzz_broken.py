"""Some 2,500 broken responses, each of which ends in a result or a StoreError."""

import gzip
import json
import zlib
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.client.strategies import JSON, SEEDED
from tests.client.wire import (
    CALLS,
    COLLECTION,
    CREATE,
    FACES,
    PROVIDERS,
    Answer,
    Call,
    Desk,
    call_sync,
)

from xclade_store import StoreError

GOOD = json.dumps({"payment_collection": COLLECTION}).encode()
GOOD_PAGE = json.dumps(PROVIDERS).encode()


def settle(face: Call, call: tuple[str, ...], answer: Answer) -> None:
    """Make a call, which may return its result or raise a StoreError, and print the outcome."""
    try:
        outcome = face(Desk(answer), *call)
    except StoreError as error:
        outcome = error
    assert str(outcome)
    assert repr(outcome)


@st.composite
def broken_bytes(draw: st.DrawFn) -> bytes:
    """Damage a good answer: flip bytes, cut, insert or repeat some."""
    content = bytearray(draw(st.sampled_from([GOOD, GOOD_PAGE])))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(content) - 1)))
        damage = draw(st.sampled_from(["flip", "cut", "insert", "repeat", "drop"]))
        if damage == "flip" and content:
            content[place] ^= draw(st.integers(1, 255))
        elif damage == "cut":
            del content[place:]
        elif damage == "insert":
            content[place:place] = draw(st.binary(min_size=1, max_size=8))
        elif damage == "repeat":
            content[place:place] = content[: place // 2]
        else:
            del content[place : place + draw(st.integers(1, 30))]
    return bytes(content)


@st.composite
def broken_documents(draw: st.DrawFn) -> Any:
    """Replace some values of a valid response by any JSON, or remove them."""
    document = json.loads(draw(st.sampled_from([GOOD, GOOD_PAGE])))
    for _ in range(draw(st.integers(1, 3))):
        place: Any = document
        steps = draw(st.integers(1, 5))
        for step in range(steps):
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if step == steps - 1 or not isinstance(place[key], dict | list):
                if draw(st.booleans()):
                    place[key] = draw(JSON)
                else:
                    del place[key]
                break
            place = place[key]
    return document


@settings(SEEDED, max_examples=1_000)
@given(
    st.sampled_from(FACES),
    broken_bytes()
    | broken_documents().map(lambda document: json.dumps(document).encode())
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=60),
    st.sampled_from(CALLS),
    st.sampled_from([200, 200, 200, 201, 400, 401, 404, 409, 422, 500, 503])
    | st.integers(100, 999),
)
def test_broken_content(face: Call, content: bytes, call: tuple[str, ...], status: int) -> None:
    """Damaged bytes, missing fields, other types and any JSON end so with any status."""
    settle(face, call, Answer(status, content))


HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "x-request-id", "retry-after", "set-cookie", "etag"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
)
CODINGS = st.sampled_from(["gzip", "deflate", "br", "identity", "gzip, gzip", "deflate,gzip", "?"])
PAYLOADS = st.sampled_from([GOOD, gzip.compress(GOOD), zlib.compress(GOOD), b"", b"<html>"])


@settings(SEEDED, max_examples=400)
@given(
    st.sampled_from(FACES),
    HEADERS,
    CODINGS,
    PAYLOADS | st.binary(max_size=60),
    st.sampled_from(CALLS),
)
def test_wrong_codings(
    face: Call, headers: dict[str, str], coding: str, content: bytes, call: tuple[str, ...]
) -> None:
    """A content-encoding that is not the body's, and odd headers, end the same way."""
    settle(face, call, Answer(200, content, {**headers, "content-encoding": coding}))


def in_place(place: bytes, value: bytes) -> bytes:
    """Write a good answer with this text in the place of a value."""
    assert place in GOOD
    return GOOD.replace(place, value)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"null",
        b"true",
        b"5",
        b'""',
        b"[]",
        b"{}",
        b"[[]]",
        b"NaN",
        b"<!DOCTYPE html><title>502 Bad Gateway</title>",
        b"\x00" * 10,
        b"\xff\xfe" + GOOD.decode().encode("utf-16-le"),
        GOOD.decode().encode("utf-32"),
        GOOD + GOOD,
        GOOD[:-1] + b",}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"payment_collection":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"payment_collection":1,' + GOOD[1:],
        GOOD[:-1] + b',"payment_collection":null}',
        in_place(b"25.5", b"1e400"),
        in_place(b"25.5", b"-1e-400"),
        in_place(b"25.5", b"NaN"),
        in_place(b"25.5", b"-Infinity"),
        in_place(b"25.5", b"9" * 4_000),
        in_place(b"25.5", b"9" * 5_000),
        in_place(b"25.5", b"0." + b"9" * 5_000),
        in_place(b"25.5", b'"25.5"'),
        in_place(b"25.5", b"true"),
        in_place(b'"payses_1"', b'"\\ud800"'),
        in_place(b'"payses_1"', b"1"),
        in_place(b'"data": {', b'"data": {"deep":' + b"[" * 500 + b"]" * 500 + b","),
    ],
)
def test_odd_bodies(face: Call, call: tuple[str, ...], status: int, content: bytes) -> None:
    """Pages, huge numbers, deep nesting, double keys and other encodings end the same way."""
    settle(face, call, Answer(status, content))


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    "location",
    [
        *("", "/elsewhere", "//", "http:", "http://[::1", "http://h:abc", "http://xn--", "ftp://x"),
        "?" * 70_000,
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects(face: Call, status: int, location: str) -> None:
    """A redirect is not followed, wherever it leads, and is not a result."""
    desk = Desk(Answer(status, b"", {"location": location}))
    with pytest.raises(StoreError):
        face(desk, *CREATE)

    assert 1 == len(desk.requests)


@settings(SEEDED, max_examples=100)
@example(cut=0)
@given(cut=st.integers(0, len(GOOD) - 1))
def test_every_cut_is_seen(cut: int) -> None:
    """A cut-off response is never a result."""
    desk = Desk(lambda _: httpx.Response(200, content=GOOD[:cut]))
    with pytest.raises(StoreError):
        call_sync(desk, *CREATE)
