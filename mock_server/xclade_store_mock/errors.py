"""Every reason why a request is refused: a dialect gives each subclass of `Refusal` its reply."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple, Self

_MAX_LISTED = 3


class Refusal(Exception):
    """A request is refused: the arguments, in the class's text, say why to a person."""

    text: ClassVar[str] = "{}"

    def __str__(self) -> str:
        return self.text.format(*self.args)


class Violation(NamedTuple):
    """A rule that a request violates: where, the schema's keyword for it, and in words."""

    location: tuple[str, ...]
    code: str | int
    message: str


class InvalidData(Refusal):
    """The request violates the contract."""

    title: ClassVar = "Invalid request"

    def __init__(self, message: str, violations: Sequence[Violation] = ()) -> None:
        super().__init__(message, violations)
        self.violations = violations

    @classmethod
    def of(cls, violations: Iterable[Violation]) -> Self:
        """Return the refusal for some violations; its text lists the first three."""
        found = tuple(violations)
        listed = "; ".join(each.message for each in found[:_MAX_LISTED])
        return cls(f"{cls.title}: {listed}", found)


class ResponseInvalid(InvalidData):
    """The upstream's response violates the contract, and is not passed on."""

    title = "Invalid response of the upstream"


class NotJson(Refusal):
    """The body cannot be read as JSON, or has what cannot be kept as it is."""


class PublishableKeyMissing(Refusal):
    """No publishable key was sent, or a blank one."""

    text = (
        "Publishable API key required in the request header: x-publishable-api-key."
        " You can manage your keys in settings in the dashboard."
    )


class PublishableKeyInvalid(Refusal):
    """The publishable key is unknown, revoked or sent twice."""

    text = "A valid publishable key is required to proceed with the request"


class BodyTooLarge(Refusal):
    """The body exceeds the limit."""


class UnsupportedMediaType(Refusal):
    """The body has a media type, charset or encoding that cannot be read."""


class RouteNotFound(Refusal):
    """No operation has this path (the argument)."""

    text = "The mock does not serve {}."


class MethodNotAllowed(Refusal):
    """The path has operations, but none with this method."""

    text = "{} is not possible at {}."

    def __init__(self, method: str, path: str, allowed: str) -> None:
        super().__init__(method, path, allowed)
        self.allowed = allowed
        """The methods that the path has, joined by commas."""


class RegionMissing(Refusal):
    """The `region_id` of a request for providers is blank."""

    text = "You must provide the region_id to list payment providers"


class QueryKeyTooDeep(Refusal):
    """A query parameter's name (the argument) has more than one dot."""

    text = "Key accessor more than 2 levels deep: {}"


class CartNotFound(Refusal):
    """The cart with this id does not exist."""

    text = "Cart id not found: {}"


class CollectionNotFound(Refusal):
    """The payment collection with this id does not exist."""

    text = "Payment collection id not found: {}"


class ProviderNotEnabled(Refusal):
    """The payment provider (by id) is not linked to the region (by id) of the collection's cart."""

    text = "Payment provider {} is not enabled in the cart's region {}."


class ProviderNotInstalled(Refusal):
    """The code of the payment provider with this id is missing."""

    text = "Payment provider {} is not installed."


class AlreadyCaptured(Refusal):
    """A payment of the collection with this id was captured, which cannot be undone."""

    text = "A payment of {} has been captured. For another payment, create another cart."


class ProviderRefused(Refusal):
    """The payment provider refused; the text is the provider's own."""


class ProviderUnreachable(Refusal):
    """The payment provider with this id could not be reached."""

    text = "Payment provider {} could not be reached."


class RequestStillRunning(Refusal):
    """A request with the same idempotency key has not been answered yet."""

    text = (
        "The request conflicted with another request."
        " You may retry the request with the provided Idempotency-Key."
    )


class IdempotencyKeyReused(Refusal):
    """The idempotency key belongs to a request with another body or query."""

    text = "This Idempotency-Key was used for another request."


class StorageUnavailable(Refusal):
    """The store's state can be neither read nor kept; the reason is for the log only."""

    text = "The store's storage is not available. Try again in a moment."

    @property
    def reason(self) -> str:
        """Why, in one line."""
        return str(self.args[0])


class NotForwarded(Refusal):
    """The request (the argument) needs more than can be forwarded to an upstream."""

    text = "The mock does not forward {}."


class UpstreamUnreachable(Refusal):
    """The upstream gave no response, or not all of it; the text says why."""


class UpstreamTimeout(UpstreamUnreachable):
    """The upstream did not respond in time."""


class UnknownFailure(Refusal):
    """A logged bug in the mock, or a failure of Medusa that the mock emulates."""

    text = "An unknown error occurred."
