"""Idempotency keys: what a repeated request is answered."""

import httpx
import pytest
from tests.server.stand_ins import Stage
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
    """Tell whether a response is an earlier one; the header is `true` or not there."""
    header = response.headers.get("Idempotent-Replayed")
    assert header in {None, "true"}
    return header is not None


def test_replays_the_first_answer(lived_in: httpx.Client, idempotency: dict[str, str]) -> None:
    """The same request gets the same bytes, marked as replayed, and makes no second session."""
    first = lived_in.post(SESSIONS, headers=idempotency, json=STRIPE)
    second = lived_in.post(SESSIONS, headers=idempotency, json=STRIPE)

    assert (200, False) == (first.status_code, replayed(first))
    assert (200, True) == (second.status_code, replayed(second))
    assert first.content == second.content
    assert [session_of(first)] == read_collection(lived_in)["payment_sessions"]


def test_without_a_key_nothing_is_replayed(lived_in: httpx.Client) -> None:
    """Two requests without a key are two sessions."""
    first, second = (lived_in.post(SESSIONS, json=SYSTEM) for _ in range(2))

    assert not replayed(second)
    assert session_of(first)["id"] != session_of(second)["id"]


def test_replay_changes_nothing(lived_in: httpx.Client, idempotency: dict[str, str]) -> None:
    """A late repetition does not bring back a session that was replaced since."""
    first = lived_in.post(SESSIONS, headers=idempotency, json=SYSTEM)
    current = session_of(lived_in.post(SESSIONS, json=SYSTEM))
    late = lived_in.post(SESSIONS, headers=idempotency, json=SYSTEM)

    assert first.content == late.content
    assert [current] == read_collection(lived_in)["payment_sessions"]


@pytest.mark.parametrize(
    "content",
    [
        b'{"data": {"b": [1], "a": "\\u00fc"}, "provider_id": "pp_system_default"}',
        '{"provider_id":"pp_system_default","data":{"a":"ü","b":[1]}}'.encode(),
    ],
)
def test_same_json_is_the_same_request(
    lived_in: httpx.Client, idempotency: dict[str, str], content: bytes
) -> None:
    """Spelling and the order of keys do not make a body another one."""
    first = lived_in.post(
        SESSIONS, headers=idempotency, json={**SYSTEM, "data": {"a": "ü", "b": [1]}}
    )
    second = lived_in.post(SESSIONS, headers={**idempotency, **JSON}, content=content)

    assert replayed(second)
    assert first.content == second.content


@pytest.mark.parametrize(
    ("failure", "status"),
    [(ProviderRefused("No."), 422), (ProviderUnreachable("pp_system_default"), 500)],
)
def test_keeps_refusals_and_failures(
    stage: Stage, idempotency: dict[str, str], failure: Exception, status: int
) -> None:
    """A provider that said no, or nothing, is not asked again for the same key."""
    stage.provider.play(failure, ProviderSession({}))
    first, second = (
        stage.client.post(SESSIONS, headers=idempotency, json=SYSTEM) for _ in range(2)
    )
    other_key = stage.client.post(SESSIONS, json=SYSTEM)

    assert (status, False) == (first.status_code, replayed(first))
    assert (status, True) == (second.status_code, replayed(second))
    assert first.content == second.content
    assert 200 == other_key.status_code


@pytest.mark.parametrize(
    ("collection_id", "provider_id", "status"),
    [("pay_col_gone", "pp_system_default", 404), ("pay_col_demo", "pp_nobody_nobody", 400)],
)
def test_keeps_what_the_store_said(
    untouched: httpx.Client,
    idempotency: dict[str, str],
    collection_id: str,
    provider_id: str,
    status: int,
) -> None:
    """From the first look at the store on, every answer is kept."""
    path = f"{COLLECTIONS}/{collection_id}/payment-sessions"
    first, second = (
        untouched.post(path, headers=idempotency, json={"provider_id": provider_id})
        for _ in range(2)
    )

    assert (status, False) == (first.status_code, replayed(first))
    assert (status, True) == (second.status_code, replayed(second))
    assert first.content == second.content


def test_a_bug_leaves_no_trace(stage: Stage, idempotency: dict[str, str]) -> None:
    """What ended in an exception has no answer to keep, so a retry runs again."""
    stage.provider.play(RuntimeError(), ProviderSession({}))
    bug, retry, repeated = (
        stage.client.post(SESSIONS, headers=idempotency, json=SYSTEM) for _ in range(3)
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
    lived_in: httpx.Client,
    idempotency: dict[str, str],
    headers: dict[str, str],
    content: bytes,
    status: int,
) -> None:
    """What was wrong with the request itself can be put right under the same key."""
    wrong = lived_in.post(SESSIONS, headers={**headers, **idempotency}, content=content)
    right = lived_in.post(SESSIONS, headers=idempotency, json=SYSTEM)

    assert (status, False) == (wrong.status_code, replayed(wrong))
    assert (200, False) == (right.status_code, replayed(right))
