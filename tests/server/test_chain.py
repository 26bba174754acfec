"""The chain of middlewares: failures, and work that must not be done for every request."""

import asyncio
from dataclasses import replace

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send
from tests.conftest import KEY, Serve
from tests.server.wire import SESSIONS, SYSTEM

from xclade_store_mock import demo_store
from xclade_store_mock.app import utc_now
from xclade_store_mock.contract import Response, load_contract
from xclade_store_mock.contract.dynamic import UnknownKeywords
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.payments.model import Settings
from xclade_store_mock.storage.memory import MemoryStorage
from xclade_store_mock.web.dialect import Dialect, Failures
from xclade_store_mock.web.prefer import Prefer


def test_failure_after_the_start_of_a_response_starts_no_second_one() -> None:
    """The connection breaks off instead: ASGI allows one response."""
    sent: list[Message] = []

    async def fail_late(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("half")(scope, receive, send)
        raise LookupError("too late")

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    app = Failures(fail_late, respond=lambda refusal: PlainTextResponse(str(refusal), 500))
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    with pytest.raises(LookupError, match="too late"):
        asyncio.run(app(scope, receive, send))

    assert ["http.response.start", "http.response.body"] == [each["type"] for each in sent]


def test_unknown_keywords_of_the_contract_stop_the_start() -> None:
    """Not a request that happens to prefer a random answer."""
    contract = load_contract("store.yaml")
    operation = contract.operations["list_payment_providers"]
    documented = operation.responses[200, "application/json"]
    odd = Response(
        {**documented.schema, "type": "string", "minLength": 1}, documented.validator, {}
    )
    edited = replace(operation, responses={(200, "application/json"): odd})

    with pytest.raises(UnknownKeywords):
        Prefer(
            PlainTextResponse("unused"),
            contract=replace(contract, operations={operation.id: edited}),
            json_type="application/json",
        )


class CountingStorage(MemoryStorage):
    """Counts how often the settings are read."""

    reads = 0

    async def settings(self) -> Settings:
        """Return the settings."""
        self.reads += 1
        return await super().settings()


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_publishable_key_is_looked_up_once(serve: Serve, dialect: Dialect) -> None:
    """A database would be asked again for every further look-up."""
    storage = CountingStorage(demo_store(utc_now()))
    with httpx.Client(base_url=serve(dialect=dialect, storage=storage), headers=KEY) as client:
        client.post(SESSIONS, json=SYSTEM).raise_for_status()

    assert 1 == storage.reads
