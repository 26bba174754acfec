"""What passes through the proxy is checked against the contract."""

import gzip
import json
from typing import Any

import httpx
import pytest
from tests.conftest import KEY, PATIENCE
from tests.server.upstream.conftest import Between
from tests.server.upstream.raw import response
from tests.server.wire import COLLECTIONS, PROVIDERS

from xclade_store_mock.control.journal import MAX_SHOWN
from xclade_store_mock.web.bodies import MAX_BODY

PROVIDER = {"id": "pp_x", "is_enabled": True}
VALID = {"payment_providers": [PROVIDER], "count": 1, "offset": 0, "limit": 20}
WRONG = {**VALID, "count": "1"}
PATH = f"{PROVIDERS}?region_id=reg_demo"


def journal(url: str) -> Any:
    """Return the newest entry of a proxy's journal."""
    return httpx.get(f"{url}/_mock/journal").json()["entries"][-1]


@pytest.mark.parametrize(
    ("answer", "location", "message"),
    [
        pytest.param(response(VALID), None, None, id="valid"),
        pytest.param(
            response(WRONG),
            ["response", "body", "count"],
            "Response: Expected type: 'integer' for field 'count', got: '1'",
            id="type",
        ),
        pytest.param(
            response({"count": 1}),
            ["response", "body"],
            "Response: Field 'payment_providers' is required",
            id="missing",
        ),
        pytest.param(
            response(VALID, status=418),
            ["response"],
            "Response: 418 is not documented",
            id="status",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>",
            ["response", "header", "content-type"],
            "Response: text/html instead of application/json",
            id="media type",
        ),
        pytest.param(
            response(b"{"), ["response", "body"], "Response: cannot be read: ", id="no JSON"
        ),
        pytest.param(
            response(
                gzip.compress(json.dumps({**VALID, "count": "1"}).encode()),
                "Content-Encoding: gzip",
            ),
            ["response", "body", "count"],
            "Response: Expected type: 'integer' for field 'count', got: '1'",
            id="compressed",
        ),
    ],
)
def test_response_is_checked(
    between: Between, answer: bytes, location: list[str] | None, message: str | None
) -> None:
    """A violation is in the journal and in a header; the response itself is unchanged."""
    with between(answer) as (url, _):
        got = httpx.get(f"{url}{PATH}", headers=KEY)
        shown = journal(url)["violations"]

    violations = json.loads(got.headers.get("sl-violations", "[]"))
    assert [message is not None] == [bool(violations)] == [bool(shown)]
    if message is not None:
        assert location == violations[0]["location"]
        assert violations[0]["message"].startswith(message)
        assert shown[0].startswith(message)


def test_rejects_what_violates_the_contract(between: Between) -> None:
    """A request that does is not forwarded; a response that does is replaced."""
    with between(response({}), rejects=True) as (url, raw):
        refused = httpx.post(f"{url}{COLLECTIONS}", headers=KEY, json={})
        assert [] == raw.received
        replaced = httpx.get(f"{url}{PATH}", headers=KEY)
        passed = httpx.get(f"{url}/store/regions")

    assert (400, "invalid_data") == (refused.status_code, refused.json()["type"])
    assert (502, "unexpected_state") == (replaced.status_code, replaced.json()["type"])
    assert "Field 'payment_providers' is required" in replaced.json()["message"]
    assert "payment_providers" in replaced.headers["sl-violations"]
    assert 200 == passed.status_code


def test_other_paths_are_not_checked(between: Between) -> None:
    """The contract does not say what else a store has."""
    with between() as (url, _):
        got = httpx.get(f"{url}/store/regions")
        assert [] == journal(url)["violations"]

    assert "sl-violations" not in got.headers


def test_large_bodies_pass_unchecked(between: Between) -> None:
    """They are neither kept nor cut, in either direction."""
    large = b" " * (2 * 2**20)
    with between(response(large)) as (url, raw):
        got = httpx.post(f"{url}{COLLECTIONS}", headers=KEY, content=large, timeout=PATIENCE)

        assert large == raw.last.body
        assert large == got.content
        entry = journal(url)
        assert [f"The request body is larger than {MAX_BODY} bytes."] == entry["violations"][-1:]
        assert 2 * 2**20 == entry["request"]["bytes"] == entry["response"]["bytes"]


def test_preferred_response_comes_from_the_contract(between: Between) -> None:
    """The upstream sees neither the request nor, elsewhere, any change of it."""
    with between() as (url, raw):
        got = httpx.get(f"{url}{PATH}", headers={"Prefer": "code=401"})
        assert (401, []) == (got.status_code, raw.received)

        httpx.get(f"{url}/store/carts?__code=1", headers={"Prefer": "return=minimal"})
        assert raw.last.line.startswith(b"GET /store/carts?__code=1 ")
        assert [b"return=minimal"] == raw.last.headers[b"prefer"]


def test_compressed_bodies_are_readable_in_the_journal(between: Between) -> None:
    """As far as the journal shows them, and without secrets."""
    bomb = gzip.compress(b'{"client_secret": "s3cr3t", "x": "' + b"a" * 2**24 + b'"}')
    with between(response(bomb, "Content-Encoding: gzip")) as (url, _):
        got = httpx.get(f"{url}/store/x")
        entry = journal(url)

    assert 2**24 < len(got.content)
    assert len(bomb) == entry["response"]["bytes"]
    assert "aaaa" not in (entry["response"]["body"] or "")[MAX_SHOWN:]
    assert "s3cr3t" not in json.dumps(entry)
