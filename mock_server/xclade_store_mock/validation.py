"""Holding requests and responses to the contract, in the place of Connexion's own validators.

Those rebuild their schemas for every request, know no `format`, and name neither all violations nor
the recorded backend's words for them.
"""

import json
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.operations import AbstractOperation
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock.contract import Contract, Operation
from xclade_store_mock.guard import read_header, received_body
from xclade_store_mock.violations import check_body, check_headers, check_query


class BreaksContract(Exception):
    """The mock was about to answer something that the contract does not allow."""


class _ValidatedOperation:
    def __init__(self, next_app: ASGIApp, operation: Operation) -> None:
        self._next_app = next_app
        self._operation = operation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._check_request(scope)
        await self._next_app(scope, receive, _ValidatedSend(self._operation, send))

    def _check_request(self, scope: Scope) -> None:
        """Raise InvalidData; the order, body before query, is recorded (`order/*`)."""
        operation = self._operation
        if operation.body is not None:
            check_body(operation.body, received_body(scope))
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        check_query(operation.query, operation.query_types, query)
        headers = {name: read_header(scope, name) for name in operation.header_names}
        sent = {name: value for name, value in headers.items() if value is not None}
        check_headers(operation.header, sent)


class _ValidatedSend:
    """Holds a response back until all of it has been checked."""

    def __init__(self, operation: Operation, send: Send) -> None:
        self._operation = operation
        self._send = send
        self._messages: list[Message] = []

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        self._messages.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._check_response()
            for held in self._messages:
                await self._send(held)

    def _check_response(self) -> None:
        start, *parts = self._messages
        headers = {name.lower(): value for name, value in start["headers"]}
        media_type = headers[b"content-type"].decode().partition(";")[0]
        validator = self._operation.responses.get((start["status"], media_type))
        if validator is None:
            message = f"{start['status']} {media_type} is not documented"
            raise BreaksContract(message)
        content = b"".join(part["body"] for part in parts)
        body = json.loads(content) if media_type == "application/json" else content.decode()
        for error in validator.iter_errors(body):
            raise BreaksContract(str(error))


class _ValidationAPI(RoutedAPI[_ValidatedOperation]):
    def __init__(self, *args: Any, contract: Contract, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._contract = contract
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> _ValidatedOperation:
        compiled = self._contract.operations[operation.operation_id]
        return _ValidatedOperation(self.next_app, compiled)


class ContractValidation(RoutedMiddleware[_ValidationAPI]):
    """Checks each request before its handler and each response behind it."""

    api_cls = _ValidationAPI
