"""What a check complains of, and what the contract asks for instead, in plain words."""

from collections.abc import Callable, Mapping
from typing import Any

from schemathesis.core.failures import AcceptedNegativeData, Failure, MalformedJson, ServerError
from schemathesis.openapi.checks import (
    EnsureResourceAvailability,
    IgnoredAuth,
    JsonSchemaError,
    MissingContentType,
    MissingHeaders,
    RejectedPositiveData,
    UndefinedContentType,
    UndefinedStatusCode,
    UnsupportedMethodResponse,
)

BREAKS_SCHEMA = "the answer breaks the contract's schema"

_WORDS: Mapping[type[Failure], tuple[str, Callable[[Any], str]]] = {
    ServerError: ("the backend fails", lambda _: "no server error"),
    UndefinedStatusCode: (
        "a status that the contract does not have",
        lambda failure: f"one of {', '.join(failure.defined_status_codes)}",
    ),
    UndefinedContentType: (
        "a media type that the contract does not have",
        lambda failure: ", ".join(failure.defined_content_types),
    ),
    MissingContentType: ("no media type", lambda failure: ", ".join(failure.media_types)),
    MissingHeaders: ("a header is missing", lambda failure: ", ".join(failure.missing_headers)),
    JsonSchemaError: (
        BREAKS_SCHEMA,
        lambda failure: f"{failure.validation_message} (at {_place(failure) or 'the top'})",
    ),
    MalformedJson: (
        "the answer is not JSON",
        lambda failure: f"JSON: {failure.validation_message}",
    ),
    AcceptedNegativeData: (
        "a request that breaks the contract is accepted",
        lambda failure: f"400, for {_broken(failure)}",
    ),
    RejectedPositiveData: (
        "a request that keeps the contract is refused",
        lambda failure: f"one of {', '.join(map(str, failure.allowed_statuses))}",
    ),
    IgnoredAuth: ("", lambda _: "401"),
    UnsupportedMethodResponse: (
        "a method that the contract does not have is not refused",
        lambda _: "405 with Allow",
    ),
    EnsureResourceAvailability: (
        "what was just created is not found",
        lambda failure: f"{failure.not_available_with} finds it",
    ),
}


def describe_failure(failure: Failure) -> tuple[str, str]:
    """Answer a failure's title, and what was expected."""
    for kind, (title, expected) in _WORDS.items():
        if isinstance(failure, kind):
            return title or failure.title, expected(failure)
    return failure.title, " ".join(failure.message.split())


def _place(failure: JsonSchemaError) -> str:
    return ".".join(str(step) for step in failure.instance_path)


def _broken(failure: AcceptedNegativeData) -> str:
    """Tell which part of the request breaks the contract."""
    return " ".join(failure.message.partition("Invalid component:")[2].split())
