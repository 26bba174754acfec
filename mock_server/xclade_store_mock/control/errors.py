"""Errors that only the control API returns, and its response to each error."""

from collections.abc import Mapping, Sequence

from xclade_store_mock import errors
from xclade_store_mock.errors import InvalidData, Refusal, Violation
from xclade_store_mock.web.dialect import Replies, Reply


class ControlTokenInvalid(Refusal):
    """The server has a control token, and the request does not carry it."""

    def __init__(self) -> None:
        super().__init__("The control API requires the header Authorization: Bearer TOKEN.")


class ControlForbidden(Refusal):
    """The request may come from a web page that this machine's user merely has open."""


class NotFound(Refusal):
    """Nothing of this kind has this id; `known` are all that exist, if they are few."""

    def __init__(self, kind: str, id_: str, known: Sequence[str] = ()) -> None:
        hint = f" Use one of {', '.join(known)}." if known else ""
        super().__init__(f"There is no {kind} {id_!r}.{hint}")


class NoStore(Refusal):
    """The server forwards to a real store (its URL), and the request is about the mock's own."""

    text = (
        "All responses are those of {}. This server is a proxy: it has no store, payment provider"
        " outcomes, clock or scenarios of its own."
    )


class Conflict(Refusal):
    """The request contradicts the current state."""


def invalid_field(field: str, problem: str) -> InvalidData:
    """Return the error for a field of the body that has the right form but an unusable value."""
    return InvalidData.of([Violation(("body", field), "value", f"Field '{field}': {problem}")])


class ControlReplies(Replies):
    """How the control API answers refusals."""

    replies: Mapping[type[Refusal], Reply] = {
        errors.NotJson: Reply(400, "invalid_data"),
        errors.InvalidData: Reply(400, "invalid_data"),
        ControlTokenInvalid: Reply(401, "unauthorized"),
        ControlForbidden: Reply(403, "not_allowed"),
        errors.RouteNotFound: Reply(404, "not_found"),
        errors.CartNotFound: Reply(404, "not_found"),
        errors.CollectionNotFound: Reply(404, "not_found"),
        NotFound: Reply(404, "not_found"),
        errors.MethodNotAllowed: Reply(405, "not_allowed"),
        Conflict: Reply(409, "conflict"),
        errors.AlreadyCaptured: Reply(409, "conflict"),
        errors.BodyTooLarge: Reply(413, "invalid_data"),
        errors.UnsupportedMediaType: Reply(415, "invalid_data"),
        errors.StorageUnavailable: Reply(500, "unexpected_state", "api_error"),
        NoStore: Reply(501, "not_allowed"),
        errors.UnknownFailure: Reply(500, "unknown_error", "unknown_error"),
    }
