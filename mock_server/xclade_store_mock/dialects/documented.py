"""The documented dialect: what the published documentation says."""

from collections.abc import Awaitable, Mapping, MutableMapping
from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock.contract.violations import HEADER
from xclade_store_mock.dialects.replies import ROWS
from xclade_store_mock.errors import Refusal
from xclade_store_mock.web import read_header
from xclade_store_mock.web.dialect import Dialect, Reply, Site

_VARY = (b"vary", b"Origin")


class Documented(Dialect):
    """Responds as documented."""

    name = "documented"
    replies: Mapping[type[Refusal], Reply] = {
        refusal: row.documented for refusal, row in ROWS.items() if row.documented
    }

    def outer(self, app: ASGIApp, site: Site) -> ASGIApp:
        return Cors(app, origins=site.cors_origins)


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
