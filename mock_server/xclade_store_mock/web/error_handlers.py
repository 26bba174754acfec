"""Errors that a request ends with, answered."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock.errors import MethodNotAllowed, Refusal, RouteNotFound, UnknownFailure
from xclade_store_mock.web.prefer import PreferenceNotMet

_log = logging.getLogger("xclade_store_mock")


class Errors:
    """Answers what is raised behind it.

    Connexion has two middlewares for this, which make objects of every request, for the case.
    """

    def __init__(self, app: ASGIApp, *, answer: Callable[[Refusal], Response]) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; say nothing of a bug to the outside."""
        try:
            await self._app(scope, receive, send)
        except Refusal as error:
            response = self._answer(error)
        except PreferenceNotMet as error:
            response = error.response()
        except HTTPException as error:
            response = self._answer(_misrouted(scope, error))
        except Exception as error:
            if scope["type"] != "http":
                raise
            _log.error("Bug in the mock", exc_info=error)
            response = self._answer(UnknownFailure())
        else:
            return
        await response(scope, receive, send)


def _misrouted(scope: Scope, error: HTTPException) -> Refusal:
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and error.headers:
        return MethodNotAllowed(scope["method"], scope["path"], error.headers["Allow"])
    return RouteNotFound(scope["path"])
