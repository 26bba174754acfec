"""Everything that Express and Medusa do before a route's own code.

In this order: the size of the head → body → CORS → publishable key → route → entity tag (recorded:
`order/*`, `cors/*`, `path/*`, `header/*`).
Behind it a path is spelled as in the contract.
"""

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha1
from urllib.parse import unquote_to_bytes

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock.contract import Contract, Match
from xclade_store_mock.dialects.medusa.bodies import ClientDisconnected, read_value
from xclade_store_mock.errors import Refusal, RouteNotFound, UnknownFailure
from xclade_store_mock.web import read_header
from xclade_store_mock.web.bodies import keep_body
from xclade_store_mock.web.dialect import Site
from xclade_store_mock.web.pages import is_page

# Where Express mounts what it does for the whole Store API.
_STORE = re.compile(r"/store/?(?=/|$)", re.IGNORECASE)
_MAX_HEAD = 16_384
_NO_CACHE = re.compile(r"(?:^|,) *no-cache *(?:,|$)")
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


def _raw_path(scope: Scope) -> str:
    return str(scope["raw_path"].decode("latin-1"))


def _head_size(scope: Scope) -> int:
    """Return the bytes of the target and the headers that Node counts (`header/head-of-17-kB`)."""
    target = len(scope["raw_path"]) + len(b"?") + len(scope["query_string"])
    return target + sum(len(name) + len(value) for name, value in scope["headers"])


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


@dataclass(frozen=True)
class Front:
    """Responds to requests that never reach a route, and passes the rest on."""

    app: ASGIApp
    site: Site
    respond: Callable[[Refusal], Response]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if is_page(scope["path"]):
            keep_body(scope, {})
            await self.app(scope, receive, send)
            return
        if _head_size(scope) >= _MAX_HEAD:
            await Response(status_code=431, headers={"connection": "close"})(scope, receive, send)
            return
        try:
            keep_body(scope, await read_value(scope, receive))
        except Refusal as refusal:
            await self.respond(refusal)(scope, receive, _with_etag(scope, send))
            return
        except ClientDisconnected:
            return
        cors_send = self._with_cors(scope, send)
        if cors_send is not send and scope["method"] == "OPTIONS":
            await Response(status_code=204)(scope, receive, cors_send)
            return
        tagged_send = _with_etag(scope, cors_send)
        try:
            await self._pass_on(scope, receive, tagged_send)
        except RouteNotFound as refusal:
            await self.respond(refusal)(scope, receive, cors_send)
        except Refusal as refusal:
            await self.respond(refusal)(scope, receive, tagged_send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _raw_path(scope)
        if _STORE.match(path):
            await self.site.check_key(scope)
        routes = find_routes(self.site.contract, path)
        # Express decodes the parameters of every route that matches, whatever its method.
        paths = [_spell(route) for route in routes]
        if routes and scope["method"] == "OPTIONS":
            allowed = ",".join(method for each in routes for method in each.operation.methods)
            page = Response(allowed, media_type="text/html", headers={"Allow": allowed})
            await page(scope, receive, send)
            return
        for route, spelled in zip(routes, paths, strict=True):
            if scope["method"] in route.operation.methods:
                await self.app({**scope, "path": spelled}, receive, send)
                return
        raise RouteNotFound(path)

    def _with_cors(self, scope: Scope, send: Send) -> Send:
        """Add CORS headers to what a route answers; elsewhere Medusa has none.

        The route is looked for behind `/store`, and behind a slash that follows it.
        """
        routes = find_routes(self.site.contract, _STORE.sub("/store", _raw_path(scope)))
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
                origins = self.site.cors_origins
                if origin is not None and (origins is None or origin in origins):
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


def _with_etag(scope: Scope, send: Send) -> Send:
    """Add an entity tag to a response sent in one part; it becomes a 304 if the client has it."""
    start: Message = {}

    async def send_tagged(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            start = message
            return
        if start:
            if not message.get("more_body"):
                message = _tag(scope, start, message)
            await send(start)
            start = {}
        await send(message)

    return send_tagged


def _tag(scope: Scope, start: Message, message: Message) -> Message:
    """Return the message with the body, or one without for a 304; `start` is changed."""
    content = message.get("body", b"")
    digest = b64encode(sha1(content, usedforsecurity=False).digest()).decode().rstrip("=")
    headers = MutableHeaders(scope=start)
    headers["etag"] = etag = f'W/"{len(content):x}-{digest}"'
    if start["status"] != 200 or not _is_fresh(scope, etag):  # noqa: PLR2004 - no route sends another
        return message
    start["status"] = 304
    del headers["content-type"], headers["content-length"]
    return {**message, "body": b""}


def _is_fresh(scope: Scope, etag: str) -> bool:
    wanted = read_header(scope, "if-none-match")
    if (
        not wanted
        or scope["method"] not in {"GET", "HEAD"}
        # No response has a date that it was last modified at.
        or read_header(scope, "if-modified-since")
        or _NO_CACHE.search(read_header(scope, "cache-control") or "")
    ):
        return False
    tags = [each.strip(" ") for each in wanted.split(",")]
    return wanted == "*" or any(etag in {each, f"W/{each}"} or each == f"W/{etag}" for each in tags)
