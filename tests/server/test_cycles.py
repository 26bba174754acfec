"""Requests create no reference cycles, so the garbage collector can run rarely."""

import asyncio
import gc
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import pytest
from tests.server.wire import SESSIONS

from xclade_store_mock.app import StoreMockApp, create_app
from xclade_store_mock.control.access import Access

HEADERS = {"x-publishable-api-key": "pk_demo", "content-type": "application/json"}
BODY = b'{"provider_id": "pp_system_default"}'


async def call_app(app: StoreMockApp, headers: dict[str, str], body: bytes) -> int:
    """Call the application without a server, which has cycles of its own; return the status."""
    messages: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": body}]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return messages.pop()

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": SESSIONS, "query_string": b""}
    await app({**scope, "headers": raw, "client": ("127.0.0.1", 1)}, receive, send)
    status: int = sent[0]["status"]
    return status


@contextmanager
def collector_off() -> Iterator[None]:
    """Switch the garbage collector off."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (HEADERS, BODY, 200),
        (HEADERS | {"idempotency-key": "key"}, BODY, 200),
        (HEADERS, b"{}", 400),
        (HEADERS, b"{", 400),
        (HEADERS | {"prefer": "code=500"}, BODY, 500),
        ({"content-type": "application/json"}, BODY, 401),
    ],
)
def test_requests_leave_no_cycles(headers: dict[str, str], body: bytes, status: int) -> None:
    """Neither a successful response nor an error with a traceback leaves a cycle."""
    app = create_app(control=Access())

    async def call(times: int) -> set[int]:
        return {await call_app(app, headers, body) for _ in range(times)}

    with asyncio.Runner() as runner:
        runner.run(call(3))
        with collector_off():
            statuses = runner.run(call(20))
            found = gc.collect()

    assert {status} == statuses
    assert found < 20
