"""Every status that the contract documents for initialize_payment_session."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest
from tests.conftest import KEY, Serve
from tests.server.providers import GatedProvider, Scripted
from tests.server.wire import (
    COLLECTIONS,
    FREE_SESSIONS,
    JSON,
    KEY_REUSED,
    SESSIONS,
    STILL_RUNNING,
    STRIPE,
    SYSTEM,
    Answer,
    answer,
    error,
    read_collection,
    unknown_error,
)

from xclade_store_mock.errors import ProviderUnreachable
from xclade_store_mock.payments.providers import ProviderSession
from xclade_store_mock.payments.seed import parse_store

KEYS = """
publishable_keys: [{token: pk_demo}, {token: pk_old, revoked: true}]
payment_providers: []
regions: []
"""


def test_200(shared: httpx.Client) -> None:
    """A valid collection and provider."""
    response = shared.post(SESSIONS, json=SYSTEM)

    assert (200, "application/json") == (response.status_code, response.headers["content-type"])
    assert {"payment_collection"} == response.json().keys()


@pytest.mark.parametrize("token", ["Bearer a.customers.token", "Bearer", "Basic Og==", ""])
def test_200_with_a_customers_token(shared: httpx.Client, token: str) -> None:
    """A customer token is accepted in addition to the key, whether known or not."""
    response = shared.post(SESSIONS, headers={"Authorization": token}, json=SYSTEM)

    assert 200 == response.status_code


def test_400(unchanged: httpx.Client) -> None:
    """A request that breaks the contract."""
    message = "Invalid request: Field 'provider_id' is required"

    assert error(400, "invalid_data", message) == answer(unchanged.post(SESSIONS, json={}))


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [("x-publishable-api-key", "")],
        [("x-publishable-api-key", "pk_nobody")],
        [("x-publishable-api-key", "PK_DEMO")],
        [("x-publishable-api-key", "pk_demo"), ("x-publishable-api-key", "pk_demo")],
        [("Authorization", "Bearer pk_demo")],
    ],
    ids=["missing", "blank", "unknown", "other case", "sent twice", "elsewhere"],
)
def test_401(unchanged: httpx.Client, keys: list[tuple[str, str]]) -> None:
    """A missing or unknown key."""
    request = unchanged.build_request("POST", SESSIONS, json=SYSTEM)
    del request.headers["x-publishable-api-key"]
    request.headers = httpx.Headers([*request.headers.multi_items(), *keys])

    assert Answer(401, "text/plain", "Unauthorized") == answer(unchanged.send(request))


def test_401_for_a_revoked_key(serve: Serve) -> None:
    """A revoked key."""
    url = serve(store=parse_store(KEYS, "keys.yaml", datetime.now(UTC)))
    with httpx.Client(base_url=url, headers=KEY) as client:
        in_force = client.post(SESSIONS, json=SYSTEM)
        revoked = client.post(SESSIONS, headers={"x-publishable-api-key": "pk_old"}, json=SYSTEM)

    assert Answer(401, "text/plain", "Unauthorized") == answer(revoked)
    assert 404 == in_force.status_code


@pytest.mark.parametrize(
    "collection_id", ["pay_col_gone", "PAY_COL_DEMO", "cart_demo", "..", "ü €"]
)
def test_404(unchanged: httpx.Client, collection_id: str) -> None:
    """An unknown collection, named in the message."""
    path = f"{COLLECTIONS}/{collection_id.replace('.', '%2E')}/payment-sessions"
    message = f"Payment collection id not found: {collection_id}"

    assert error(404, "not_found", message) == answer(unchanged.post(path, json=SYSTEM))


def test_409(serve: Serve, idempotency: dict[str, str]) -> None:
    """A repetition while the first request is waiting for its provider."""
    gate = GatedProvider()
    url = serve(providers={"system": gate})
    with (
        httpx.Client(base_url=url, headers=KEY | idempotency) as client,
        ThreadPoolExecutor() as pool,
    ):
        first = pool.submit(client.post, SESSIONS, json=SYSTEM)
        gate.wait_for_a_call()
        repeated = client.post(SESSIONS, json=SYSTEM)
        gate.open()

        assert STILL_RUNNING == answer(repeated)
        assert 200 == first.result().status_code
        assert first.result().content == client.post(SESSIONS, json=SYSTEM).content


def test_413(unchanged: httpx.Client) -> None:
    """A body that is one byte too large."""
    response = unchanged.post(SESSIONS, headers=JSON, content=b" " * 102_401)

    message = "The request body is larger than 102400 bytes."
    assert error(413, "invalid_data", message) == answer(response)


@pytest.mark.parametrize(
    ("content_type", "message"),
    [
        (
            "application/x-www-form-urlencoded",
            "Unsupported media type 'application/x-www-form-urlencoded': send application/json.",
        ),
        ("text/plain", "Unsupported media type 'text/plain': send application/json."),
        ("text/json", "Unsupported media type 'text/json': send application/json."),
        ("", "Unsupported media type '': send application/json."),
        (None, "Unsupported media type '': send application/json."),
        ("application/json; charset=iso-8859-1", "Unsupported charset 'iso-8859-1': send UTF-8."),
        ("application/json;charset=utf-16", "Unsupported charset 'utf-16': send UTF-8."),
    ],
)
def test_415(unchanged: httpx.Client, content_type: str | None, message: str) -> None:
    """A body that is not declared as JSON in UTF-8."""
    headers = {} if content_type is None else {"Content-Type": content_type}
    response = unchanged.post(SESSIONS, headers=headers, content=b'{"provider_id":"x"}')

    assert error(415, "invalid_data", message) == answer(response)


@pytest.mark.parametrize("encoding", ["gzip", "identity, gzip", "nothing-known"])
def test_415_for_a_compressed_body(unchanged: httpx.Client, encoding: str) -> None:
    """A compressed body."""
    response = unchanged.post(SESSIONS, headers={"Content-Encoding": encoding}, json=SYSTEM)

    message = f"Unsupported content encoding '{encoding}': send the body as it is."
    assert error(415, "invalid_data", message) == answer(response)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        'Application/JSON ; Charset="UTF-8"',
        "application/json; v=1",
    ],
)
def test_json_can_be_declared_in_several_ways(shared: httpx.Client, content_type: str) -> None:
    """Case, whitespace, quotes and other parameters of the media type are ignored."""
    headers = {"Content-Type": content_type}

    assert 200 == shared.post(SESSIONS, headers=headers, json=SYSTEM).status_code


def test_422_when_the_provider_refuses(unchanged: httpx.Client) -> None:
    """An amount that Stripe refuses."""
    assert error(
        422,
        "payment_authorization_error",
        "Invalid amount: this value must be greater than or equal to 1.",
        "invalid_request_error",
    ) == answer(unchanged.post(FREE_SESSIONS, json=STRIPE))


@pytest.mark.parametrize(
    ("query", "body"),
    [("", STRIPE), ("", {**SYSTEM, "data": {}}), ("?fields=id", SYSTEM), ("?fields=", SYSTEM)],
)
def test_422_when_a_key_is_reused(
    shared: httpx.Client, idempotency: dict[str, str], query: str, body: object
) -> None:
    """An idempotency key of a request with a different body or query."""
    first = shared.post(SESSIONS, headers=idempotency, json=SYSTEM)
    reused = shared.post(SESSIONS + query, headers=idempotency, json=body)

    assert KEY_REUSED == answer(reused)
    assert (
        first.json()["payment_collection"]["payment_sessions"]
        == (read_collection(shared)["payment_sessions"])
    )


def test_500_when_the_provider_cannot_be_reached(scripted: Scripted) -> None:
    """A provider that cannot be reached; the earlier session stays."""
    scripted.provider.play(ProviderSession({}), ProviderUnreachable("pp_system_default"))
    scripted.client.post(SESSIONS, json=SYSTEM).raise_for_status()
    before = read_collection(scripted.client)

    failed = scripted.client.post(SESSIONS, json=SYSTEM)

    message = "Payment provider pp_system_default could not be reached."
    assert error(500, "unexpected_state", message, "api_error") == answer(failed)
    assert before == read_collection(scripted.client)


def test_500_when_there_is_a_bug(scripted: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected exception is logged, not returned, and changes nothing."""
    scripted.provider.play(ProviderSession({}), RuntimeError("the secret"))
    scripted.client.post(SESSIONS, json=SYSTEM).raise_for_status()
    before = read_collection(scripted.client)

    failed = scripted.client.post(SESSIONS, json=SYSTEM)

    assert unknown_error() == answer(failed)
    assert before == read_collection(scripted.client)
    assert "RuntimeError: the secret" in caplog.text
