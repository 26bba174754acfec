"""Operations, served: check the key, read the request by the contract, call the handler.

What a handler returns is checked against the contract before it is sent. All that Connexion's own
routing, validators and decorators would do for each request is done once, when the contract is
compiled. Theirs check no `format`, and report neither all violations nor the recorded backend's
words.
"""

from collections.abc import Awaitable, Callable, Mapping
from hmac import compare_digest
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock import jsontext
from xclade_store_mock.contract import Contract, Match, Operation
from xclade_store_mock.contract.violations import check, check_query
from xclade_store_mock.errors import PublishableKeyInvalid, PublishableKeyMissing
from xclade_store_mock.storage import Storage
from xclade_store_mock.web import Call, read_header, read_headers
from xclade_store_mock.web.bodies import received_body
from xclade_store_mock.web.prefer import preferred

T = TypeVar("T")

Document = Mapping[str, Any]
Handler = Callable[[Call], Awaitable[Document | Response | None]]
"""Returns the JSON document of a 200, None for a 204, or a whole response; raises a refusal."""
Check = Callable[[Scope], Awaitable[None]]
"""Raises a refusal for a request that a security scheme does not admit."""
ReadQuery = Callable[[Operation, Scope, Mapping[str, str]], Mapping[str, Any]]


class ContractViolation(Exception):
    """The mock was about to send a response that violates the contract."""


class Endpoints:
    """Serves a contract's operations, and passes every other request on."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        contract: Contract,
        find_handler: Callable[[str], Handler],
        checks: Mapping[str, Check],
        read_query: ReadQuery,
        json_type: str = "application/json",
    ) -> None:
        self._app = app
        self._contract = contract
        self._handlers = {id_: find_handler(id_) for id_ in contract.operations}
        self._checks = {
            operation.id: [checks[scheme] for scheme in sorted(operation.security)]
            for operation in contract.operations.values()
        }
        self._read_query = read_query
        self._content_type = (b"content-type", json_type.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request to an operation, or pass it on.

        Raises a refusal, PreferenceNotMet or ContractViolation.
        """
        match = None
        if scope["type"] == "http":
            match = self._contract.find(scope["method"], scope["path"])
        if match is None:
            await self._app(scope, receive, send)
            return
        operation = match.operation
        answer = await self._answer(match, scope)
        if answer is None:
            answer = Response(status_code=204)
        if isinstance(answer, Response):
            # A stream has no end to wait for.
            if not operation.is_stream:
                _check_response(operation, answer)
            await answer(scope, receive, send)
            return
        _check(operation, 200, "application/json", answer)
        # Without a Response of Starlette's, which takes 3 % of a call.
        content = jsontext.write(answer)
        headers = [self._content_type, (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, match: Match, scope: Scope) -> Document | Response | None:
        operation, path = match.operation, match.parameters
        for check_key in self._checks[operation.id]:
            await check_key(scope)
        body = received_body(scope)
        # The order, body before query, is recorded (`order/*`).
        if operation.body is not None:
            check(operation.body, body)
        call = Call(scope, path, self._read_query(operation, scope, path), body)
        documented = preferred(scope)
        return documented(operation) if documented else await self._handlers[operation.id](call)


def _check_response(operation: Operation, response: Response) -> None:
    media_type = response.headers.get("content-type", "").partition(";")[0]
    content = bytes(response.body)
    is_json = media_type == "application/json"
    body = jsontext.read_written(content) if is_json else content.decode()
    _check(operation, response.status_code, media_type, body)


def _check(operation: Operation, status: int, media_type: str, body: Any) -> None:
    documented = operation.responses.get((status, media_type))
    if documented is None:
        raise ContractViolation(f"{status} {media_type} is not documented")
    if not documented.validator.is_valid(body):
        raise ContractViolation(str(next(documented.validator.iter_errors(body))))


def read_strictly(operation: Operation, scope: Scope, path: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the query parameters; raise InvalidData for what the contract does not allow."""
    check(operation.path_parameters, path)
    check(operation.header, read_headers(scope, operation.header.fields))
    query_string = scope["query_string"].decode("latin-1")
    query = parse_qsl(query_string, keep_blank_values=True) if query_string else ()
    return {**operation.query.defaults, **check_query(operation.query, query)}


async def check_publishable_key(storage: Storage, scope: Scope) -> None:
    """Raise PublishableKeyMissing or PublishableKeyInvalid; a key sent twice is invalid."""
    token = read_header(scope, "x-publishable-api-key")
    if not token:
        raise PublishableKeyMissing
    # The key is public: how long the look-up takes may tell which keys there are.
    key = (await storage.settings()).publishable_keys.get(token)
    if key is None or key.revoked:
        raise PublishableKeyInvalid


def find_by_secret(entries: Mapping[str, T], secret: str) -> T | None:
    """Return the entry of a secret, in a time that does not depend on the secrets compared."""
    sent = secret.encode()
    found = None
    for each, value in entries.items():
        if compare_digest(each.encode(), sent):
            found = value
    return found
