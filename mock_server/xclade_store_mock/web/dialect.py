"""A dialect: one way to read requests and to respond.

Those that exist are in `dialects/`. A refusal is rendered as the dialect's reply to its class.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from html import escape
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock import jsontext
from xclade_store_mock.contract import Contract, Match, Operation
from xclade_store_mock.contract.violations import sl_violations
from xclade_store_mock.errors import (
    MethodNotAllowed,
    Refusal,
    RouteNotFound,
    StorageUnavailable,
    UnknownFailure,
)
from xclade_store_mock.payments.documents import Resource, Selection, select
from xclade_store_mock.web.bodies import StrictBodies
from xclade_store_mock.web.endpoints import Check, read_strictly
from xclade_store_mock.web.prefer import PreferenceNotMet

_log = logging.getLogger("xclade_store_mock")


@dataclass(frozen=True, slots=True)
class Reply:
    """A status and a JSON body's type and code; or, without a type, a plain text or a page.

    The message is the refusal's own unless the reply has a fixed one.
    """

    status: int
    type: str | None = None
    code: str | None = None
    message: str | None = None
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Site:
    """The parts of a server that a dialect's middlewares need."""

    contract: Contract
    check_key: Check
    """Checks the publishable key."""
    cors_origins: tuple[str, ...] | None
    """The origins whose pages may call; None for all."""


class Replies:
    """A reply to each refusal, and how it is rendered."""

    replies: Mapping[type[Refusal], Reply]
    """The reply to each class of refusals that can arise."""
    json_type = "application/json"
    """The content type of JSON."""

    def respond(self, refusal: Refusal) -> Response:
        """Return the response to a refusal; a reason that it hides is logged."""
        if isinstance(refusal, StorageUnavailable):
            _log.error("The storage is not available: %s", refusal.reason)
        classes = type(refusal).__mro__
        reply = next((self.replies[each] for each in classes if each in self.replies), None)
        if reply is None:
            raise TypeError(f"{type(self).__name__} has no reply to {refusal!r}")
        headers = sl_violations(refusal)
        if isinstance(refusal, MethodNotAllowed) and reply.type is not None:
            headers["Allow"] = refusal.allowed
        return self.render(reply, reply.message or str(refusal), headers)

    def render(self, reply: Reply, message: str, headers: Mapping[str, str]) -> Response:
        """Return a reply with this message as a response: JSON, a page or a plain text."""
        media_type = self.json_type if reply.type else reply.media_type
        return Response(
            _content(reply, message), reply.status, {"content-type": media_type, **headers}
        )


class Dialect(Replies):
    """One way to read requests and to respond; the defaults are what is documented."""

    name: str
    deviations: frozenset[str] = frozenset()
    """The ids of the situations in which it differs from the documentation."""
    keeps_answers = True
    """Whether it honours `Idempotency-Key`."""
    restores_sessions = False
    """Whether initializations have no lock, and restore copies of the sessions if they fail."""
    is_strict = True
    """Whether it refuses sessions of a captured collection, and all that a real provider does."""

    def outer(self, app: ASGIApp, site: Site) -> ASGIApp:
        """Return the middleware outside planned faults: their responses pass through it, too."""
        raise NotImplementedError

    def inner(self, app: ASGIApp) -> ASGIApp:
        """Return the middleware behind planned faults."""
        return StrictBodies(app)

    def find(self, contract: Contract, method: str, path: str) -> Match | None:
        """Return the operation that a request reaches, or None."""
        try:
            return contract.find(method, path)
        except MethodNotAllowed:
            return None

    def checks(self, site: Site) -> Mapping[str, Check]:
        """Return, by security scheme, what endpoints check before they read a request."""
        return {"publishableKey": site.check_key}

    def read_query(
        self, operation: Operation, scope: Scope, path: Mapping[str, str]
    ) -> Mapping[str, Any]:
        """Return the query parameters, defaults included; raise a refusal for an invalid request.

        The body has been validated before.
        """
        return read_strictly(operation, scope, path)

    def default_selection(self, resource: Resource) -> Selection | None:  # noqa: ARG002 - by others
        """Return which fields a response has without `fields`; None stands for all defaults."""
        return None

    def select(self, fields: str, resource: Resource) -> Selection:
        """Return which fields a response has."""
        return select(fields, resource)

    def require_storable(self, value: Any) -> None:
        """Raise a refusal for a value that the store's database could not keep.

        By default there is none: strict bodies do not contain such values.
        """

    def reply_with(self, status: int) -> Reply:
        """Return the reply that the dialect would most likely give with a status."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return replace(self.replies[UnknownFailure], status=status)
        fitting = [reply for reply in self.replies.values() if reply.status == status]
        # JSON before a plain text or page.
        fitting.sort(key=lambda reply: reply.type is None)
        return next(iter(fitting), Reply(status, "unknown_error"))


def _content(reply: Reply, message: str) -> bytes:
    if reply.type is not None:
        body = {"type": reply.type, "message": message}
        return jsontext.write(body if reply.code is None else {"code": reply.code, **body})
    if reply.media_type.startswith("text/html"):
        return f"<!DOCTYPE html>\n<pre>{escape(message)}</pre>\n".encode()
    return message.encode()


@dataclass(frozen=True)
class Failures:
    """Responds to exceptions, unless a response has started; a bug is logged.

    Starlette's ExceptionMiddleware does the same, but two of them took 7 µs of each request.
    """

    app: ASGIApp
    respond: Callable[[Refusal], Response]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = False

        def send_and_note(message: MutableMapping[str, Any]) -> Awaitable[None]:
            nonlocal has_started
            has_started = True
            return send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception as error:
            if has_started or scope["type"] != "http":
                raise
            await self._response(scope, error)(scope, receive, send)

    def _response(self, scope: Scope, error: Exception) -> Response:
        match error:
            case Refusal():
                return self.respond(error)
            case PreferenceNotMet():
                return error.response()
            case HTTPException():
                return self.respond(_misrouted(scope, error))
        _log.error("Bug in the mock", exc_info=error)
        return self.respond(UnknownFailure())


def _misrouted(scope: Scope, error: HTTPException) -> Refusal:
    """Return the refusal that a routing error of Starlette's stands for."""
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and error.headers:
        return MethodNotAllowed(scope["method"], scope["path"], error.headers["Allow"])
    return RouteNotFound(scope["path"])
