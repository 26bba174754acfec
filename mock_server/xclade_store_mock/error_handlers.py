"""Errors that a request ends with, answered."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus

from connexion import AsyncApp
from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from starlette.exceptions import HTTPException

from xclade_store_mock.error_responses import Dialect, error_response
from xclade_store_mock.errors import DomainError, MethodNotAllowed, RouteNotFound, UnknownFailure

_log = logging.getLogger("xclade_store_mock")


def add_error_handlers(app: AsyncApp, dialect: Dialect) -> None:
    """Let an application answer errors in a dialect."""
    app.add_error_handler(DomainError, partial(_answer_error, dialect))
    app.add_error_handler(ProblemException, _answer_problem)
    app.add_error_handler(HTTPException, partial(_answer_misrouted, dialect))
    app.add_error_handler(Exception, bug_handler(dialect))


def bug_handler(dialect: Dialect) -> Callable[..., Awaitable[ConnexionResponse]]:
    """Make what answers a bug."""
    return partial(_answer_bug, dialect)


async def _answer_error(
    dialect: Dialect, _: ConnexionRequest, error: DomainError
) -> ConnexionResponse:
    return error_response(error, dialect)


async def _answer_problem(_: ConnexionRequest, error: ProblemException) -> ConnexionResponse:
    """Answer as Connexion would, who also logs; it is the caller's mistake."""
    return error.to_problem()


async def _answer_misrouted(
    dialect: Dialect, request: ConnexionRequest, error: HTTPException
) -> ConnexionResponse:
    path = request.scope["path"]
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and error.headers:
        allowed = error.headers["Allow"]
        return error_response(MethodNotAllowed(request.method, path, allowed), dialect)
    return error_response(RouteNotFound(path), dialect)


async def _answer_bug(dialect: Dialect, _: ConnexionRequest, error: Exception) -> ConnexionResponse:
    """Say nothing of a bug to the outside."""
    _log.error("Bug in the mock", exc_info=error)
    return error_response(UnknownFailure(), dialect)
