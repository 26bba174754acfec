"""THE table: where the mock's answers are meant to differ from Prism's, and why."""

from enum import Enum
from typing import NamedTuple


class Row(NamedTuple):
    """A situation, what either makes of it, and the mock's reason; docs/mock-server.md has them."""

    situation: str
    prism: str
    mock: str
    reason: str


class Difference(Enum):
    """Every reason to differ that a test may name, and must."""

    STATEFUL = Row(
        "nothing is preferred",
        "an example of the success",
        "what the store answers",
        "it is there to be built against",
    )
    DYNAMIC = Row(
        "`dynamic=true`",
        "other values, of the same schema",
        "values of its own; the same for the same `seed`",
        "another generator",
    )
    REPLAYED = Row(
        "documented response headers",
        "made up: `Idempotent-Replayed: true`",
        "left out",
        "nothing was replayed",
    )
    REFUSED = Row(
        "the request breaks the contract",
        "an example of its 422, else of its 400; `code` and `example` may choose among them",
        "its own 400, whatever is preferred",
        "that tells what is wrong",
    )
    WORDS = Row(
        "messages in `sl-violations`",
        "its own",
        "those of the 400",
        "one wording",
    )
    FIRST_PART = Row(
        "several parts of a request break the contract",
        "violations of all parts",
        "violations of the first: key, body, headers, query",
        "as in the 400",
    )
    UNKNOWN_FIELDS = Row(
        "several unknown fields",
        "a violation each",
        "one violation",
        "as in the 400",
    )
    TOO_MANY = Row(
        "more violations than a header should hold",
        "cuts the JSON after 8,092 characters, and says so in front",
        "leaves the last ones out: at most 4,000 characters, and always JSON",
        "a header that cannot be read helps nobody",
    )
    UNKNOWN_PARAMETER = Row(
        "unknown query parameter",
        "ignored",
        "400",
        "the contract documents it",
    )
    EMPTY = Row(
        "empty parameter",
        "as if it were not there",
        "breaks the contract, unless it is text of any length",
        "it is there",
    )
    NO_BODY = Row(
        "no body, or `null`",
        "a violation of the request",
        "a violation of the body",
        "no body is read as `{}`, like the recorded backend does",
    )
    NO_MEDIA_TYPE = Row(
        "body without `Content-Type`",
        "400, as text",
        "415",
        "the contract documents it",
    )
    TOO_LARGE = Row(
        "body over 102,400 bytes",
        "taken",
        "413",
        "the contract documents it",
    )
    UNKNOWN_KEY = Row(
        "publishable key that the store does not have",
        "taken",
        "401",
        "the store knows its keys",
    )
    MISROUTED = Row(
        "unknown path, wrong method",
        "a problem of its own",
        "the dialect's 404 or 405",
        "storefronts meet that one",
    )
    HEAD = Row(
        "`HEAD`",
        "405",
        "like `GET`, without the body",
        "as HTTP has it",
    )
    ACCEPT = Row(
        "`Accept` that names another media type than the answer has",
        "406; with `code`, the success, or 500",
        "not read",
        "each answer has one media type",
    )
    NOT_A_TOKEN = Row(
        "`cöde=409`",
        "read as `code`",
        "ignored",
        "no token of RFC 7240",
    )
    NO_ANSWER = Row(
        "body that is not JSON; unknown field beyond Latin-1",
        "never answers; its process ends",
        "400",
        "a server answers, and goes on",
    )
    CHARSET = Row(
        "media type of JSON with `--dialect medusa`",
        "`application/json`",
        "`application/json; charset=utf-8`",
        "the recorded backend's",
    )


def render() -> str:
    """Write the table for the documentation."""
    rows = (each.value for each in Difference)
    lines = (("situation", "Prism", "the mock", "because"), ("---",) * 4, *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
