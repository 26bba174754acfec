"""Operations, served: a call is read by the contract, handled, and its answer held to the contract.

This is a middleware of Connexion's, with all that its own routing, validators, context and
decorators would do for each request done once, when the contract is read. Theirs know no `format`,
and name neither all violations nor the recorded backend's words for them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from connexion.middleware.abstract import ROUTING_CONTEXT, SpecMiddleware
from connexion.resolver import Resolver
from connexion.spec import Specification
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock import jsontext
from xclade_store_mock.contract import METHODS, Contract, Operation
from xclade_store_mock.contract.violations import check_body, check_headers, check_path, check_query
from xclade_store_mock.dialects.medusa import queries
from xclade_store_mock.web.dialect import Dialect
from xclade_store_mock.web.guard import read_header, read_headers, received_body
from xclade_store_mock.web.prefer import DocumentedAnswers, preferences
from xclade_store_mock.web.routing import Routes


class BreaksContract(Exception):
    """The mock was about to answer something that the contract does not allow."""


class Call(NamedTuple):
    """A request as the contract understands it: valid, and with its defaults."""

    scope: Scope
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any

    def header(self, name: str) -> str | None:
        """Answer a header, or None."""
        return read_header(self.scope, name)


Handler = Callable[[Call], Awaitable[Response]]
Check = Callable[[Scope], Awaitable[None]]
"""Raises an error for a request that a security scheme does not let in."""


class _Endpoint:
    def __init__(
        self, handler: Handler, checks: Sequence[Check], operation: Operation, dialect: Dialect
    ) -> None:
        self._handle = handler
        self._checks = checks
        self._operation = operation
        self._dialect = dialect
        self._documented = DocumentedAnswers(operation, dialect)

    async def serve(
        self, path: Mapping[str, str], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer a request; raise InvalidData, BreaksContract, what a check or the handler does."""
        for check in self._checks:
            await check(scope)
        body = received_body(scope)
        call = Call(scope, path, self._read(scope, path, body), body)
        preferred = preferences(scope)
        if preferred is None:
            response = await self._handle(call)
        else:
            response = self._documented.answer(preferred)
        # A stream has no end to wait for.
        if not self._operation.is_stream:
            self._check_response(response)
        await response(scope, receive, send)

    def _read(self, scope: Scope, path: Mapping[str, str], body: Any) -> Mapping[str, Any]:
        """Answer the query as it was understood; raise InvalidData.

        The order, body before query, is recorded (`order/*`).
        """
        operation = self._operation
        if operation.body is not None:
            check_body(operation.body, operation.body_fields, body)
        query_string = scope["query_string"].decode("latin-1")
        if self._dialect is Dialect.MEDUSA:
            return queries.read_query(operation.id, query_string)
        check_path(operation.path, path)
        check_headers(operation.header, read_headers(scope, operation.header_names))
        query = parse_qsl(query_string, keep_blank_values=True) if query_string else ()
        return {
            **operation.query_defaults,
            **check_query(operation.query, operation.query_types, query),
        }

    def _check_response(self, response: Response) -> None:
        headers = dict(response.raw_headers)
        media_type = headers.get(b"content-type", b"").decode().partition(";")[0]
        documented = self._operation.responses.get((response.status_code, media_type))
        if documented is None:
            message = f"{response.status_code} {media_type} is not documented"
            raise BreaksContract(message)
        content = bytes(response.body)
        is_json = media_type == "application/json"
        body = jsontext.read_written(content) if is_json else content.decode()
        if not documented.validator.is_valid(body):
            raise BreaksContract(str(next(documented.validator.iter_errors(body))))


class Endpoints(SpecMiddleware):  # type: ignore[misc]  # Connexion has no types
    """Answers what leads to an operation, and passes the rest on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._routes: Routes[_Endpoint] = Routes()

    def add_api(
        self,
        specification: Specification,
        base_path: str | None,
        *,
        resolver: Resolver,
        contract: Contract,
        dialect: Dialect,
        checks: Mapping[str, Check],
        **_: Any,
    ) -> None:
        """Serve the operations of a contract. Raises ResolverError for one without a handler."""
        base = specification.base_path if base_path is None else base_path
        for template, item in specification["paths"].items():
            for method in METHODS & item.keys():
                operation = specification.operation_cls.from_spec(
                    specification, path=template, method=method, resolver=resolver
                )
                endpoint = _Endpoint(
                    operation.function,
                    [checks[scheme] for scheme in sorted(_needed_schemes(operation.security))],
                    contract.operations[operation.operation_id],
                    dialect,
                )
                self._routes.add(method.upper(), base + template, endpoint)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer a request or pass it on; raise HTTPException for a wrong method."""
        found = None
        if scope["type"] == "http":
            found = self._routes.find(scope["method"], scope["path"])
        if found is None:
            return self._app(_leading_nowhere(scope), receive, send)
        endpoint, path = found
        return endpoint.serve(path, scope, receive, send)


def _needed_schemes(alternatives: Sequence[Mapping[str, Any]]) -> set[str]:
    """Name the security schemes that are in all alternatives: one does without each other."""
    schemes = [{*alternative} for alternative in alternatives]
    return set.intersection(*schemes) if schemes else set()


def _leading_nowhere(scope: Scope) -> Scope:
    """Tell Connexion's own application that a request is for none of its operations."""
    nowhere = {"api_base_path": None, "operation_id": None}
    return {**scope, "extensions": {**scope.get("extensions", {}), ROUTING_CONTEXT: nowhere}}
