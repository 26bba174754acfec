"""Everything that Express and Medusa do before a route's own code.

In this order: body → CORS → publishable key → route (recorded: `order/*`, `cors/*`, `path/*`).
Behind it a path is spelled as in the contract.
"""

import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote_to_bytes

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock.contract import Operation
from xclade_store_mock.dialects.medusa.bodies import ClientDisconnected, read_value
from xclade_store_mock.errors import Refusal, RouteNotFound, UnknownFailure
from xclade_store_mock.web import read_header
from xclade_store_mock.web.bodies import with_body
from xclade_store_mock.web.dialect import Site
from xclade_store_mock.web.endpoints import check_publishable_key
from xclade_store_mock.web.pages import is_page

_PREFLIGHT_METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE"


class Route:
    """One operation's path, as Express matches it: any letter case, one more slash at the end."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self._pattern = re.compile(f"{operation.pattern.pattern}/?", re.IGNORECASE)

    def match(self, path: str) -> Mapping[str, str] | None:
        """Return the path's parameters, still percent-encoded, or None."""
        found = self._pattern.fullmatch(path)
        return found.groupdict() if found else None

    def path(self, parameters: Mapping[str, str]) -> str:
        """Return the path in the contract's spelling; UnknownFailure for a malformed parameter."""
        return self.operation.path.format_map(
            {name: _decode(value) for name, value in parameters.items()}
        )


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
        self._routes = [Route(each) for each in site.contract.operations.values()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to the request, or pass it on."""
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
        cors_send = self._with_cors(scope, send)
        if cors_send is not send and scope["method"] == "OPTIONS":
            await Response(status_code=204)(scope, receive, cors_send)
            return
        try:
            await self._pass_on(received, receive, cors_send)
        except Refusal as refusal:
            await self._respond(refusal)(scope, receive, cors_send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["raw_path"].decode("latin-1")
        if re.match(r"/store(/|$)", path, re.IGNORECASE):
            await check_publishable_key(self._storage, scope)
        matched = [
            (route, parameters)
            for route in self._routes
            if (parameters := route.match(path)) is not None
        ]
        if matched and scope["method"] == "OPTIONS":
            allowed = ",".join(method for route, _ in matched for method in route.operation.methods)
            page = Response(allowed, media_type="text/html", headers={"Allow": allowed})
            await page(scope, receive, send)
            return
        for route, parameters in matched:
            if scope["method"] in route.operation.methods:
                await self._app({**scope, "path": route.path(parameters)}, receive, send)
                return
        raise RouteNotFound(path)

    def _with_cors(self, scope: Scope, send: Send) -> Send:
        """Add CORS headers to what a route answers; elsewhere Medusa has none."""
        requested = read_header(scope, "access-control-request-method")
        is_preflight = scope["method"] == "OPTIONS"
        method = requested if is_preflight and requested is not None else scope["method"]
        path = scope["raw_path"].decode("latin-1")
        if not any(
            route.operation.method == method and route.match(path) is not None
            for route in self._routes
        ):
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
