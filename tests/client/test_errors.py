"""The class of each error response, and the attributes of an error."""

import inspect
import re
import traceback
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import httpx
import pytest
from tests.client.wire import (
    CALLS,
    CREATE,
    FACES,
    INITIALIZE,
    SESSION,
    Answer,
    Call,
    Desk,
    call_sync,
    collection,
    refusal,
)
from tests.conftest import Serve

import xclade_store
from xclade_store import StoreClient, StoreError, errors
from xclade_store_mock.dialects import DIALECTS, DOCUMENTED
from xclade_store_mock.web.dialect import Dialect

UNAUTHORIZED = Answer(401, b"Unauthorized", {"content-type": "text/plain"})
KEY_REFUSED = "Publishable API key required in the request header: x-publishable-api-key."


def caught(desk: Desk, *call: Any, face: Call = call_sync, **more: Any) -> StoreError:
    """Make a call that fails, and return the error."""
    with pytest.raises(StoreError) as raised:
        face(desk, *call, **more)
    return raised.value


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refusal(400, "invalid_data"), errors.InvalidData),
        (refusal(400, "not_allowed"), errors.NotAllowed),
        (refusal(400, "not_allowed", KEY_REFUSED), errors.Unauthorized),
        (refusal(400, "a_new_type"), errors.InvalidData),
        (refusal(400, "a_new_type", code=None), errors.InvalidData),
        (UNAUTHORIZED, errors.Unauthorized),
        (refusal(401, "unauthorized"), errors.Unauthorized),
        (refusal(401, "not_allowed", code=None), errors.Unauthorized),
        (Answer(401, b""), errors.Unauthorized),
        (Answer(401, b"<html>"), errors.Unauthorized),
        (Answer(401, b"null"), errors.Unauthorized),
        (Answer(401, b"\xff"), errors.Unauthorized),
        (refusal(403, "not_allowed"), errors.NotAllowed),
        (refusal(403, "forbidden"), errors.NotAllowed),
        (refusal(404, "not_found"), errors.NotFound),
        (refusal(404, "a_new_type"), errors.NotFound),
        (refusal(405, "not_allowed"), errors.NotAllowed),
        (refusal(409, "conflict"), errors.Conflict),
        (refusal(413, "invalid_data"), errors.BodyTooLarge),
        (refusal(413, "unknown_error"), errors.BodyTooLarge),
        (refusal(415, "invalid_data"), errors.UnsupportedMediaType),
        (refusal(418, "teapot"), errors.ErrorAnswer),
        (refusal(422, "duplicate_error"), errors.Duplicate),
        (refusal(422, "payment_authorization_error"), errors.PaymentRefused),
        (refusal(422, "a_new_type"), errors.InvalidData),
        (refusal(429, "rate_limited"), errors.RateLimited),
        (refusal(429, "not_allowed", code=None), errors.RateLimited),
        (refusal(500, "unknown_error"), errors.ServerFailed),
        (refusal(500, "unexpected_state"), errors.ServerFailed),
        (refusal(500, "not_allowed", KEY_REFUSED), errors.ServerFailed),
        (refusal(503, "a_new_type"), errors.ServerFailed),
        (refusal(599, "a_new_type"), errors.ServerFailed),
        (refusal(302, "moved"), errors.ErrorAnswer),
        (refusal(600, "beyond"), errors.ErrorAnswer),
        (Answer(400, b"<html>"), errors.BrokenAnswer),
        (Answer(400, b"null"), errors.BrokenAnswer),
        (Answer(520, b"{}"), errors.BrokenAnswer),
        (Answer(502, b"<html>Bad Gateway"), errors.BrokenAnswer),
        (Answer(204, b""), errors.BrokenAnswer),
        (Answer(200, b"{}"), errors.BrokenAnswer),
        (Answer(200, b"{"), errors.BrokenAnswer),
        (Answer(200, b"[]"), errors.BrokenAnswer),
        (Answer(200, b'"payment_collection"'), errors.BrokenAnswer),
        (httpx.ConnectError("refused"), errors.ConnectionFailed),
        (httpx.ReadError("reset"), errors.ConnectionFailed),
        (httpx.RemoteProtocolError("half"), errors.ConnectionFailed),
        (httpx.ProxyError("proxy"), errors.ConnectionFailed),
        (httpx.TooManyRedirects("round and round"), errors.BrokenAnswer),
        (httpx.ReadTimeout("slow"), errors.TimedOut),
        (httpx.ConnectTimeout("slow"), errors.TimedOut),
        (httpx.PoolTimeout("slow"), errors.TimedOut),
        (httpx.DecodingError("not gzip"), errors.BrokenAnswer),
    ],
)
@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("key", ["checkout-1", None])
def test_each_answer_has_its_error(
    face: Call, answer: Answer | Exception, expected: type[StoreError], key: str | None
) -> None:
    """Status and type choose the class, and an unknown type falls back on the status.

    The error has the key that was sent. Its traceback begins with the cause, if there is one, and
    not with how the client works inside.
    """
    desk = Desk(answer)
    error = caught(desk, *INITIALIZE, face=face, idempotency_key=key)

    assert expected is type(error)
    assert desk.requests[0].headers["idempotency-key"] == error.idempotency_key
    assert key in {None, error.idempotency_key}
    shown = "".join(traceback.format_exception(error))
    assert "During handling" not in shown
    assert not isinstance(error.__context__, StopIteration)
    assert ("direct cause" in shown) == (error.__cause__ is not None)


