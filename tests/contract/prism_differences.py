"""How the mock's responses differ from Prism's on purpose, and why; docs/prefer.md has it."""

from enum import Enum
from typing import NamedTuple


class Row(NamedTuple):
    """A row of the table."""

    situation: str
    prism: str
    mock: str
    reason: str


class Difference(Enum):
    """The reasons that a test case may give for a difference."""

    STATEFUL = Row(
        "no preference",
        "an example of the successful response",
        "the store's response",
        "applications are built against it",
    )
    DYNAMIC = Row(
        "`dynamic=true`",
        "other values of the same schema",
        "its own values; the same for the same `seed`",
        "another generator",
    )
    REPLAYED = Row(
        "documented response headers",
        "example values: `Idempotent-Replayed: true`",
        "omitted",
        "nothing was replayed",
    )
    REFUSED = Row(
        "the request breaks the contract",
        "an example of its 422, or else of its 400; `code` and `example` may select one",
        "its own 400, regardless of preferences",
        "it says what is wrong",
    )
    WORDS = Row(
        "messages in `sl-violations`", "its own", "those of the 400", "same wording as the body"
    )
    FIRST_PART = Row(
        "several parts of a request break the contract",
        "violations of all parts",
        "violations of the first part: key, body, headers, query",
        "same as in the 400",
    )
    UNKNOWN_FIELDS = Row(
        "several unknown fields", "one violation each", "one violation", "same as in the 400"
    )
    TOO_MANY = Row(
        "too many violations for a header",
        "truncates the JSON after 8,092 characters, and adds a prefix that says so",
        "omits the last ones: at most 4,000 characters, always valid JSON",
        "truncated JSON cannot be parsed",
    )
    UNKNOWN_PARAMETER = Row(
        "unknown query parameter", "ignored", "400", "the contract documents it"
    )
    EMPTY = Row(
        "empty parameter",
        "treated as absent",
        "400, unless it is a string without a minimum length",
        "it is present",
    )
    NO_BODY = Row(
        "no body, or `null`",
        "a violation of the request",
        "a violation of the body",
        "an absent body is read as `{}`, as by the recorded backend",
    )
    NO_MEDIA_TYPE = Row(
        "body without `Content-Type`", "400 as plain text", "415", "the contract documents it"
    )
    TOO_LARGE = Row("body over 102,400 bytes", "accepted", "413", "the contract documents it")
    UNKNOWN_KEY = Row(
        "unknown publishable key", "accepted", "401", "the store has a list of its keys"
    )
    MISROUTED = Row(
        "unknown path, wrong method",
        "its own problem document",
        "the dialect's 404 or 405",
        "storefronts get that from the backend",
    )
    HEAD = Row("`HEAD`", "405", "like `GET`, without the body", "HTTP requires it")
    ACCEPT = Row(
        "`Accept` without the media type of the response",
        "406; with `code`, the successful response, or 500",
        "ignored",
        "each response has one media type",
    )
    NOT_A_TOKEN = Row("`cöde=409`", "read as `code`", "ignored", "not a token of RFC 7240")
    NO_ANSWER = Row(
        "body that is not JSON; unknown field beyond Latin-1",
        "does not respond, or its process ends",
        "400",
        "a server must respond and keep running",
    )
    CHARSET = Row(
        "media type of JSON with `--dialect medusa`",
        "`application/json`",
        "`application/json; charset=utf-8`",
        "same as the recorded backend",
    )


def render() -> str:
    """Return the table for the documentation."""
    rows = (each.value for each in Difference)
    lines = (("situation", "Prism", "the mock", "reason"), ("---",) * 4, *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
