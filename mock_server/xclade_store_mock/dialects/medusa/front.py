"""The medusa dialect's front: what Express and Medusa do before a route's own code.

In this order: body → CORS → publishable key → route (recorded: `order/*`, `cors/*`, `path/*`).
Behind it Connexion sees the path as the contract spells it.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock.contract import METHODS
from xclade_store_mock.dialects.medusa.bodies import SenderLeft, read_body
from xclade_store_mock.errors import Refusal, RouteNotFound, UnknownFailure
from xclade_store_mock.storage import Storage
from xclade_store_mock.web.dialect import Dialect, error_response
from xclade_store_mock.web.guard import read_header, with_body
from xclade_store_mock.web.routing import is_page, path_pattern
from xclade_store_mock.web.security import check_publishable_key

_PREFLIGHT_METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE"


class _Route:
    """One operation's path, as Express matches it: any letter case, a slash more at the end."""

    def __init__(self, method: str, template: str) -> None:
        self.method = method
        self._pattern = re.compile(f"{path_pattern(template)}/?", re.IGNORECASE)
        self._template = template

    def match(self, path: str) -> Mapping[str, str] | None:
        """Answer the path's parameters, still percent-encoded, or None."""
        found = self._pattern.fullmatch(path)
        return found.groupdict() if found else None

    def path(self, parameters: Mapping[str, str]) -> str:
        """Spell the path as the contract does; raise UnknownFailure for a malformed parameter."""
        return self._template.format_map(
            {name: _decode(value) for name, value in parameters.items()}
        )


def _decode(value: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", value):
        raise UnknownFailure
    try:
        decoded = unquote_to_bytes(value).decode()
    except UnicodeDecodeError as error:
        raise UnknownFailure from error
    # A slash would lead elsewhere; no id has one.
    return decoded.replace("/", "%2F")


class MedusaFront:
    """Answers what never reaches a route, and passes the rest on."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        document: Mapping[str, Any],
        storage: Storage,
        origins: tuple[str, ...] | None,
    ) -> None:
        self._app = app
        self._storage = storage
        self._origins = origins
        self._routes = [
            _Route(method.upper(), template)
            for template, item in document["paths"].items()
            for method in METHODS & item.keys()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if is_page(scope["path"]):
            await self._app(with_body(scope, {}), receive, send)
            return
        try:
            passed = with_body(scope, await read_body(scope, receive))
        except Refusal as error:
            await _answer(error, scope, receive, send)
            return
        except SenderLeft:
            return
        cors_send = self._with_cors(scope, send)
        if cors_send is not send and scope["method"] == "OPTIONS":
            await Response(status_code=204)(scope, receive, cors_send)
            return
        try:
            await self._pass_on(passed, receive, cors_send)
        except Refusal as error:
            await _answer(error, scope, receive, cors_send)

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
            allowed = ",".join(_allowed(route) for route, _ in matched)
            page = Response(allowed, media_type="text/html", headers={"Allow": allowed})
            await page(scope, receive, send)
            return
        for route, parameters in matched:
            if scope["method"] in _allowed(route).split(","):
                spelled = {**scope, "path": route.path(parameters)}
                await self._app(spelled, receive, send)
                return
        raise RouteNotFound(path)

    def _with_cors(self, scope: Scope, send: Send) -> Send:
        """Add CORS headers to what a route answers; elsewhere Medusa has none."""
        requested = read_header(scope, "access-control-request-method")
        preflight = scope["method"] == "OPTIONS"
        method = requested if preflight and requested is not None else scope["method"]
        path = scope["raw_path"].decode("latin-1")
        if not any(
            route.method == method and route.match(path) is not None for route in self._routes
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
                if preflight:
                    _add_preflight(scope, headers)
            await send(message)

        return send_with_cors


def _add_preflight(scope: Scope, headers: MutableHeaders) -> None:
    headers["Vary"] = "Origin, Access-Control-Request-Headers"
    headers["Access-Control-Allow-Methods"] = _PREFLIGHT_METHODS
    requested = read_header(scope, "access-control-request-headers")
    if requested:
        headers["Access-Control-Allow-Headers"] = requested


def _allowed(route: _Route) -> str:
    return "GET,HEAD" if route.method == "GET" else route.method


async def _answer(error: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    await error_response(error, Dialect.MEDUSA)(scope, receive, send)
