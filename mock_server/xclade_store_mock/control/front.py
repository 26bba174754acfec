"""What stands in front of everything: the way to the console and its API, and the journal."""

from collections.abc import Callable, Mapping
from datetime import datetime

from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock.control.exchange import Exchange
from xclade_store_mock.web.routing import is_page

PREFIX = "/_mock/"
_READS = frozenset({"GET", "HEAD"})


class ControlFront:
    """Leads requests to the control API and the console there, and notes those to the Store API."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        control_app: ASGIApp,
        console: Mapping[str, ASGIApp],
        clock: Callable[[], datetime],
        note: Callable[[Exchange], None],
    ) -> None:
        self._app = app
        self._control_app = control_app
        self._console = console
        self._clock = clock
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        path = scope.get("path", "")
        if path in self._console and scope.get("method") in _READS:
            await self._console[path](scope, receive, send)
        elif scope["type"] != "http" or is_page(path):
            await self._app(scope, receive, send)
        elif path.startswith(PREFIX):
            await self._control_app(scope, receive, send)
        else:
            exchange = Exchange(scope, receive, send, self._clock())
            try:
                await self._app(exchange.marked_scope(), exchange.receive, exchange.send)
                if exchange.is_broken:
                    await exchange.break_off()
            finally:
                exchange.end()
                self._note(exchange)