@pytest.mark.parametrize("call", CALLS)
def test_attributes_of_an_error(call: tuple[str, ...]) -> None:
    """Status, type, code, message, request id and the raw body are on the error."""
    answer = refusal(422, "payment_authorization_error", "Too little.", code="invalid_request")
    sent = answer._replace(headers={"x-request-id": "req_7"})

    error = caught(Desk(sent), *call)

    assert (422, "payment_authorization_error", "invalid_request", "Too little.", "req_7") == (
        error.status,
        error.type,
        error.code,
        error.message,
        error.request_id,
    )
    assert answer.content == error.body
    assert "422 payment_authorization_error Too little." == str(error)
    assert not error.retryable


@pytest.mark.parametrize(
    ("header", "seconds"),
    [({"retry-after": "90"}, 90.0), ({"retry-after": "soon"}, None), ({}, None)],
)
def test_retry_after(header: dict[str, str], seconds: float | None) -> None:
    """The caller can wait where the call does not."""
    answer = refusal(429, "rate_limit_error")._replace(headers=header)

    assert seconds == caught(Desk(answer, answer, answer), *CREATE).retry_after


def test_an_error_without_code_and_request_id() -> None:
    """What the response lacks is None."""
    error = caught(Desk(refusal(404, "not_found", "Gone.")), *CREATE)

    assert (None, None, None) == (error.code, error.request_id, error.idempotency_key)


def test_an_error_without_an_answer() -> None:
    """A failed connection has a message, without the password and the query, and a cause."""
    cause = httpx.ConnectError("Connection refused")
    options = {"base_url": "http://user:pw@store.test"}
    error = caught(Desk(cause), *CREATE, fields="id", options=options)

    assert (None, None, None, None) == (error.status, error.type, error.body, error.request_id)
    expected = (
        "POST http://store.test/store/payment-collections: ConnectError: Connection refused "
        "(1 attempt)"
    )
    assert expected == error.message == str(error)
    assert cause is error.__cause__


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
@pytest.mark.parametrize("call", CALLS)
def test_a_wrong_key_is_unauthorized(serve: Serve, dialect: Dialect, call: tuple[str, ...]) -> None:
    """The documented bare 401 and Medusa's 400 about the key mean the same."""
    with (
        StoreClient(serve(dialect=dialect), publishable_key="pk_nobody", retries=0) as store,
        pytest.raises(errors.Unauthorized) as raised,
    ):
        getattr(store, call[0])(*call[1:])

    expected = (401, None) if dialect is DOCUMENTED else (400, "not_allowed")
    assert expected == (raised.value.status, raised.value.type)
    assert raised.value.message


