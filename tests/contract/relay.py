"""Serve the client as a server, so that a fuzzer of servers can fuzz the client.

The relay makes each call again with the client, to a mock, and responds as the mock did. A body
posted to /answers/... is parsed by the client as a response of the store. The sync and the async
client over each HTTP library take turns; if one is wrong, the relay responds with 500 and why.
"""

import json
import signal
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import cycle
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from tests.client import wire
from tests.client.wire import FACES, INITIALIZE, LIST, Call, Desk
from tests.client.wire import Answer as Reply
from tests.conftest import served
from tests.contract.contract_coverage import recorder
from tests.contract.outcomes import canonical, check_outcome, outcome_of
from tests.contract.parsed_request import KEY, ParsedRequest
from tests.contract.relay_contract import DocumentedResponse, documented_responses, relay_contract

from xclade_store import BrokenAnswer
from xclade_store_mock.app import create_app
from xclade_store_mock.contract import Operation, load_contract

Json = Any

CALLS = {method: arguments for method, *arguments in wire.CALLS}
"""The arguments of a call of each operation, for parsing a response to it."""


def refuse(status: int, reason: object) -> Response:
    """Return an error of the contract."""
    return JSONResponse({"type": "invalid_data", "message": str(reason)}, status)


@dataclass(frozen=True, slots=True)
class Relayed:
    """Makes the calls of an operation with the client."""

    operation_id: str
    operation: Operation
    store: httpx.Client
    faces: Iterator[Call]

    async def respond(self, request: Request) -> Response:
        """Make the call that a request stands for, with the next client."""
        if KEY not in request.headers:
            return PlainTextResponse("Unauthorized", 401)
        target = f"{request.scope['raw_path'].decode()}?{request.scope['query_string'].decode()}"
        content = await request.body()
        try:
            wanted = ParsedRequest.of(
                self.operation, request.method, target, request.headers, content
            )
            arguments = wanted.arguments(self.operation)
        except ValueError as error:
            return refuse(400, error)
        return await run_in_threadpool(self._call, next(self.faces), wanted, arguments)

    def _call(self, face: Call, wanted: ParsedRequest, arguments: Mapping[str, Json]) -> Response:
        responses: list[httpx.Response] = []

        def forward(request: httpx.Request) -> httpx.Response:
            responses.append(self.store.send(request))
            return httpx.Response(responses[-1].status_code, content=responses[-1].content)

        options = {
            "base_url": str(self.store.base_url),
            "publishable_key": wanted.key,
            "customer_token": wanted.customer_token,
        }
        try:
            outcome = outcome_of(
                lambda: face(Desk(forward), self.operation_id, options=options, **arguments)
            )
        except (TypeError, ValueError) as error:
            # Invalid arguments must be refused before anything is sent.
            return refuse(500 if responses else 400, error)
        (response,) = responses
        check_outcome(outcome, response.status_code, response.content)
        self._record(response)
        self._check_request(wanted, response.request)
        media_type = response.headers["content-type"]
        return Response(response.content, response.status_code, media_type=media_type)

    def _record(self, response: httpx.Response) -> None:
        name, request = self.operation_id, response.request
        if response.is_success:
            query = request.url.query.decode("ascii")
            recorder("client").request(name, query, request.headers, request.content)
        media_type = {"content-type": response.headers["content-type"]}
        recorder("client").response(name, response.status_code, media_type, response.content)

    def _check_request(self, wanted: ParsedRequest, request: httpx.Request) -> None:
        """Check that the request sent is the one wanted, and that the contract allows it."""
        target = request.url.raw_path.decode()
        arrived = ParsedRequest.of(
            self.operation, request.method, target, request.headers, request.content
        )
        arrived.check(self.operation)
        # The client adds defaults.
        page = {"limit": 20, "offset": 0} if self.operation_id == LIST[0] else {}
        expected = replace(
            wanted,
            query={**page, **wanted.query},
            idempotency_key=wanted.idempotency_key or arrived.idempotency_key,
        )
        assert canonical(asdict(expected)) == canonical(asdict(arrived))


@dataclass(frozen=True, slots=True)
class Parser:
    """Parses bodies with the client as a documented response of the store."""

    documented: DocumentedResponse
    faces: Iterator[Call]

    async def respond(self, request: Request) -> Response:
        """Parse the posted body with the next client, as the response of each operation."""
        content, face = await request.body(), next(self.faces)
        outcomes = {
            await run_in_threadpool(self._parse, face, operation_id, content)
            for operation_id in self.documented.operation_ids
        }
        (fault,) = outcomes
        return refuse(422, fault) if fault else JSONResponse({})

    def _parse(self, face: Call, operation_id: str, content: bytes) -> str:
        """Return what is invalid, or an empty string."""
        if operation_id == INITIALIZE[0] and self.documented.status == 200:
            content = _with_ids_of_call(content)
        desk = Desk(Reply(self.documented.status, content))
        more = {"fields": "id"} if self.documented.is_selection else {}
        try:
            outcome = outcome_of(lambda: face(desk, operation_id, *CALLS[operation_id], **more))
        except BrokenAnswer as error:
            return error.message
        check_outcome(outcome, self.documented.status, content)
        headers = {"content-type": self.documented.media_type}
        recorder("client").response(operation_id, self.documented.status, headers, content)
        return ""


def _with_ids_of_call(content: bytes) -> bytes:
    """Replace the ids by those of INITIALIZE, since the client refuses other ids."""
    _, collection_id, provider_id = INITIALIZE
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


async def _report(_: Request, failure: Exception) -> Response:
    return PlainTextResponse(f"{type(failure).__name__}: {failure}", 500)


async def _misrouted(_: Request, failure: Exception) -> Response:
    assert isinstance(failure, HTTPException)
    response = refuse(failure.status_code, failure.detail)
    response.headers.update(failure.headers or {})
    return response


def create_relay(store: httpx.Client) -> Starlette:
    """Return the relay, an ASGI application that forwards to a store."""
    compiled = load_contract("store.yaml").operations
    document = relay_contract()
    faces = cycle(FACES)

    async def contract(_: Request) -> Response:
        return JSONResponse(document)

    routes = [Route("/openapi.json", contract)]
    for name, operation in compiled.items():
        relayed = Relayed(name, operation, store, faces)
        routes.append(Route(operation.path, relayed.respond, methods=[operation.method]))
    routes += [
        Route(each.path, Parser(each, faces).respond, methods=["POST"])
        for each in documented_responses()
    ]
    handlers = {HTTPException: _misrouted, Exception: _report}
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
