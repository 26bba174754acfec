"""THE table: what each error of the domain is answered with, in either dialect."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from html import escape

from starlette.responses import Response

from xclade_store_mock import errors, jsontext
from xclade_store_mock.contract.sl_violations import sl_violations
from xclade_store_mock.errors import Refusal

_log = logging.getLogger("xclade_store_mock")


class Dialect(StrEnum):
    """Whose ways the mock has: the documentation's, or those of a recorded Medusa backend."""

    DOCUMENTED = "documented"
    MEDUSA = "medusa"


@dataclass(frozen=True, slots=True)
class Reply:
    """A status and a JSON body's type and code; or, without a type, a bare text or page.

    The message is the error's own unless the reply has a fixed one.
    """

    status: int
    type: str | None = None
    code: str | None = None
    message: str | None = None
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Row:
    """A situation, and its reply in either dialect; None where it cannot arise."""

    situation: str
    documented: Reply | None
    medusa: Reply | None


_UNAUTHORIZED = Reply(401, message="Unauthorized", media_type="text/plain")
_PAGE = Reply(404, media_type="text/html; charset=utf-8")
_HIDDEN = Reply(500, "unknown_error", "unknown_error", "An unknown error occurred.")

_SERVER_ERRORS = range(500, 600)

TABLE: Mapping[type[Refusal], Row] = {
    errors.NotJson: Row("body is not JSON", Reply(400, "invalid_data"), Reply(400, "invalid_data")),
    errors.InvalidData: Row(
        "body or query breaks the schema", Reply(400, "invalid_data"), Reply(400, "invalid_data")
    ),
    errors.BodyTooLarge: Row(
        "body over 102,400 bytes", Reply(413, "invalid_data"), Reply(413, "unknown_error")
    ),
    errors.UnsupportedMediaType: Row(
        "media type, charset or encoding that is not read",
        Reply(415, "invalid_data"),
        Reply(415, "unknown_error"),
    ),
    errors.PublishableKeyMissing: Row(
        "publishable key missing or blank", _UNAUTHORIZED, Reply(400, "not_allowed")
    ),
    errors.PublishableKeyInvalid: Row(
        "publishable key unknown, revoked or sent twice", _UNAUTHORIZED, Reply(400, "not_allowed")
    ),
    errors.RouteNotFound: Row("unknown path", Reply(404, "not_found"), _PAGE),
    errors.MethodNotAllowed: Row("wrong method", Reply(405, "not_allowed"), _PAGE),
    errors.RegionMissing: Row(
        "blank `region_id`", Reply(400, "invalid_data"), Reply(400, "not_allowed")
    ),
    errors.QueryKeyTooDeep: Row(
        "query parameter with two dots in its name", None, Reply(500, "invalid_argument")
    ),
    errors.CartNotFound: Row("cart unknown", Reply(404, "not_found"), Reply(404, "not_found")),
    errors.CollectionNotFound: Row("collection unknown", Reply(404, "not_found"), _HIDDEN),
    errors.ProviderNotEnabled: Row(
        "provider not enabled in the region", Reply(400, "invalid_data"), Reply(400, "invalid_data")
    ),
    errors.ProviderNotInstalled: Row(
        "provider enabled, or without a region to ask, but not installed",
        Reply(400, "invalid_data"),
        _HIDDEN,
    ),
    errors.ProviderRefused: Row(
        "provider refuses",
        Reply(422, "payment_authorization_error", "invalid_request_error"),
        _HIDDEN,
    ),
    errors.ProviderUnreachable: Row(
        "provider unreachable", Reply(500, "unexpected_state", "api_error"), _HIDDEN
    ),
    errors.RequestStillRunning: Row(
        "same `Idempotency-Key`, still running",
        Reply(409, "conflict", "invalid_state_error"),
        None,
    ),
    errors.IdempotencyKeyReused: Row(
        "same `Idempotency-Key`, other request",
        Reply(422, "duplicate_error", "invalid_request_error"),
        None,
    ),
    errors.StorageUnavailable: Row(
        "storage not available", Reply(500, "unexpected_state", "api_error"), _HIDDEN
    ),
    errors.UnknownFailure: Row("bug in the mock", _HIDDEN, _HIDDEN),
}


def error_response(error: Refusal, dialect: Dialect) -> Response:
    """Answer an error; what it does not tell is logged."""
    if isinstance(error, errors.StorageUnavailable):
        _log.error("The storage is not available: %s", error.reason)
    row = TABLE[type(error)]
    reply = row.documented if dialect is Dialect.DOCUMENTED else row.medusa
    if reply is None:
        message = f"{error!r} cannot arise in the {dialect} dialect"
        raise TypeError(message)
    headers = sl_violations(error)
    if isinstance(error, errors.MethodNotAllowed) and reply.type is not None:
        headers["Allow"] = error.allowed
    return reply_response(reply, error.message, dialect, headers)


def reply_response(
    reply: Reply, message: str, dialect: Dialect, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with a reply, whose fixed message goes before another."""
    media_type = json_type(dialect) if reply.type else reply.media_type
    return Response(
        _body(reply, reply.message or message),
        reply.status,
        {"content-type": media_type, **(headers or {})},
    )


def reply_with(status: int, dialect: Dialect) -> Reply:
    """Find what the dialect says with a status, whatever has gone wrong."""
    if status in _SERVER_ERRORS:
        return replace(_HIDDEN, status=status)
    rows = (
        row.documented if dialect is Dialect.DOCUMENTED else row.medusa for row in TABLE.values()
    )
    fitting = [reply for reply in rows if reply is not None and reply.status == status]
    # JSON before a bare text or page.
    fitting.sort(key=lambda reply: reply.type is None)
    return next(iter(fitting), Reply(status, "unknown_error"))


def json_type(dialect: Dialect) -> str:
    """Name JSON as the dialect does (recorded: with a charset)."""
    return (
        "application/json" if dialect is Dialect.DOCUMENTED else "application/json; charset=utf-8"
    )


def _body(reply: Reply, message: str) -> bytes:
    if reply.type is not None:
        body = {"type": reply.type, "message": message}
        return jsontext.write(body if reply.code is None else {"code": reply.code, **body})
    if reply.media_type.startswith("text/html"):
        return f"<!DOCTYPE html>\n<pre>{escape(message)}</pre>\n".encode()
    return message.encode()
