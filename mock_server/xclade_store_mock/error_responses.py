"""THE table: which status and body each error of the domain is answered with."""

from collections.abc import Mapping
from dataclasses import dataclass

from connexion.lifecycle import ConnexionResponse

from xclade_store_mock import errors, json_text
from xclade_store_mock.errors import DomainError


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """A status, and the body's `type` and `code`; without a type, the body is the bare text."""

    status: int
    type: str | None = None
    code: str | None = None


DOCUMENTED: Mapping[type[DomainError], ErrorResponse] = {
    errors.InvalidData: ErrorResponse(400, "invalid_data"),
    errors.NotJson: ErrorResponse(400, "invalid_data"),
    errors.Unauthorized: ErrorResponse(401),
    errors.BodyTooLarge: ErrorResponse(413, "invalid_data"),
    errors.UnsupportedMediaType: ErrorResponse(415, "invalid_data"),
    errors.RouteNotFound: ErrorResponse(404, "not_found"),
    errors.MethodNotAllowed: ErrorResponse(405, "not_allowed"),
    errors.CartNotFound: ErrorResponse(404, "not_found"),
    errors.CollectionNotFound: ErrorResponse(404, "not_found"),
    errors.ProviderNotEnabled: ErrorResponse(400, "invalid_data"),
    errors.ProviderNotInstalled: ErrorResponse(400, "invalid_data"),
    errors.ProviderRefused: ErrorResponse(
        422, "payment_authorization_error", "invalid_request_error"
    ),
    errors.ProviderUnreachable: ErrorResponse(500, "unexpected_state", "api_error"),
    errors.RequestStillRunning: ErrorResponse(409, "conflict", "invalid_state_error"),
    errors.IdempotencyKeyReused: ErrorResponse(422, "duplicate_error", "invalid_request_error"),
    errors.UnknownFailure: ErrorResponse(500, "unknown_error", "unknown_error"),
}


def error_body(error: DomainError) -> tuple[int, bytes]:
    """Answer an error's status and body."""
    row = DOCUMENTED[type(error)]
    if row.type is None:
        return row.status, error.message.encode()
    body = {"type": row.type, "message": error.message}
    if row.code is not None:
        body["code"] = row.code
    return row.status, json_text.write(body)


def error_response(error: DomainError) -> ConnexionResponse:
    """Answer an error."""
    status, body = error_body(error)
    media_type = "text/plain" if DOCUMENTED[type(error)].type is None else "application/json"
    headers = {"Allow": error.allowed} if isinstance(error, errors.MethodNotAllowed) else {}
    return ConnexionResponse(status, content_type=media_type, body=body, headers=headers)
