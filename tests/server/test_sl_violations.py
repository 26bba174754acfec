"""The `sl-violations` header: the same in both dialects, short, and valid as a header."""

import json
import re
from typing import Any

import httpx
import pytest
from tests.conftest import KEY, Serve
from tests.server.wire import PROVIDERS, SESSIONS, SYSTEM

from xclade_store_mock.contract.violations import MAX_HEADER, sl_violations
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.errors import InvalidData, Violation
from xclade_store_mock.web.dialect import Dialect


def violations(response: httpx.Response) -> Any:
    """Parse the header, and check that its characters are printable ASCII."""
    header = response.headers["sl-violations"]
    assert re.fullmatch(r"[ -~]+", header)
    return json.loads(header)


def violation(message: str, code: str | int, *location: str) -> dict[str, Any]:
    """Return the expected violation."""
    return {
        "location": ["request", *location],
        "severity": "Error",
        "code": code,
        "message": message,
    }


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [violation("Field 'provider_id' is required", "required", "body")]),
        (
            {"provider_id": 5, "data": [], "a": 1, "b": 2},
            [
                violation(
                    "Expected type: 'string' for field 'provider_id', got: '5'",
                    *("type", "body", "provider_id"),
                ),
                violation(
                    "Expected type: 'record' for field 'data', got: ''", "type", "body", "data"
                ),
                violation("Unrecognized fields: 'a, b'", "additionalProperties", "body"),
            ],
        ),
        ([], [violation("Field '' is required", "type", "body")]),
    ],
)
def test_bodies(serve: Serve, dialect: Dialect, body: object, expected: object) -> None:
    """A violation of the body has its location and the schema's keyword."""
    with httpx.Client(base_url=serve(dialect=dialect), headers=KEY) as client:
        response = client.post(SESSIONS, json=body)

    assert expected == violations(response)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [("required", "query")]),
        ("region_id=", [("minLength", "query", "region_id")]),
        ("region_id=a&limit=x&offset=x", [("type", "query", "limit"), ("type", "query", "offset")]),
        ("region_id=a&sort=b", [("additionalProperties", "query")]),
        ("region_id=a&region_id=b", [("type", "query", "region_id")]),
    ],
)
def test_queries(serve: Serve, dialect: Dialect, query: str, expected: list[tuple[str]]) -> None:
    """So has a violation of the query, although the dialects parse it differently."""
    with httpx.Client(base_url=serve(dialect=dialect), headers=KEY) as client:
        response = client.get(f"{PROVIDERS}?{query}")

    places = [(each["code"], *each["location"][1:]) for each in violations(response)]
    assert sorted(expected) == sorted(places)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
@pytest.mark.parametrize("key", [{}, {"x-publishable-api-key": "pk_nobody"}])
def test_keys(serve: Serve, dialect: Dialect, key: dict[str, str]) -> None:
    """A missing or unknown key is a violation with Prism's code."""
    with httpx.Client(base_url=serve(dialect=dialect)) as client:
        (found,) = violations(client.post(SESSIONS, headers=key, json=SYSTEM))

    assert (401, ["request"]) == (found["code"], found["location"])


def test_media_types(unchanged: httpx.Client) -> None:
    """A body that is not declared as JSON is a violation."""
    response = unchanged.post(SESSIONS, content=b"a=1", headers={"Content-Type": "text/csv"})

    message = "Unsupported media type 'text/csv': send application/json."
    assert [violation(message, 415)] == violations(response)


def test_refusals_are_not_violations(unchanged: httpx.Client) -> None:
    """The response to a valid request does not have the header, even if it is an error."""
    unknown = unchanged.post(SESSIONS, json={"provider_id": "pp_nobody_nobody"})
    missing = unchanged.post(SESSIONS.replace("demo", "gone"), json=SYSTEM)

    assert (400, 404) == (unknown.status_code, missing.status_code)
    assert "sl-violations" not in unknown.headers.keys() | missing.headers.keys()


@pytest.mark.parametrize("name", ["ü", "€", "😀", "a\r\nb: c", "\x01", "\x7f", "\x85", '"\\'])
def test_any_character_can_be_sent(unchanged: httpx.Client, name: str) -> None:
    """Characters that a header may not contain are escaped as in JSON."""
    response = unchanged.post(SESSIONS, json={**SYSTEM, name: 1})

    (found,) = violations(response)
    assert f"Unrecognized fields: '{name}'" == found["message"]
    assert response.json()["message"].endswith(found["message"])


@pytest.mark.parametrize("name", ["a" * 45_000, "😀" * 10_000])
def test_long_messages_are_truncated(unchanged: httpx.Client, name: str) -> None:
    """Messages are truncated in the header, but not in the body."""
    response = unchanged.post(SESSIONS, json={**SYSTEM, "provider_id": [name], name: 1})

    assert len(response.headers["sl-violations"]) <= MAX_HEADER
    assert violations(response)
    for each in violations(response):
        assert ("…", 200) == (each["message"][-1], len(each["message"][:-1]))
    assert 2 == response.json()["message"].count(name)


def test_number_of_violations_is_limited() -> None:
    """Violations at the end are omitted; none is truncated."""
    many = [Violation(("query", f"name{number}"), "type", "no") for number in range(100)]

    header = sl_violations(InvalidData.of(many))["sl-violations"]

    found = json.loads(header)
    assert MAX_HEADER - 100 < len(header) <= MAX_HEADER
    assert [violation("no", "type", *each.location) for each in many][: len(found)] == found
