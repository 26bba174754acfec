"""Responses of something other than the Store API say what they are and what to change."""

from typing import Any

import pytest
from tests.client.wire import (
    CALLS,
    CREATE,
    FACES,
    INITIALIZE,
    URL,
    Answer,
    Call,
    Desk,
    call_sync,
    collection,
    refusal,
)

from xclade_store import BrokenAnswer, NotFound, StoreError, Unauthorized

LOGIN = b"""<!DOCTYPE html><html><head><title>
 Sign in to Acme</title></head><form><input type="password"></form></html>"""
HTML = {"content-type": "text/html; charset=utf-8"}


def error_of(face: Call, answer: Answer, call: Any = CREATE, base_url: str = URL) -> StoreError:
    """Return the error that a response is raised as."""
    with pytest.raises(StoreError) as raised:
        face(Desk(answer), *call, options={"base_url": base_url})
    return raised.value


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            Answer(200, LOGIN, HTML),
            (
                "a login page ('Sign in to Acme') instead of JSON: base_url does not lead to the "
                "Store API"
            ),
        ),
        (
            Answer(404, b"<html>Cannot POST /store", HTML),
            "an HTML page instead of JSON: base_url does not lead to the Store API",
        ),
        (
            Answer(502, b"  <HTML><title>502 Bad Gateway</title>"),
            (
                "an HTML page ('502 Bad Gateway') instead of JSON: something in front of the store "
                "failed"
            ),
        ),
        (
            Answer(401, LOGIN, HTML),
            (
                "Unauthorized: a login page ('Sign in to Acme') instead of JSON: base_url does not "
                "lead to the Store API"
            ),
        ),
        (Answer(414), "the URL is too long: select fewer fields"),
        (
            Answer(431),
            (
                "the request's headers are too large: shorten customer_token, idempotency_key or "
                "the headers of http_client"
            ),
        ),
        (Answer(413, b"<html>"), "the request's body is too large: send less data"),
        (
            Answer(302, b"", {"location": "https://sso.acme.test/login?next=x"}),
            (
                "redirected to https://sso.acme.test/login?next=x, which looks like a login page: "
                "check base_url, and whether something in front of the store requires a login"
            ),
        ),
        (
            Answer(301, LOGIN, {"location": "https://store.test/x"}),
            "redirected to https://store.test/x: check base_url",
        ),
    ],
)
def test_what_responded(face: Call, answer: Answer, message: str) -> None:
    """The message says what it is and what to change; status and body are on the error."""
    error = error_of(face, answer)

    expected = Unauthorized if answer.status == 401 else BrokenAnswer
    assert (expected, message) == (type(error), error.message)
    assert (answer.status, answer.content) == (error.status, error.body)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("base_url", "better"),
    [
        ("http://store.test/store", "http://store.test/"),
        ("http://store.test/admin/", "http://store.test/"),
        ("http://user:pw@store.test/api/store", "http://store.test/api"),
    ],
)
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(401, b"Unauthorized"), Unauthorized),
        (Answer(401, b'{"message":"Unauthorized"}'), Unauthorized),
        (refusal(404, "not_found"), NotFound),
        (Answer(404, b"<html>Cannot POST", HTML), BrokenAnswer),
        (Answer(200, b""), BrokenAnswer),
    ],
)
def test_a_base_url_with_one_part_too_many(
    call: Any, base_url: str, better: str, answer: Answer, expected: type[StoreError]
) -> None:
    """The client adds /store itself, which is said whatever the error is."""
    error = error_of(call_sync, answer, call, base_url)
    end = "admin" if "admin" in base_url else "store"

    assert expected is type(error)
    assert error.message.endswith(
        f" (base_url ends in /{end}, but the client adds /store itself: try {better})"
    )


@pytest.mark.parametrize("base_url", [URL, "http://store.test/store/api", "http://admin.test"])
def test_other_base_urls(base_url: str) -> None:
    """There is no hint where nothing is wrong, not even with an id like a path."""
    call = (INITIALIZE[0], "/admin/store/payment-collections", "pp_x_y")

    assert "Unauthorized" == error_of(call_sync, Answer(401), call, base_url).message


def test_a_store_below_such_a_path() -> None:
    """A store that is really there works."""
    options = {"base_url": "http://store.test/store"}
    result = call_sync(Desk(collection()), *CREATE, options=options)

    assert "pay_col_demo" == result.id
