"""The control API never shows a secret: not in the journal, in events or in the state."""

import json
import re
from typing import Any

import httpx
import pytest
from tests.server.control.served import Served
from tests.server.wire import COLLECTIONS, JSON, SESSIONS, STRIPE, SYSTEM

from xclade_store_mock.redaction import hide_body, hide_header, hide_query, hide_text

SECRET = "pi_3abc_secret_XYZ"  # noqa: S105 - not a real one
"""The secret that the tests send."""


def everything(mock: Served, entries: int) -> str:
    """Return everything that the control API shows, including this many journal events."""
    seen = mock.control.get("/journal").text
    for path in ("/state", "/carts", "/payment-collections", "/faults", "/scenarios"):
        seen += mock.control.get(path).text
    headers = {"Last-Event-ID": "0"}
    with mock.control.stream("GET", "/events", headers=headers) as stream:
        for line in stream.iter_lines():
            seen += line
            entries -= line == "event: journal"
            if not entries and line.startswith("data:"):
                return seen
    return seen


def test_no_secret_is_shown(either: Served) -> None:
    """Keys, tokens, cookies and client secrets are hidden in requests and responses."""
    headers = {
        "Authorization": f"Bearer {SECRET}",
        "Cookie": f"sid={SECRET}",
        "X-Api-Key": SECRET,
        "Referer": f"https://shop.example/paid?payment_intent_client_secret={SECRET}",
    }
    nested = {"a": [{"client_secret": SECRET}, {"b": json.dumps({"clientSecret": SECRET})}]}
    requests: list[dict[str, Any]] = [
        {"json": {**STRIPE, "data": nested}},
        {"json": {**STRIPE, "data": {"client_secret": {"deep": [SECRET]}}}},
        {"json": {**STRIPE, "data": {"token": SECRET}}},
        {"json": STRIPE, "headers": {"Authorization": SECRET, "Proxy-Authorization": SECRET}},
        {"json": STRIPE, "params": {"payment_intent_client_secret": SECRET}},
        {"json": STRIPE, "params": {"fields": f"client_secret={SECRET}"}},
        {"content": f'{{"provider_id": 1, "data": {{"client_secret": "{SECRET}', "headers": JSON},
        {"content": f'{{"client_secret": "{SECRET}", "client_secret": null}}', "headers": JSON},
        {"content": f'{{"client\\u005fsecret": "{SECRET}"}}', "headers": JSON},
        {"content": f'"client_secret": "{SECRET}"'.encode("utf-16-le"), "headers": JSON},
        {"content": f'{{"x": "{"x" * 90_000}", "client_secret": "{SECRET}"}}', "headers": JSON},
        {"content": "[" * 99_000, "headers": JSON},
        {"data": {"provider_id": "pp_stripe_stripe", "data[client_secret]": SECRET}},
        {"data": {"provider_id": "pp_stripe_stripe", "client secret": SECRET}},
    ]
    for request in requests:
        request["headers"] = {**headers, **request.get("headers", {})}
        either.store.post(SESSIONS, **request)
    either.store.get(f"/store/client_secret/{SECRET}")
    either.initialize()
    either.plan_fault(broken="garbled")
    answered = either.store.post(SESSIONS, json=STRIPE).text
    either.plan_fault(broken="truncated")
    with pytest.raises(httpx.RemoteProtocolError):
        either.store.post(SESSIONS, json=STRIPE)

    seen = everything(either, len(requests) + 4)

    made = re.findall(r"pi_\w+_secret_\w+", answered)
    assert made
    for secret in (SECRET, *made, "_secret_", "customer_demo"):
        assert secret not in seen


@pytest.mark.parametrize(
    ("sent", "shown"), [("pk_demo", "pk_demo"), ("sk_live", "[redacted]"), ("pk x", "[redacted]")]
)
def test_publishable_keys_are_shown(mock: Served, sent: str, shown: str) -> None:
    """A publishable key is public by design; what else is sent in its place may be a secret."""
    mock.store.post(SESSIONS, headers={"x-publishable-api-key": sent}, json=SYSTEM)

    (entry,) = mock.control.get("/journal").json()["entries"]
    assert shown == entry["request"]["headers"]["x-publishable-api-key"]


def test_idempotency_keys_are_shown(mock: Served) -> None:
    """Idempotency keys are shown, because they identify retries."""
    mock.store.post(SESSIONS, headers={"Idempotency-Key": "checkout-1"}, json=SYSTEM)

    (entry,) = mock.journal()

    assert "checkout-1" == entry["request"]["headers"]["idempotency-key"]


@pytest.mark.parametrize(
    "body", ['{"a": 1.50, "b": [true, null]}', "[]", '"ü"', "no json", "a=b&c=d", "", "NaN"]
)
def test_body_without_secrets_is_unchanged(body: str) -> None:
    """A body without secrets is shown exactly."""
    assert body == hide_body(body)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('{"client_secret": "a", "b": 1}', '{"client_secret":"[redacted]","b":1}'),
        ('{"client_secret": null, "x": "client_secret"}', None),
        ('{"Client-Secret": [1]}', '{"Client-Secret":"[redacted]"}'),
        ('[{"access_token": "a"}]', '[{"access_token":"[redacted]"}]'),
        ('{"client_secret": "a', '{"client_secret[redacted]'),
        ("a=b&client_secret=c&d=e", "a=b&client_secret=[redacted]&d=e"),
        ("a%5Bclient%5Fsecret%5D=c", "a%5Bclient%5Fsecret%5D=[redacted]"),
        ("a=%7B%22%63lient_secret%22%3A1", "[redacted]"),
        ('{"a": "pi_1_secret_2", "b": ["sk_1"]}', '{"a":"[redacted]","b":["[redacted]"]}'),
        ('{"a": "https://b:c@d/e"}', '{"a":"https://b:[redacted]@d/e"}'),
    ],
)
def test_secrets_in_bodies(body: str, shown: str | None) -> None:
    """A secret is hidden by its name or its looks; the name stays."""
    expected = '{"client_secret":null,"x":"client_secret[redacted]"}' if shown is None else shown

    assert expected == hide_body(body)


def test_headers_queries_and_texts() -> None:
    """Secrets in headers, queries and other texts are hidden."""
    assert "[redacted]" == hide_header("set-cookie", "a")
    assert "no-cache" == hide_header("cache-control", "no-cache")
    assert "a=1&token=[redacted]&b" == hide_query("a=1&token=x&b")
    assert "/x/client_secret[redacted]" == hide_text("/x/client_secret/y")
    assert "/x/[redacted]/y" == hide_text("/x/pk_demo/y")


def test_created_collection_shows_no_secret(either: Served) -> None:
    """The response with an earlier session is redacted as well."""
    made = either.initialize()["data"]["client_secret"]
    either.store.post(COLLECTIONS, json={"cart_id": "cart_demo"})

    assert made not in json.dumps(either.journal())
