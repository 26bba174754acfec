"""Everything that Express and Medusa do before a route's own code.

In this order: body → CORS → publishable key → route (recorded: `order/*`, `cors/*`, `path/*`).
Behind it a path is spelled as in the contract.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock.contract import Contract, Match
from xclade_store_mock.dialects.medusa.bodies import ClientDisconnected, read_value
from xclade_store_mock.errors import Refusal, RouteNotFound, UnknownFailure
from xclade_store_mock.web import read_header
from xclade_store_mock.web.bodies import with_body
from xclade_store_mock.web.dialect import Site
from xclade_store_mock.web.endpoints import check_publishable_key
from xclade_store_mock.web.pages import is_page

_PREFLIGHT_METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE"


def find_routes(contract: Contract, path: str) -> list[Match]:
    """Return what Express finds for a path: in any letter case, with one more slash at the end.

    The parameters are still percent-encoded.
    """
    return [
        Match(operation, found.groupdict())
        for operation in contract.operations.values()
        if (found := re.fullmatch(f"{operation.pattern.pattern}/?", path, re.IGNORECASE))
    ]


def _spell(match: Match) -> str:
    """Return the path in the contract's spelling; UnknownFailure for a malformed parameter."""
    parameters = {name: _decode(value) for name, value in match.parameters.items()}
    return match.operation.path.format_map(parameters)


def _decode(value: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", value):
        raise UnknownFailure
    try:
        decoded = unquote_to_bytes(value).decode()
    except UnicodeDecodeError as error:
        raise UnknownFailure from error
    # A slash would change the route; no id has one.
    return decoded.replace("/", "%2F")


class Front:
    """Responds to requests that never reach a route, and passes the rest on."""

    def __init__(self, app: ASGIApp, *, site: Site, respond: Callable[[Refusal], Response]) -> None:
        self._app = app
        self._storage = site.storage
        self._origins = site.cors_origins
        self._respond = respond
        self._contract = site.contract

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if is_page(scope["path"]):
            await self._app(with_body(scope, {}), receive, send)
            return
        try:
            received = with_body(scope, await read_value(scope, receive))
        except Refusal as refusal:
            await self._respond(refusal)(scope, receive, send)
            return
        except ClientDisconnected:
            return
        routes = find_routes(self._contract, scope["raw_path"].decode("latin-1"))
        cors_send = self._with_cors(scope, send, routes)
        if cors_send is not send and scope["method"] == "OPTIONS":
            await Response(status_code=204)(scope, receive, cors_send)
            return
        try:
            await self._pass_on(received, receive, cors_send, routes)
        except Refusal as refusal:
            await self._respond(refusal)(scope, receive, cors_send)

    async def _pass_on(
        self, scope: Scope, receive: Receive, send: Send, routes: list[Match]
    ) -> None:
        path = scope["raw_path"].decode("latin-1")
        if re.match(r"/store(/|$)", path, re.IGNORECASE):
            await check_publishable_key(self._storage, scope)
        if routes and scope["method"] == "OPTIONS":
            allowed = ",".join(method for each in routes for method in each.operation.methods)
            page = Response(allowed, media_type="text/html", headers={"Allow": allowed})
            await page(scope, receive, send)
            return
        for route in routes:
            if scope["method"] in route.operation.methods:
                await self._app({**scope, "path": _spell(route)}, receive, send)
                return
        raise RouteNotFound(path)

    def _with_cors(self, scope: Scope, send: Send, routes: list[Match]) -> Send:
        """Add CORS headers to what a route answers; elsewhere Medusa has none."""
        requested = read_header(scope, "access-control-request-method")
        is_preflight = scope["method"] == "OPTIONS"
        method = requested if is_preflight and requested is not None else scope["method"]
        if method not in {each.operation.method for each in routes}:
            return send

        async def send_with_cors(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Vary"] = "Origin"
                headers["Access-Control-Allow-Credentials"] = "true"
                origin = read_header(scope, "origin")
                if origin is not None and (self._origins is None or origin in self._origins):
                    headers["Access-Control-Allow-Origin"] = origin
                if is_preflight:
                    _add_preflight(scope, headers)
            await send(message)

        return send_with_cors


def _add_preflight(scope: Scope, headers: MutableHeaders) -> None:
    headers["Vary"] = "Origin, Access-Control-Request-Headers"
    headers["Access-Control-Allow-Methods"] = _PREFLIGHT_METHODS
    requested = read_header(scope, "access-control-request-headers")
    if requested:
        headers["Access-Control-Allow-Headers"] = requested
