"""Readiness: what tells a script or a container engine that the mock serves."""

from collections.abc import Awaitable

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

READY = "/_mock/ready"


class Readiness:
    """Answers 200 at READY, in front of all that a dialect or a key could say against it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer the request or pass it on."""
        asked = scope["type"] == "http" and scope["path"] == READY
        return (PlainTextResponse("ready\n") if asked else self._app)(scope, receive, send)
