"""Idempotency keys: their format and scope."""

from datetime import UTC, datetime

import httpx
import pytest
from tests.conftest import Serve
from tests.server.wire import FREE_SESSIONS, SESSIONS, SYSTEM, session_of

from xclade_store_mock.payments.seed import parse_store

TWO_CHANNELS = """
publishable_keys: [{token: pk_web}, {token: pk_app}]
payment_providers: [{id: pp_system_default}]
regions: []
payment_collections: [{id: pay_col_demo, currency_code: usd, amount: 1}]
"""


def initialize(client: httpx.Client, *keys: bytes, path: str = SESSIONS) -> httpx.Response:
    """Initialize a session with these bytes as `Idempotency-Key` headers."""
    return client.post(path, headers=[(b"Idempotency-Key", key) for key in keys], json=SYSTEM)


@pytest.mark.parametrize(
    "keys",
    [
        [b""],
        [b'""'],
        [b"with a blank"],
        [b'"with a blank"'],
        [b"with\ta tab"],
        ["schlüssel".encode()],
        ["schlüssel".encode("latin-1")],
        [b"x" * 256],
        [b'"' + b"x" * 256 + b'"'],
        [b'"open'],
        [b'"closed"early"'],
        [b'"ends\\"'],
        [rb'"un\known"'],
        [b'"parameter";a=1'],
        [b"twice", b"twice"],
    ],
)
def test_malformed_key_is_refused(unchanged: httpx.Client, keys: list[bytes]) -> None:
    """A key is 1 to 255 visible ASCII characters, bare or quoted, and sent once."""
    response = initialize(unchanged, *keys)

    assert (400, {"type", "message"}) == (response.status_code, response.json().keys())
    assert "invalid_data" == response.json()["type"]
    expected = "Invalid request: Field 'Idempotency-Key'"
    assert response.json()["message"].startswith(expected)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"plain-1", b'"plain-1"'),
        (b"a" * 255, b'"' + b"a" * 255 + b'"'),
        (b'in"side', rb'"in\"side"'),
        (rb"back\slash", rb'"back\\slash"'),
        (b"comma,semi;colon=:/?#[]@!$&'()*+", b'"comma,semi;colon=:/?#[]@!$&\'()*+"'),
        (b"!~", b'"!~"'),
    ],
)
def test_bare_and_quoted_key_are_the_same(shared: httpx.Client, one: bytes, other: bytes) -> None:
    """Quotes and escapes (RFC 8941) do not change the key."""
    first, second = initialize(shared, one), initialize(shared, other)

    assert (200, 200) == (first.status_code, second.status_code)
    assert first.content == second.content


@pytest.mark.parametrize("other", [b"SCOPE", b"scope2", b'"scope\\\\"'])
def test_another_key_is_another_request(shared: httpx.Client, other: bytes) -> None:
    """Keys are compared exactly."""
    first, second = initialize(shared, b"scope"), initialize(shared, other)

    assert session_of(first)["id"] != session_of(second)["id"]


def test_another_path_is_another_scope(shared: httpx.Client, idempotency: dict[str, str]) -> None:
    """The same key for another collection is another request."""
    key = idempotency["Idempotency-Key"].encode()
    demo = initialize(shared, key)
    free = initialize(shared, key, path=FREE_SESSIONS)

    assert "Idempotent-Replayed" not in free.headers
    assert session_of(demo)["id"] != session_of(free)["id"]


def test_another_publishable_key_is_another_scope(serve: Serve) -> None:
    """Two storefronts never get each other's responses."""
    url = serve(store=parse_store(TWO_CHANNELS, "channels.yaml", datetime.now(UTC)))
    with httpx.Client(base_url=url, headers={"Idempotency-Key": "same"}) as client:
        web, app, again = (
            client.post(SESSIONS, headers={"x-publishable-api-key": token}, json=SYSTEM)
            for token in ("pk_web", "pk_app", "pk_web")
        )

    assert session_of(web)["id"] != session_of(app)["id"]
    assert web.content == again.content
