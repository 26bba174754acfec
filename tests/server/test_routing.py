"""Paths and methods."""

import httpx
import pytest
from tests.server.wire import COLLECTIONS, PROVIDERS, SESSIONS, SYSTEM, Answer, answer, error

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")


@pytest.mark.parametrize(
    "path",
    [
        "/store",
        "/store/nothing",
        f"{SESSIONS}/",
        COLLECTIONS.upper(),
        f"{COLLECTIONS}/pay_col_demo",
        f"{COLLECTIONS}/pay%2Fcol/payment-sessions",
        f"{SESSIONS}/payses_1",
        f"{COLLECTIONS}//payment-sessions",
        "/store//payment-collections",
        "/store/payment-cöllections",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_path(unchanged: httpx.Client, method: str, path: str) -> None:
    """A path without an operation returns 404 in JSON, with or without a key."""
    decoded = path.replace("%2F", "/")

    assert error(404, "not_found", f"The mock does not serve {decoded}.") == answer(
        unchanged.request(method, path, json=SYSTEM)
    )
    keyless = {"x-publishable-api-key": ""}
    assert 404 == unchanged.request(method, path, headers=keyless, json=SYSTEM).status_code


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        *((SESSIONS, method, "POST") for method in METHODS if method != "POST"),
        *((COLLECTIONS, method, "POST") for method in METHODS if method != "POST"),
        *((PROVIDERS, method, "GET HEAD") for method in METHODS if method != "GET"),
    ],
)
def test_wrong_method(unchanged: httpx.Client, path: str, method: str, allowed: str) -> None:
    """A wrong method returns 405 in JSON, with the Allow header."""
    response = unchanged.request(method, path)

    message = f"{method} is not possible at {path}."
    assert error(405, "not_allowed", message) == answer(response)
    assert {*allowed.split()} == {*response.headers["Allow"].split(", ")}


def test_head_of_an_operation_with_post(unchanged: httpx.Client) -> None:
    """HEAD is a wrong method as well, and its response has no body."""
    response = unchanged.head(SESSIONS)

    assert (405, "POST", b"") == (response.status_code, response.headers["Allow"], response.content)


def test_head_of_an_operation_with_get(unchanged: httpx.Client) -> None:
    """HEAD returns the same as GET, without the body."""
    query = {"region_id": "reg_demo"}
    head, get = (unchanged.head(PROVIDERS, params=query), unchanged.get(PROVIDERS, params=query))

    assert (200, b"") == (head.status_code, head.content)
    assert get.headers["Content-Type"] == head.headers["Content-Type"]
    assert get.headers["Content-Length"] == head.headers["Content-Length"]


def test_head_needs_a_key(unchanged: httpx.Client) -> None:
    """HEAD requires the publishable key."""
    keyless = {"x-publishable-api-key": ""}

    assert 401 == unchanged.head(PROVIDERS, headers=keyless).status_code


def test_escaped_path_is_the_same_path(unchanged: httpx.Client) -> None:
    """A percent-encoded path is the same path."""
    response = unchanged.get("/store/payment%2Dproviders", params={"region_id": "reg_gone"})

    assert 0 == response.json()["count"]


def test_order_of_checks(unchanged: httpx.Client) -> None:
    """An unreadable body is reported before a missing key, which is reported before the rest."""
    keyless = {"x-publishable-api-key": "", "Content-Type": "application/json"}

    assert 400 == unchanged.post(SESSIONS, headers=keyless, content="{").status_code
    assert Answer(401, "text/plain", "Unauthorized") == answer(
        unchanged.post(f"{SESSIONS}?foo=1", headers=keyless, content="{}")
    )
