"""Keys, tokens and client secrets stay out of reprs, messages and logs."""

import copy
import logging
import pickle
import re
import traceback
from typing import Any

import httpx
import pytest
from tests.client.wire import (
    CREATE,
    FACES,
    INITIALIZE,
    KEY,
    LIST,
    PROVIDERS,
    SESSION,
    Answer,
    Call,
    Desk,
    FakeTime,
    call_sync,
    collection,
    ok,
    open_async_store,
    open_store,
    refusal,
)

from xclade_store import StoreError

TOKEN = "eyJhbGciOi.customer.token"  # noqa: S105 - a made-up one
CLIENT_SECRET: str = SESSION["data"]["client_secret"]
SECRETS = (KEY, TOKEN, CLIENT_SECRET)
INITIALIZE_CALL = (*INITIALIZE, {"client_secret": CLIENT_SECRET})

BROKEN = [
    collection(amount="much"),
    collection()._replace(status=500),
    collection()._replace(status=401),
    Answer(200, collection().content[:-2]),
    Answer(200, collection().content + b"\xff"),
    Answer(200, collection().content, {"content-encoding": "gzip"}),
    collection(payment_sessions=[{**SESSION, "data": CLIENT_SECRET}]),
    refusal(422, "payment_authorization_error"),
    httpx.ReadError("reset"),
    httpx.ReadTimeout("slow"),
]


def leaks(text: str) -> list[str]:
    """List the secrets in a text."""
    return [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize("make", [open_store, open_async_store])
@pytest.mark.parametrize(
    ("base_url", "token", "shown"),
    [
        ("http://store.test", TOKEN, "http://store.test"),
        ("http://user:pw@store.test", None, "http://user:[secure]@store.test"),
    ],
)
def test_a_clients_repr(make: Any, base_url: str, token: str | None, shown: str) -> None:
    """A client shows its kind and its store."""
    store = make(Desk(collection()), base_url, customer_token=token)

    assert f"{type(store).__name__}('{shown}')" == repr(store) == str(store)


def test_a_results_repr() -> None:
    """A result shows its fields, but for the client secret."""
    result = call_sync(Desk(collection()), *INITIALIZE_CALL, options={"customer_token": TOKEN})

    for each in (result, copy.copy(result), pickle.loads(pickle.dumps(result))):  # noqa: S301 - its own
        assert [] == leaks(repr(each) + str(each))
        assert "'client_secret': '***'" in repr(each)
        assert "amount=Decimal('25.5')" in repr(each)
    assert CLIENT_SECRET == result.payment_sessions[0].data["client_secret"]


@pytest.mark.parametrize(
    "answer",
    [
        collection(secret=CLIENT_SECRET),
        collection(payment_sessions=[{**SESSION, "data": {"x": [{**SESSION["data"]}]}}]),
    ],
    ids=["in an unknown field", "nested"],
)
def test_secrets_elsewhere_are_not_shown(answer: Answer) -> None:
    """A repr shows only what the contract knows, and no client secret however deep it is."""
    assert [] == leaks(repr(call_sync(Desk(answer), *INITIALIZE_CALL)))


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("reply", BROKEN)
def test_an_errors_texts(face: Call, reply: Answer | Exception) -> None:
    """Neither an error nor its traceback shows a secret."""
    with pytest.raises(StoreError) as raised:
        face(Desk(reply), *INITIALIZE_CALL, options={"customer_token": TOKEN})

    error = raised.value
    assert [] == leaks(f"{error} {error!r} {error.message}")
    assert [] == leaks("".join(traceback.format_exception(error)))


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("reply", [collection(), *BROKEN])
def test_log_records(
    face: Call, reply: Answer | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor does anything that the client logs."""
    caplog.set_level(logging.DEBUG, "xclade_store")
    try:
        face(
            Desk(reply),
            *INITIALIZE_CALL,
            idempotency_key="checkout-1",
            fields="id",
            options={"customer_token": TOKEN, "retries": FakeTime().retries()},
        )
    except StoreError as error:
        logging.getLogger("xclade_store").debug("", exc_info=error)

    assert caplog.records
    assert [] == leaks(caplog.text)


@pytest.mark.parametrize("face", FACES)
def test_each_attempt_is_one_record(face: Call, caplog: pytest.LogCaptureFixture) -> None:
    """DEBUG shows method, path, outcome, attempt and milliseconds, and nothing of the query."""
    caplog.set_level(logging.DEBUG, "xclade_store")
    time = FakeTime()

    def slow(_: httpx.Request) -> httpx.Response:
        time.now += 1.25
        return httpx.Response(503)

    desk = Desk(slow, httpx.ReadError("reset"), collection())
    face(desk, *INITIALIZE_CALL, fields="id", options={"retries": time.retries()})

    path = "/store/payment-collections/pay_col_demo/payment-sessions"
    records = [record for record in caplog.records if record.levelno == logging.DEBUG]
    assert [
        f"POST {path} -> 503 (attempt 1, 1250 ms)",
        f"POST {path} -> ReadError (attempt 2, 0 ms)",
        f"POST {path} -> 200 (attempt 3, 0 ms)",
    ] == [record.getMessage() for record in records if record.name == "xclade_store"]


@pytest.mark.parametrize("face", FACES)
def test_each_retry_is_logged_at_info(face: Call, caplog: pytest.LogCaptureFixture) -> None:
    """INFO shows attempt, reason and pause, and whether the store asked for it."""
    caplog.set_level(logging.INFO, "xclade_store")
    asking = Answer(503, b"", {"retry-after": "20"})
    desk = Desk(asking, httpx.ReadError("reset"), collection())
    face(desk, *INITIALIZE_CALL, fields="id", options={"retries": FakeTime().retries()})

    call = "POST /store/payment-collections/pay_col_demo/payment-sessions"
    assert [
        (logging.INFO, f"{call}: attempt 1 failed (503), retrying in 20.0 s as the store asked"),
        (logging.INFO, f"{call}: attempt 2 failed (ReadError), retrying in 1.0 s"),
    ] == [
        (each.levelno, each.getMessage()) for each in caplog.records if each.name == "xclade_store"
    ]


@pytest.mark.parametrize(
    ("call", "answer"), [(LIST, ok(PROVIDERS)), (CREATE, collection()), (INITIALIZE, collection())]
)
def test_each_operation_is_logged(
    call: tuple[str, ...], answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    """Calls that go well leave one record, too."""
    caplog.set_level(logging.DEBUG, "xclade_store")
    call_sync(Desk(answer), *call)

    (message,) = [each.getMessage() for each in caplog.records if each.name == "xclade_store"]
    assert re.fullmatch(r"(GET|POST) /store/\S+ -> 200 \(attempt 1, \d+ ms\)", message)


def test_nothing_is_logged_above_debug(caplog: pytest.LogCaptureFixture) -> None:
    """A call that succeeds at once logs nothing at INFO."""
    caplog.set_level(logging.INFO, "xclade_store")
    call_sync(Desk(collection()), *INITIALIZE_CALL)

    assert [] == [record for record in caplog.records if record.name == "xclade_store"]