def test_unknown_vocabulary_is_read() -> None:
    """Statuses that the contract does not know yet are text like the others."""
    session = {**SESSION, "status": "quantum_pending"}
    desk = Desk(collection(status="half_paid", payment_sessions=[session]))
    result = call_sync(desk, *CREATE)

    assert ("half_paid", "quantum_pending") == (result.status, result.payment_sessions[0].status)


def test_hierarchy_is_as_drawn() -> None:
    """The tree in the module's docstring is the classes' own."""
    drawn: list[tuple[str, str]] = []
    line: list[str] = []
    for branch, name in re.findall(
        r"^([│├└─ ]*)([A-Z]\w+)(?:  .*)?$", errors.__doc__ or "", re.MULTILINE
    ):
        line[len(branch) // 4 :] = [name]
        drawn.extend([(line[-2], name)] if branch else [])

    classes = [each for each in vars(errors).values() if isinstance(each, type)]
    actual = [
        (each.__bases__[0].__name__, each.__name__)
        for each in classes
        if issubclass(each, StoreError) and each is not StoreError
    ]
    assert 15 <= len(drawn)
    assert sorted(drawn) == sorted(actual)
    assert (Exception,) == StoreError.__bases__


def test_the_public_surface() -> None:
    """Exactly these names are there to be imported, each error class among them."""
    expected = [
        "UNSET",
        "AsyncStoreClient",
        "BodyTooLarge",
        "BrokenAnswer",
        "Conflict",
        "ConnectionFailed",
        "Duplicate",
        "ErrorAnswer",
        "FieldNotAnswered",
        "HttpClientShared",
        "InvalidData",
        "JsonObject",
        "NotAllowed",
        "NotFound",
        "PaymentRefused",
        "RateLimited",
        "RawAmount",
        "Retries",
        "ServerFailed",
        "ShapeError",
        "StoreCapture",
        "StoreClient",
        "StoreError",
        "StorePayment",
        "StorePaymentCollection",
        "StorePaymentCollectionSelection",
        "StorePaymentProvider",
        "StorePaymentProviderListResponse",
        "StorePaymentSession",
        "StorePaymentSessionSelection",
        "StoreRefund",
        "StoreRefundReason",
        "TimedOut",
        "Unauthorized",
        "Unset",
        "UnsupportedMediaType",
        "__version__",
    ]

    assert expected == xclade_store.__all__
    assert all(hasattr(xclade_store, name) for name in expected)
    assert {name for name in vars(errors) if name in expected} == {
        name for name, each in vars(errors).items() if isinstance(each, type)
    }


def _named(hint: Any) -> Iterator[type]:
    """Find the classes in a type."""
    if isinstance(hint, type) and not get_args(hint):
        yield hint
    for part in get_args(hint):
        yield from _named(part)


def test_types_in_public_signatures_are_public() -> None:
    """Whatever a public method takes or returns, and a result's field holds, can be imported."""
    exported = [getattr(xclade_store, name) for name in xclade_store.__all__]
    public = [each for each in exported if isinstance(each, type)]
    hints = [
        get_type_hints(part)
        for each in public
        for name, part in [("", each), *inspect.getmembers(each, inspect.isfunction)]
        if not name.startswith("_") or name == "__init__"
    ]
    used = {each for found in hints for hint in found.values() for each in _named(hint)}

    ours = {each for each in used if each.__module__.startswith("xclade_store")}
    assert {xclade_store.StorePayment, xclade_store.JsonObject, xclade_store.Retries} <= ours
    assert set() == ours - set(public)
