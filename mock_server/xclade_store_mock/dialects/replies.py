"""How the dialects differ, as one table: the reply to each refusal, and other behaviour.

It is what the dialects answer, what docs/deviations.md shows, and what `check` provokes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

import msgspec

from xclade_store_mock import errors
from xclade_store_mock.errors import Refusal
from xclade_store_mock.web.dialect import Reply


@dataclass(frozen=True, slots=True)
class Row:
    """A refusal, and its reply in either dialect; None where it cannot arise."""

    refusal: type[Refusal]
    situation: str
    documented: Reply | None
    medusa: Reply | None

    @property
    def id(self) -> str:
        """The name of the refusal."""
        return self.refusal.__name__

    @property
    def differs(self) -> bool:
        """Whether the dialects give different replies."""
        return self.documented != self.medusa


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A difference that is more than a reply."""

    situation: str
    documented: str
    medusa: str
    source: str


_INVALID = Reply(400, "invalid_data")
_NOT_ALLOWED = Reply(400, "not_allowed")
_UNAUTHORIZED = Reply(401, message="Unauthorized", media_type="text/plain")
_PAGE = Reply(404, media_type="text/html; charset=utf-8")
_HIDDEN = Reply(500, "unknown_error", "unknown_error", "An unknown error occurred.")
_API_ERROR = Reply(500, "unexpected_state", "api_error")
_NOT_IMPLEMENTED = Reply(501, "not_allowed")
_BAD_GATEWAY = Reply(502, "unexpected_state", "api_error")
_TIMEOUT = Reply(504, "unexpected_state", "api_error")

_NOT_FOUND = Reply(404, "not_found")

_ROWS = (
    Row(errors.NotJson, "body is not JSON", _INVALID, _INVALID),
    Row(errors.InvalidData, "body or query violates the schema", _INVALID, _INVALID),
    Row(
        errors.BodyTooLarge,
        "body over 102,400 bytes",
        Reply(413, "invalid_data"),
        Reply(413, "unknown_error"),
    ),
    Row(
        errors.UnsupportedMediaType,
        "unsupported media type, charset or encoding",
        Reply(415, "invalid_data"),
        Reply(415, "unknown_error"),
    ),
    Row(
        errors.PublishableKeyMissing,
        "publishable key missing or blank",
        _UNAUTHORIZED,
        _NOT_ALLOWED,
    ),
    Row(
        errors.PublishableKeyInvalid,
        "publishable key unknown, revoked or sent twice",
        _UNAUTHORIZED,
        _NOT_ALLOWED,
    ),
    Row(errors.RouteNotFound, "unknown path", _NOT_FOUND, _PAGE),
    Row(errors.MethodNotAllowed, "wrong method", Reply(405, "not_allowed"), _PAGE),
    Row(errors.RegionMissing, "blank `region_id`", _INVALID, _NOT_ALLOWED),
    Row(
        errors.QueryKeyTooDeep,
        "query parameter with two dots in its name",
        None,
        Reply(500, "invalid_argument"),
    ),
    Row(errors.CartNotFound, "cart not found", _NOT_FOUND, _NOT_FOUND),
    Row(errors.CollectionNotFound, "payment collection not found", _NOT_FOUND, _HIDDEN),
    Row(errors.ProviderNotEnabled, "provider not enabled in the region", _INVALID, _INVALID),
    Row(
        errors.ProviderNotInstalled,
        "provider enabled, or without a region to ask, but not installed",
        _INVALID,
        _HIDDEN,
    ),
    Row(errors.AlreadyCaptured, "payment collection captured", _NOT_ALLOWED, None),
    Row(
        errors.ProviderRefused,
        "provider refuses",
        Reply(422, "payment_authorization_error", "invalid_request_error"),
        _HIDDEN,
    ),
    Row(errors.ProviderUnreachable, "provider unreachable", _API_ERROR, _HIDDEN),
    Row(
        errors.RequestStillRunning,
        "same `Idempotency-Key`, still running",
        Reply(409, "conflict", "invalid_state_error"),
        None,
    ),
    Row(
        errors.IdempotencyKeyReused,
        "same `Idempotency-Key`, other request",
        Reply(422, "duplicate_error", "invalid_request_error"),
        None,
    ),
    Row(errors.StorageUnavailable, "storage not available", _API_ERROR, _HIDDEN),
    Row(errors.NotForwarded, "request cannot be forwarded", _NOT_IMPLEMENTED, _NOT_IMPLEMENTED),
    Row(errors.UpstreamUnreachable, "upstream fails", _BAD_GATEWAY, _BAD_GATEWAY),
    Row(errors.ResponseInvalid, "upstream violates the contract", _BAD_GATEWAY, _BAD_GATEWAY),
    Row(errors.UpstreamTimeout, "upstream does not respond", _TIMEOUT, _TIMEOUT),
    Row(errors.UnknownFailure, "bug in the mock", _HIDDEN, _HIDDEN),
)
ROWS: Mapping[type[Refusal], Row] = {row.refusal: row for row in _ROWS}

BEHAVIOURS: Mapping[str, Behaviour] = msgspec.yaml.decode(
    resources.files(__package__).joinpath("behaviours.yaml").read_text("utf-8"),
    type=dict[str, Behaviour],
)
"""The differences of behaviours.yaml, by id."""
