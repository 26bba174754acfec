"""Exceptions, turned into responses."""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock.errors import MethodNotAllowed, Refusal, RouteNotFound, UnknownFailure
from xclade_store_mock.web.prefer import PreferenceNotMet

_log = logging.getLogger("xclade_store_mock")


class Failures:
    """Responds to exceptions, unless a response has started; a bug is logged.

    Starlette's ExceptionMiddleware does the same for 3 % of a request's time.
    """

    def __init__(self, app: ASGIApp, *, respond: Callable[[Refusal], Response]) -> None:
        self._app = app
        self._respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        has_started = False

        def send_and_note(message: MutableMapping[str, Any]) -> Awaitable[None]:
            nonlocal has_started
            has_started = True
            return send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:
            if has_started or scope["type"] != "http":
                raise
            await self._response(scope, error)(scope, receive, send)

    def _response(self, scope: Scope, error: Exception) -> Response:
        match error:
            case Refusal():
                return self._respond(error)
            case PreferenceNotMet():
                return error.response()
            case HTTPException():
                return self._respond(_misrouted(scope, error))
        _log.error("Bug in the mock", exc_info=error)
        return self._respond(UnknownFailure())


def _misrouted(scope: Scope, error: HTTPException) -> Refusal:
    """Return the refusal that a routing error of Starlette's stands for."""
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and error.headers:
        return MethodNotAllowed(scope["method"], scope["path"], error.headers["Allow"])
    return RouteNotFound(scope["path"])
