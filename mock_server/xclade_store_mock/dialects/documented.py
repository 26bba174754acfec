"""The documented dialect: what the published documentation says."""

from collections.abc import Awaitable, Mapping, MutableMapping
from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock.contract import Contract, Match, Operation
from xclade_store_mock.contract.violations import HEADER
from xclade_store_mock.dialects.replies import ROWS
from xclade_store_mock.errors import MethodNotAllowed, Refusal
from xclade_store_mock.payments.documents import Selectable, Selection, select
from xclade_store_mock.web import read_header
from xclade_store_mock.web.bodies import StrictBodies
from xclade_store_mock.web.dialect import Check, Reply, Site, render
from xclade_store_mock.web.endpoints import read_strictly

_VARY = (b"vary", b"Origin")


class Documented:
    """Responds as documented; the base of dialects that differ from it."""

    name: str = "documented"
    json_type: str = "application/json"
    replies: Mapping[type[Refusal], Reply] = {
        refusal: row.documented for refusal, row in ROWS.items() if row.documented
    }
    deviations: frozenset[str] = frozenset()
    keeps_answers: bool = True
    restores_sessions: bool = False
    is_strict: bool = True

    def outer(self, app: ASGIApp, site: Site) -> ASGIApp:
        return Cors(app, origins=site.cors_origins)

    def inner(self, app: ASGIApp, site: Site) -> ASGIApp:  # noqa: ARG002 - the protocol's
        return StrictBodies(app)

    def find(self, contract: Contract, method: str, path: str) -> Match | None:
        try:
            return contract.find(method, path)
        except MethodNotAllowed:
            return None

    def checks(self, site: Site) -> Mapping[str, Check]:
        return {"publishableKey": site.check_key}

    def read_query(
        self, operation: Operation, scope: Scope, path: Mapping[str, str]
    ) -> Mapping[str, Any]:
        return read_strictly(operation, scope, path)

    def select(self, fields: str | None, selectable: Selectable) -> Selection:
        return select(fields, selectable)

    def require_storable(self, value: Any) -> None:
        """Allow every value: others were refused when the body was read."""

    def render(self, reply: Reply, message: str, headers: Mapping[str, str]) -> Response:
        return render(reply, message, headers, self.json_type)


class Cors(CORSMiddleware):
    """Allows pages of some origins, or of any, with cookies, as the official SDK needs."""

    def __init__(self, app: ASGIApp, *, origins: tuple[str, ...] | None) -> None:
        super().__init__(
            app,
            allow_origins=origins or (),
            # Cookies need the page's own origin echoed.
            allow_origin_regex=".*" if origins is None else None,
            allow_credentials=True,
            allow_methods=("GET", "POST"),
            allow_headers=("*",),
            expose_headers=("Idempotent-Replayed", HEADER),
        )

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:  # type: ignore[override]  # it is only awaited
        """Pass a request on; the response to one without an origin has only `Vary`."""
        if scope["type"] != "http" or read_header(scope, "origin") is not None:
            return super().__call__(scope, receive, send)

        def send_varying(message: MutableMapping[str, Any]) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                # A cache must not serve this answer to a page.
                message = {**message, "headers": [*message["headers"], _VARY]}
            return send(message)

        return self.app(scope, receive, send_varying)
