"""Holding requests and responses to the contract, in the place of Connexion's own validators.

Those rebuild their schemas for every request, know no `format`, and name neither all violations nor
the recorded backend's words for them.
"""

import json
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.operations import AbstractOperation
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock import medusa_query
from xclade_store_mock.contract import Contract, Operation
from xclade_store_mock.error_responses import Dialect
from xclade_store_mock.guard import read_header, received_body
from xclade_store_mock.violations import check_body, check_headers, check_path, check_query


class BreaksContract(Exception):
    """The mock was about to answer something that the contract does not allow."""


class _ValidatedOperation:
    def __init__(
        self, next_app: ASGIApp, name: str, operation: Operation, dialect: Dialect
    ) -> None:
        self._next_app = next_app
        self._name = name
        self._operation = operation
        self._dialect = dialect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raise InvalidData, or pass the request on with its query as it was understood.

        The order, body before query, is recorded (`order/*`).
        """
        if self._operation.body is not None:
            check_body(self._operation.body, self._operation.body_fields, received_body(scope))
        query = urlencode(self._check_query(scope)).encode()
        # A stream has no end to wait for.
        checked = send if self._operation.is_stream else _ValidatedSend(self._operation, send)
        await self._next_app({**scope, "query_string": query}, receive, checked)

    def _check_query(self, scope: Scope) -> Mapping[str, Any]:
        query_string = scope["query_string"].decode("latin-1")
        if self._dialect is Dialect.MEDUSA:
            return medusa_query.read_query(self._name, query_string)
        check_path(self._operation.path, scope["path_params"])
        headers = {name: read_header(scope, name) for name in self._operation.header_names}
        sent = {name: value for name, value in headers.items() if value is not None}
        check_headers(self._operation.header, sent)
        query = parse_qsl(query_string, keep_blank_values=True)
        return check_query(self._operation.query, self._operation.query_types, query)


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
        media_type = headers.get(b"content-type", b"").decode().partition(";")[0]
        response = self._operation.responses.get((start["status"], media_type))
        if response is None:
            message = f"{start['status']} {media_type} is not documented"
            raise BreaksContract(message)
        content = b"".join(part["body"] for part in parts)
        body = json.loads(content) if media_type == "application/json" else content.decode()
        for error in response.validator.iter_errors(body):
            raise BreaksContract(str(error))


class _ValidationAPI(RoutedAPI[_ValidatedOperation]):
    def __init__(self, *args: Any, contract: Contract, dialect: Dialect, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._contract = contract
        self._dialect = dialect
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> _ValidatedOperation:
        name = operation.operation_id
        compiled = self._contract.operations[name]
        return _ValidatedOperation(self.next_app, name, compiled, self._dialect)


class ContractValidation(RoutedMiddleware[_ValidationAPI]):
    """Checks each request before its handler and each response behind it."""

    api_cls = _ValidationAPI
