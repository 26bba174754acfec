"""What every request meets first (an id, its path without a prefix), and pages about the server."""

import re
from collections.abc import Awaitable
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from ulid_transform import ulid_now

from xclade_store_mock import jsontext
from xclade_store_mock.contract import Contract
from xclade_store_mock.errors import MethodNotAllowed, RouteNotFound
from xclade_store_mock.web import Headers, read_first_header

REQUEST_ID = "xclade_store_mock.request_id"
"""A request's id, in its scope."""

current_request_id: ContextVar[str | None] = ContextVar("current_request_id", default=None)
"""The id of the request that is being handled, for the log."""

_VALID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
_HEADER = b"x-request-id"

READY = "/_mock/ready"
DOCS = "/docs"

_HERE = Path(__file__).parent
# Swagger UI sets styles and has images inside of its style sheet.
_POLICY = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:;"
    " style-src 'self' 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
}
_PATHS = frozenset({"/", DOCS, "/health", "/openapi.json", "/openapi.yaml"})
_READS = frozenset({"GET", "HEAD"})


def is_page(path: str) -> bool:
    """Return whether a path leads to a page about the Store API, and not to the API itself."""
    return path in _PATHS or path.startswith(f"{DOCS}/")


@dataclass(frozen=True)
class Readiness:
    """Responds 200 at READY, in front of everything that could refuse a request."""

    app: ASGIApp

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        is_asked = scope["type"] == "http" and scope["path"] == READY
        return (PlainTextResponse("ready\n") if is_asked else self.app)(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Reference:
    """Serves the page, Swagger UI, of the API whose contract is at `openapi.json` beside it."""

    path: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = f"{scope.get('root_path', '')}{self.path}"
        name = scope["path"].removeprefix(self.path)
        app: ASGIApp
        if not name:
            app = RedirectResponse(f"{root}/")
        elif name == "/":
            app = HTMLResponse((_HERE / "reference.html").read_bytes(), headers=_POLICY)
        elif name == "/reference.js":
            app = Response((_HERE / "reference.js").read_bytes(), media_type="text/javascript")
        else:
            # Imported late: few people open the page.
            from starlette.staticfiles import StaticFiles  # noqa: PLC0415
            from swagger_ui_bundle import swagger_ui_path  # noqa: PLC0415

            app = StaticFiles(directory=swagger_ui_path)
        await app({**scope, "root_path": root, "path": root + name}, receive, send)


class Pages:
    """Serves the contract and the reference, and refuses other requests."""

    def __init__(self, app: ASGIApp, *, contract: Contract) -> None:
        self._app = app
        self._reference = Reference(DOCS)
        self._pages: dict[str, Response] = {
            "/health": HTMLResponse("OK"),  # as Express sends it for Medusa
            "/openapi.yaml": Response(contract.text, media_type="application/yaml"),
            "/openapi.json": Response(
                jsontext.write(contract.document), media_type="application/json"
            ),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to the request; raise RouteNotFound or MethodNotAllowed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, method = scope["path"], scope["method"]
        if not is_page(path):
            raise RouteNotFound(path)
        if method not in _READS:
            raise MethodNotAllowed(method, path, "GET, HEAD")
        if path == "/":
            scope = {**scope, "path": DOCS}
        await self._pages.get(path, self._reference)(scope, receive, send)


@dataclass(frozen=True)
class Arrival:
    """Adds the header `x-request-id` to every response, and removes the root path from paths.

    The server puts `root_path` in front of every path, as ASGI wants it, and a proxy that does not
    remove its prefix does so once more. Everything behind this middleware sees the path alone.
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = read_first_header(scope, "x-request-id")
        id_ = sent if sent and _VALID.fullmatch(sent) else new_request_id()
        scope[REQUEST_ID] = id_
        current_request_id.set(id_)
        _remove_root(scope)
        # Relative links of the page at "/" need the slash.
        app = self.app if scope["path"] else RedirectResponse(f"{scope['root_path']}/")

        def send_with_id(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message = {**message, "headers": with_request_id(scope, message["headers"])}
            return send(message)

        await app(scope, receive, send_with_id)


def new_request_id() -> str:
    """Return an id for a request that has none of its client."""
    return f"req_{ulid_now()}"


def with_request_id(scope: Scope, headers: Headers) -> Headers:
    """Return the headers of the response to a request with its id, unless they have one."""
    if _HEADER in [name.lower() for name, _ in headers]:
        return headers
    return [*headers, (_HEADER, scope[REQUEST_ID].encode())]


def _remove_root(scope: Scope) -> None:
    """Remove the root path, in place: the server's log shows the same path."""
    root = scope.get("root_path", "")
    while root and f"{scope['path']}/".startswith(f"{root}/"):
        scope["path"] = scope["path"].removeprefix(root)
        scope["raw_path"] = scope["raw_path"].removeprefix(root.encode())
