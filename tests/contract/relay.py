"""The client as a server, so that what fuzzes the server fuzzes the client, by the same contract.

A call is made anew by the client, of a mock behind it, and answered with what the client made of
the answer. What is posted to /answers/... is what a store says to a call. Both faces do all of it.
Where one of them does wrong, the answer is 500 and says what.
"""

import json
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from tests.client.wire import CREATE, FACES, INITIALIZE, LIST, Call, Desk
from tests.client.wire import Answer as Reply
from tests.conftest import served
from tests.contract.contract_coverage import recorder
from tests.contract.relay_contract import Answer, answers, operations, relay_contract
from tests.contract.saying import KEY, Saying
from tests.contract.understanding import check_understood, outcome_of, spelled

from xclade_store import BrokenAnswer
from xclade_store_mock.app import create_app
from xclade_store_mock.contract import Operation, load_contract

Json = Any

CALLS = dict((LIST, CREATE, INITIALIZE))
"""A call of each operation, for where only its answer matters."""


def refuse(status: int, reason: object) -> Response:
    """Answer an error of the contract's shape."""
    return JSONResponse({"type": "invalid_data", "message": str(reason)}, status)


@dataclass(frozen=True, slots=True)
class Relayed:
    """An operation of the store behind, carried out by the client."""

    operation_id: str
    operation: Operation
    store: httpx.Client

    async def answer(self, request: Request) -> Response:
        """Have both faces make the call that a request stands for."""
        if KEY not in request.headers:
            return PlainTextResponse("Unauthorized", 401)
        target = f"{request.scope['raw_path'].decode()}?{request.scope['query_string'].decode()}"
        content = await request.body()
        try:
            said = Saying.of(self.operation, request.method, target, request.headers, content)
            arguments = said.arguments(self.operation)
        except ValueError as error:
            return refuse(400, error)
        responses = [await run_in_threadpool(self._call, face, said, arguments) for face in FACES]
        assert 1 == len({each.status_code for each in responses}), "the clients differ"
        return responses[0]

    def _call(self, face: Call, said: Saying, arguments: Mapping[str, Json]) -> Response:
        responses: list[httpx.Response] = []

        def forward(request: httpx.Request) -> httpx.Response:
            responses.append(self.store.send(request))
            return httpx.Response(responses[-1].status_code, content=responses[-1].content)

        options = {
            "base_url": str(self.store.base_url),
            "publishable_key": said.key,
            "customer_token": said.customer_token,
        }
        try:
            outcome = outcome_of(
                lambda: face(Desk(forward), self.operation_id, options=options, **arguments)
            )
        except (TypeError, ValueError) as error:
            # Arguments are refused before anything is sent, or not at all.
            return refuse(500 if responses else 400, error)
        (response,) = responses
        check_understood(outcome, response.status_code, response.content)
        self._record(response)
        self._check_request(said, response.request)
        media_type = response.headers["content-type"]
        return Response(response.content, response.status_code, media_type=media_type)

    def _record(self, response: httpx.Response) -> None:
        name, request = self.operation_id, response.request
        if response.is_success:
            query = request.url.query.decode("ascii")
            recorder("client").request(name, query, request.headers, request.content)
        media_type = {"content-type": response.headers["content-type"]}
        recorder("client").answer(name, response.status_code, media_type, response.content)

    def _check_request(self, said: Saying, request: httpx.Request) -> None:
        """See that what arrived is what was said, and what the contract allows."""
        target = request.url.raw_path.decode()
        arrived = Saying.of(
            self.operation, request.method, target, request.headers, request.content
        )
        arrived.check(self.operation)
        # What the client adds where its caller says nothing.
        page = {"limit": 20, "offset": 0} if self.operation_id == LIST[0] else {}
        expected = replace(
            said,
            query={**page, **said.query},
            idempotency_key=said.idempotency_key or arrived.idempotency_key,
        )
        assert spelled(asdict(expected)) == spelled(asdict(arrived))


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer of the store, as the client hears it."""

    answer: Answer

    async def hear(self, request: Request) -> Response:
        """Have both faces read what was posted, for each operation that may be answered so."""
        content = await request.body()
        outcomes = {
            await run_in_threadpool(self._read, face, operation_id, content)
            for face in FACES
            for operation_id in self.answer.operation_ids
        }
        (broken,) = outcomes
        return refuse(422, broken) if broken else JSONResponse({})

    def _read(self, face: Call, operation_id: str, content: bytes) -> str:
        """Answer what is broken, or nothing where all was read."""
        if operation_id == INITIALIZE[0] and self.answer.status == 200:
            content = _about_the_call(content)
        desk = Desk(Reply(self.answer.status, content))
        more = {"fields": "id"} if self.answer.is_selection else {}
        try:
            outcome = outcome_of(lambda: face(desk, operation_id, *CALLS[operation_id], **more))
        except BrokenAnswer as error:
            return error.message
        check_understood(outcome, self.answer.status, content)
        headers = {"content-type": self.answer.media_type}
        recorder("client").answer(operation_id, self.answer.status, headers, content)
        return ""


def _about_the_call(content: bytes) -> bytes:
    """Put the ids that INITIALIZE asks about in the place of other ids, which are refused."""
    collection_id, provider_id = INITIALIZE[1]
    try:
        document = json.loads(content)
    except ValueError:
        return content
    collection = document.get("payment_collection") if isinstance(document, dict) else None
    if isinstance(collection, dict) and isinstance(collection.get("id"), str):
        collection["id"] = collection_id
        sessions = collection.get("payment_sessions")
        for session in sessions if isinstance(sessions, list) else ():
            if isinstance(session, dict) and isinstance(session.get("provider_id"), str):
                session["provider_id"] = provider_id
    return json.dumps(document).encode()


async def _tell(_: Request, failure: Exception) -> Response:
    return PlainTextResponse(f"{type(failure).__name__}: {failure}", 500)


async def _misrouted(_: Request, failure: Exception) -> Response:
    assert isinstance(failure, HTTPException)
    answer = refuse(failure.status_code, failure.detail)
    answer.headers.update(failure.headers or {})
    return answer


def create_relay(store: httpx.Client) -> Starlette:
    """Make the relay, an ASGI application, before a store."""
    compiled = load_contract("store.yaml").operations
    document = relay_contract()

    async def contract(_: Request) -> Response:
        return JSONResponse(document)

    relayed = [
        (path, method, Relayed(operation["operationId"], compiled[operation["operationId"]], store))
        for path, method, operation in operations()
    ]
    routes = [
        Route("/openapi.json", contract),
        *(Route(path, each.answer, methods=[method.upper()]) for path, method, each in relayed),
        *(Route(each.path, Heard(each).hear, methods=["POST"]) for each in answers()),
    ]
    handlers = {HTTPException: _misrouted, Exception: _tell}
    return Starlette(routes=routes, exception_handlers=handlers)


def main() -> None:
    """Serve the relay of a demo store on a free port, and print its URL."""
    with (
        served(create_app()) as store_url,
        httpx.Client(base_url=store_url) as store,
        served(create_relay(store), is_store=False) as url,
    ):
        print(url, flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
