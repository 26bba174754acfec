"""Exceptions, turned into responses."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Scope

from xclade_store_mock.errors import MethodNotAllowed, Refusal, RouteNotFound, UnknownFailure
from xclade_store_mock.web.prefer import PreferenceNotMet

_log = logging.getLogger("xclade_store_mock")


class Failures(ExceptionMiddleware):
    """Responds to exceptions, unless a response has started; a bug is only logged."""

    def __init__(self, app: ASGIApp, *, respond: Callable[[Refusal], Response]) -> None:
        super().__init__(app, {HTTPException: self._answer, Exception: self._answer})
        self._respond = respond

    # A coroutine, since Starlette runs a plain function in a thread.
    async def _answer(self, request: Request, error: Exception) -> Response:
        match error:
            case Refusal():
                return self._respond(error)
            case PreferenceNotMet():
                return error.response()
            case HTTPException():
                return self._respond(_misrouted(request.scope, error))
        _log.error("Bug in the mock", exc_info=error)
        return self._respond(UnknownFailure())


def _misrouted(scope: Scope, error: HTTPException) -> Refusal:
    """Return the refusal that a routing error of Starlette's stands for."""
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and error.headers:
        return MethodNotAllowed(scope["method"], scope["path"], error.headers["Allow"])
    return RouteNotFound(scope["path"])
