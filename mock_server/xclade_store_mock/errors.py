"""Every reason why a request is refused; a dialect gives each its status and body.

Refusal
├── InvalidData             the request breaks the contract
├── NotJson                 the body cannot be read
├── PublishableKeyMissing
├── PublishableKeyInvalid   unknown or revoked
├── BodyTooLarge
├── UnsupportedMediaType
├── RouteNotFound
├── MethodNotAllowed
├── RegionMissing           a blank region to list the providers of
├── QueryKeyTooDeep         `?a.b.c=`
├── CartNotFound
├── CollectionNotFound
├── ProviderNotEnabled      not linked to the region of the collection's cart
├── ProviderNotInstalled    linked, or no region to ask, but nothing answers to its id
├── ProviderRefused         the provider said no
├── ProviderUnreachable     the provider said nothing
├── RequestStillRunning     another request with the same idempotency key
├── IdempotencyKeyReused    the idempotency key of another request
├── StorageUnavailable      the store's state can be neither read nor kept
└── UnknownFailure          a bug in the mock, or one that it emulates
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

_MOST_TOLD = 3


class Refusal(Exception):
    """A request is refused; the text is for a person to read."""

    @property
    def message(self) -> str:
        """The text."""
        return str(self)


class Violation(NamedTuple):
    """A rule that a request breaks: where, the schema's keyword for it, and in words."""

    location: tuple[str, ...]
    code: str
    message: str


class InvalidData(Refusal):
    """The request breaks the contract."""

    def __init__(self, message: str, violations: Sequence[Violation] = ()) -> None:
        super().__init__(message)
        self.violations = violations

    @classmethod
    def of(cls, violations: Iterable[Violation]) -> Self:
        """Tell the first three violations in one sentence, and keep them all."""
        kept = tuple(violations)
        told = "; ".join(each.message for each in kept[:_MOST_TOLD])
        return cls(f"Invalid request: {told}", kept)


class NotJson(Refusal):
    """The body cannot be read, or not kept as it is."""


class PublishableKeyMissing(Refusal):
    """No publishable key was sent, or a blank one."""

    def __init__(self) -> None:
        super().__init__(
            "Publishable API key required in the request header: x-publishable-api-key."
            " You can manage your keys in settings in the dashboard."
        )


class PublishableKeyInvalid(Refusal):
    """The publishable key is unknown or revoked."""

    def __init__(self) -> None:
        super().__init__("A valid publishable key is required to proceed with the request")


class BodyTooLarge(Refusal):
    """The body exceeds the limit."""


class UnsupportedMediaType(Refusal):
    """The body declares itself to be something that is not read."""


class RouteNotFound(Refusal):
    """No operation has this path."""

    def __init__(self, path: str) -> None:
        super().__init__(f"The mock does not serve {path}.")


class MethodNotAllowed(Refusal):
    """The path has operations, but none with this method."""

    def __init__(self, method: str, path: str, allowed: str) -> None:
        super().__init__(f"{method} is not possible at {path}.")
        self.allowed = allowed


class RegionMissing(Refusal):
    """Providers were asked for without a region."""

    def __init__(self) -> None:
        super().__init__("You must provide the region_id to list payment providers")


class QueryKeyTooDeep(Refusal):
    """A query parameter's name has more than one dot."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Key accessor more than 2 levels deep: {name}")


class CartNotFound(Refusal):
    """The cart does not exist."""

    def __init__(self, cart_id: str) -> None:
        super().__init__(f"Cart id not found: {cart_id}")


class CollectionNotFound(Refusal):
    """The payment collection does not exist."""

    def __init__(self, collection_id: str) -> None:
        super().__init__(f"Payment collection id not found: {collection_id}")


class ProviderNotEnabled(Refusal):
    """The region of the collection's cart is not linked to the payment provider."""

    def __init__(self, provider_id: str, region_id: str) -> None:
        super().__init__(
            f"Payment provider {provider_id} is not enabled in the cart's region {region_id}."
        )


class ProviderNotInstalled(Refusal):
    """No code answers to the payment provider's id."""

    def __init__(self, provider_id: str) -> None:
        super().__init__(f"Payment provider {provider_id} is not installed.")


class ProviderRefused(Refusal):
    """The payment provider refused; the text is the provider's own."""


class ProviderUnreachable(Refusal):
    """The payment provider could not be reached."""

    def __init__(self, provider_id: str) -> None:
        super().__init__(f"Payment provider {provider_id} could not be reached.")


class RequestStillRunning(Refusal):
    """A request with the same idempotency key has not been answered yet."""

    def __init__(self) -> None:
        super().__init__(
            "The request conflicted with another request."
            " You may retry the request with the provided Idempotency-Key."
        )


class IdempotencyKeyReused(Refusal):
    """The idempotency key belongs to a request with another body or query."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request.")


class StorageUnavailable(Refusal):
    """The store's state can be neither read nor kept; the reason stays in the log."""

    def __init__(self, reason: str) -> None:
        super().__init__("The store's storage is not available. Try again in a moment.")
        self.reason = reason


class UnknownFailure(Refusal):
    """A bug; what it was stays in the log."""

    def __init__(self) -> None:
        super().__init__("An unknown error occurred.")
