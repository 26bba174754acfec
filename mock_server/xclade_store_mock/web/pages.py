"""Pages about the server: readiness, the contract, and the way to the reference at `/docs`."""

from collections.abc import Awaitable
from dataclasses import dataclass

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock import jsontext
from xclade_store_mock.contract import Contract
from xclade_store_mock.errors import MethodNotAllowed, RouteNotFound

READY = "/_mock/ready"
DOCS = "/docs"

_PATHS = frozenset({"/", DOCS, "/openapi.json", "/openapi.yaml"})
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


class Pages:
    """Serves the contract, passes requests for the reference on, and refuses all others."""

    def __init__(self, app: ASGIApp, *, contract: Contract) -> None:
        self._app = app
        self._pages: dict[str, Response] = {
            "/": RedirectResponse(f"{DOCS}/"),
            "/openapi.yaml": Response(contract.text, media_type="application/yaml"),
            "/openapi.json": Response(
                jsontext.write(contract.document), media_type="application/json"
            ),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to the request, or pass it on; raise RouteNotFound or MethodNotAllowed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, method = scope["path"], scope["method"]
        if not is_page(path):
            raise RouteNotFound(path)
        page = self._pages.get(path, self._app)
        if path in self._pages and method not in _READS:
            raise MethodNotAllowed(method, path, "GET, HEAD")
        await page(scope, receive, send)
