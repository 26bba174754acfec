"""CORS: which pages may call."""

from collections.abc import Awaitable, MutableMapping
from typing import Any

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock.contract import sl_violations
from xclade_store_mock.web.guard import read_header

_VARY = (b"vary", b"Origin")


class Cors(CORSMiddleware):
    """Lets pages of some origins call, or of any, with cookies, as the official SDK does."""

    def __init__(self, app: ASGIApp, *, origins: tuple[str, ...] | None) -> None:
        super().__init__(
            app,
            allow_origins=origins or (),
            # Cookies need the page's own origin echoed.
            allow_origin_regex=".*" if origins is None else None,
            allow_credentials=True,
            allow_methods=("GET", "POST"),
            allow_headers=("*",),
            expose_headers=("Idempotent-Replayed", sl_violations.NAME),
        )

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:  # type: ignore[override]  # it is only awaited
        """Pass a request on; one that comes from no page costs next to nothing."""
        if scope["type"] != "http" or read_header(scope, "origin") is not None:
            return super().__call__(scope, receive, send)

        def send_to_no_page(message: MutableMapping[str, Any]) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                # For a cache: a page would be answered otherwise.
                message = {**message, "headers": [*message["headers"], _VARY]}
            return send(message)

        return self.app(scope, receive, send_to_no_page)
