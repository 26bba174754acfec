"""A deadline ends a call, however slowly the store responds."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest
from tests.client.conftest import Authority
from tests.client.faults import Line, Treatment, bad_line, drip
from tests.client.wire import (
    CREATE,
    FACES,
    KEY,
    Call,
    Desk,
    FakeTime,
    awaited,
    collection,
    entered,
    refusal,
)
from tests.conftest import PATIENCE

from xclade_store import AsyncStoreClient, StoreClient, TimedOut

BODY = collection().content
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n" % len(BODY)


def drip_on_a_used_connection(line: Line) -> None:
    """Respond to one request, and drip the response to the next one."""
    line.read_request()
    line.connection.sendall(HEAD + b"\r\n" + BODY)
    drip(HEAD + b"\r\n" + BODY)(line)


def drip_body(line: Line) -> None:
    """Send the headers at once, and drip the body."""
    line.connection.sendall(HEAD + b"\r\n")
    drip(BODY)(line)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # of the http_clients made here
@pytest.mark.parametrize(
    ("face", "make"),
    [
        (StoreClient, None),
        (StoreClient, httpx.Client),
        (StoreClient, httpx2.Client),
        (AsyncStoreClient, None),
        (AsyncStoreClient, httpx.AsyncClient),
        (AsyncStoreClient, httpx2.AsyncClient),
    ],
    ids=["sync", "sync-httpx", "sync-httpx2", "async", "async-httpx", "async-httpx2"],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("treatment", "count"),
    [(drip(HEAD + b"\r\n" + BODY), 1), (drip_body, 1), (drip_on_a_used_connection, 2)],
    ids=["headers", "body", "used connection"],
)
def test_a_dripping_server(
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    face: Any,
    make: Callable[..., Any] | None,
    scheme: str,
    treatment: Treatment,
    count: int,
) -> None:
    """A response that comes byte by byte is not waited for; it would be complete in the end."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    trusting = ssl.create_default_context(cafile=authority.path)
    http_client = make(verify=trusting) if make else None
    certificate = authority.server if scheme == "https" else None

    async def calls(url: str) -> None:
        async with entered(face(url, publishable_key=KEY, http_client=http_client)) as store:
            for deadline in [*[PATIENCE] * (count - 1), 0.4]:
                await awaited(store.create_payment_collection("cart_demo", deadline=deadline))

    with (
        bad_line("http://unused", treatment, certificate=certificate) as line,
        pytest.raises(TimedOut, match=r"no result within the deadline of 0\.4 s \(1 attempt\)"),
    ):
        asyncio.run(calls(line.url))

    assert 1 == line.connections


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("options", "more", "deadline"),
    [({}, {}, 60), ({"deadline": 7}, {}, 7), ({"deadline": 7}, {"deadline": 2.5}, 2.5)],
)
def test_attempts_and_pauses_count(
    face: Call, options: dict[str, Any], more: dict[str, Any], deadline: float
) -> None:
    """The call's deadline counts, then the client's; after it there are no more attempts."""
    fake = FakeTime()

    def respond_slowly(request: Any) -> httpx.Response:
        fake.now += request.extensions["timeout"]["read"]
        raise httpx.ReadTimeout("slow")

    desk = Desk(refusal(503, "unknown_error"), respond_slowly)
    given = {"retries": fake.retries(count=9), "timeout": 100, **options}
    began = fake.now
    with pytest.raises(TimedOut, match=rf"the deadline of {deadline:g} s \(2 attempts\)") as raised:
        face(desk, *CREATE, options=given, **more)

    assert deadline == fake.now - began
    assert 2 == len(desk.requests)
    assert raised.value.retryable
