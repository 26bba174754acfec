"""Idempotency keys: the responses to repeated requests."""

import httpx
import pytest
from tests.server.providers import Scripted
from tests.server.wire import (
    COLLECTIONS,
    JSON,
    SESSIONS,
    STRIPE,
    SYSTEM,
    answer,
    read_collection,
    session_of,
    unknown_error,
)

from xclade_store_mock.errors import ProviderRefused, ProviderUnreachable
from xclade_store_mock.payments.providers import ProviderSession


def replayed(response: httpx.Response) -> bool:
    """Return whether a response is replayed; the header is `true` or absent."""
    header = response.headers.get("Idempotent-Replayed")
    assert header in {None, "true"}
    return header is not None


def test_replays_the_first_response(shared: httpx.Client, idempotency: dict[str, str]) -> None:
    """The same request gets the same bytes, marked as replayed, and creates no second session."""
    first = shared.post(SESSIONS, headers=idempotency, json=STRIPE)
    second = shared.post(SESSIONS, headers=idempotency, json=STRIPE)

    assert (200, False) == (first.status_code, replayed(first))
    assert (200, True) == (second.status_code, replayed(second))
    assert first.content == second.content
    assert [session_of(first)] == read_collection(shared)["payment_sessions"]


def test_without_a_key_nothing_is_replayed(shared: httpx.Client) -> None:
    """Two requests without a key create two sessions."""
    first, second = (shared.post(SESSIONS, json=SYSTEM) for _ in range(2))

    assert not replayed(second)
    assert session_of(first)["id"] != session_of(second)["id"]


def test_replay_changes_nothing(shared: httpx.Client, idempotency: dict[str, str]) -> None:
    """A late repetition does not restore a session that has been replaced."""
    first = shared.post(SESSIONS, headers=idempotency, json=SYSTEM)
    current = session_of(shared.post(SESSIONS, json=SYSTEM))
    late = shared.post(SESSIONS, headers=idempotency, json=SYSTEM)

    assert first.content == late.content
    assert [current] == read_collection(shared)["payment_sessions"]


@pytest.mark.parametrize(
    "content",
    [
        b'{"data": {"b": [1], "a": "\\u00fc"}, "provider_id": "pp_system_default"}',
        '{"provider_id":"pp_system_default","data":{"a":"ü","b":[1]}}'.encode(),
    ],
)
def test_same_json_is_the_same_request(
    shared: httpx.Client, idempotency: dict[str, str], content: bytes
) -> None:
    """Whitespace, number format and key order do not change the fingerprint of a body."""
    first = shared.post(
        SESSIONS, headers=idempotency, json={**SYSTEM, "data": {"a": "ü", "b": [1]}}
    )
    second = shared.post(SESSIONS, headers={**idempotency, **JSON}, content=content)

    assert replayed(second)
    assert first.content == second.content


@pytest.mark.parametrize(
    ("failure", "status"),
    [(ProviderRefused("No."), 422), (ProviderUnreachable("pp_system_default"), 500)],
)
def test_keeps_refusals_and_failures(
    scripted: Scripted, idempotency: dict[str, str], failure: Exception, status: int
) -> None:
    """After a refusal or a failure, the provider is not called again for the same key."""
    scripted.provider.play(failure, ProviderSession({}))
    first, second = (
        scripted.client.post(SESSIONS, headers=idempotency, json=SYSTEM) for _ in range(2)
    )
    other_key = scripted.client.post(SESSIONS, json=SYSTEM)

    assert (status, False) == (first.status_code, replayed(first))
    assert (status, True) == (second.status_code, replayed(second))
    assert first.content == second.content
    assert 200 == other_key.status_code


@pytest.mark.parametrize(
    ("collection_id", "provider_id", "status"),
    [("pay_col_gone", "pp_system_default", 404), ("pay_col_demo", "pp_nobody_nobody", 400)],
)
def test_stores_errors_of_the_store(
    unchanged: httpx.Client,
    idempotency: dict[str, str],
    collection_id: str,
    provider_id: str,
    status: int,
) -> None:
    """Every response is stored once the store has been read."""
    path = f"{COLLECTIONS}/{collection_id}/payment-sessions"
    first, second = (
        unchanged.post(path, headers=idempotency, json={"provider_id": provider_id})
        for _ in range(2)
    )

    assert (status, False) == (first.status_code, replayed(first))
    assert (status, True) == (second.status_code, replayed(second))
    assert first.content == second.content


def test_unexpected_exception_is_not_stored(
    scripted: Scripted, idempotency: dict[str, str]
) -> None:
    """After an unexpected exception nothing is stored, so a retry executes the request."""
    scripted.provider.play(RuntimeError(), ProviderSession({}))
    bug, retry, repeated = (
        scripted.client.post(SESSIONS, headers=idempotency, json=SYSTEM) for _ in range(3)
    )

    assert unknown_error() == answer(bug)
    assert (200, False) == (retry.status_code, replayed(retry))
    assert (retry.content, True) == (repeated.content, replayed(repeated))


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        (JSON, b"{}", 400),
        (JSON, b"{", 400),
        ({**JSON, "x-publishable-api-key": "pk_nobody"}, b"{}", 401),
        (JSON, b" " * 102_401, 413),
        ({"Content-Type": "text/plain"}, b"{}", 415),
    ],
)
def test_malformed_request_uses_no_key(
    shared: httpx.Client,
    idempotency: dict[str, str],
    headers: dict[str, str],
    content: bytes,
    status: int,
) -> None:
    """A malformed request can be corrected and sent again with the same key."""
    wrong = shared.post(SESSIONS, headers={**headers, **idempotency}, content=content)
    right = shared.post(SESSIONS, headers=idempotency, json=SYSTEM)

    assert (status, False) == (wrong.status_code, replayed(wrong))
    assert (200, False) == (right.status_code, replayed(right))
