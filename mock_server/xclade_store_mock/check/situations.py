"""The table of deviations as calls: how to provoke a situation, and how to recognize it.

The table is `dialects.replies`, which docs/deviations.md shows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode
from uuid import uuid4

from xclade_store_mock import errors
from xclade_store_mock.check import IDEMPOTENCY_KEY, KEY_HEADER
from xclade_store_mock.check.calls import UNKNOWN_ID, Ids, Interaction, Request, Response
from xclade_store_mock.check.signs import SIGNS, Evidence
from xclade_store_mock.dialects import DOCUMENTED, MEDUSA, describe
from xclade_store_mock.dialects.replies import BEHAVIOURS, ROWS
from xclade_store_mock.errors import Refusal
from xclade_store_mock.web.bodies import MAX_BODY
from xclade_store_mock.web.dialect import Reply

Requests = Callable[[Ids], tuple[Request, ...]]

NAMES = {refusal.__name__: row.situation for refusal, row in ROWS.items()} | {
    name: row.situation for name, row in BEHAVIOURS.items()
}
"""The situations in words, by id, in the order of the table."""

UNSTORABLE = "\ud800"
"""A text that no database can store, so that an initialization fails."""

_PAGES = 4
_FIELDS = ("", "amount,payment_sessions.status", "+status,-amount", "+created_at,+updated_at")
_TYPE = "content-type"
_REPLAYED = "idempotent-replayed"


@dataclass(frozen=True, slots=True)
class Expected:
    """The response to expect: a reply of the table, and perhaps a header (None: without it).

    `only_status` is for replies whose body the contract does not describe.
    """

    reply: Reply
    header: tuple[str, str | None] | None = None
    only_status: bool = False

    def __str__(self) -> str:
        words = describe(self.reply)
        if self.header is None:
            return words
        name, value = self.header
        return f"{words} without {name}" if value is None else f"{words}, {name}: {value}"

    def allows(self, response: Response) -> bool:
        """Return whether status, media type and header match: error types are an open set."""
        media_type = self.reply.media_type.partition(";")[0]
        return (
            response.status == self.reply.status
            and (self.only_status or response.media_type == media_type)
            and (self.header is None or response.headers.get(self.header[0]) == self.header[1])
        )

    def matches(self, response: Response) -> bool:
        """Return whether the error's type and code match as well."""
        found = response.member("type"), response.member("code")
        return self.allows(response) and (
            self.reply.type is None or found == (self.reply.type, self.reply.code)
        )


_ACCEPTED = Expected(Reply(200))
_REFUSED = Expected(Reply(400, "invalid_data"))
_FAILED = Expected(Reply(500, "unknown_error", "unknown_error"))


@dataclass(frozen=True, slots=True)
class Situation:
    """A row of the table: what is documented, what the table lists instead, how to get there.

    `requests` provoke it; the response to the last one counts. `sign` recognizes it in other calls
    (default: its id). `title` names the call where the row's name does not.
    """

    id: str
    requests: Requests | None = None
    expected: Expected = _REFUSED
    listed: Expected = _ACCEPTED
    title: str = ""
    sign: str = ""

    @property
    def name(self) -> str:
        """The situation in the words of the table."""
        return NAMES[self.id]

    @property
    def deviates(self) -> bool:
        """Whether the dialects differ here."""
        return self.listed != self.expected

    def is_listed(self, response: Response) -> bool:
        """Return whether a response is the deviation that the table lists."""
        return self.deviates and self.listed.matches(response)


def explain(call: Interaction, evidence: Evidence) -> Iterator[Situation]:
    """Yield the situations whose listed deviation explains a call's response."""
    for situation in SITUATIONS:
        recognize, response = SIGNS.get(situation.sign or situation.id), call.response
        if recognize and recognize(call, evidence) and response and situation.is_listed(response):
            yield situation


def _error(
    error: type[Refusal],
    requests: Requests | None = None,
    *,
    only_status: bool = False,
    title: str = "",
) -> Situation:
    """Return the situation in which an error arises.

    Where the documented dialect has no such error, it refuses the query parameter. Where the medusa
    dialect has none, it ignores the idempotency key.
    """
    documented, listed = DOCUMENTED.replies.get(error), MEDUSA.replies.get(error)
    expected = Expected(documented, only_status=only_status) if documented else _REFUSED
    deviation = Expected(listed) if listed else _ACCEPTED
    return Situation(error.__name__, requests, expected, deviation, title)


def _create(
    ids: Ids, content: bytes = b"", media_type: str = "application/json"
) -> tuple[Request, ...]:
    """Return a request to create a payment collection, with another body or media type."""
    request = ids.create_collection()
    headers, content = {_TYPE: media_type}, content or request.content
    return (replace(request, headers=headers, content=content),)


def _other_key(ids: Ids, key: str | None) -> tuple[Request, ...]:
    return (replace(ids.any_request(), headers={KEY_HEADER: key}),)


def _with_key(*requests: Request) -> tuple[Request, ...]:
    """Give requests one new idempotency key."""
    headers = {IDEMPOTENCY_KEY: f"check-{uuid4()}"}
    return tuple(replace(request, headers=headers) for request in requests)


def _huge_number(ids: Ids) -> tuple[Request, ...]:
    request = ids.initialize_session({"check": 0})
    return (replace(request, content=request.content.replace(b": 0}", b": 1e400}")),)


def _form(ids: Ids) -> tuple[Request, ...]:
    content = urlencode({"cart_id": ids.cart}).encode()
    return _create(ids, content, "application/x-www-form-urlencoded")


REFUSED = _error(errors.ProviderRefused)
"""A provider refuses, or is not installed; only some providers can be made to do so."""

# In the order in which the recorded backend checks them.
SITUATIONS = (
    _error(
        errors.BodyTooLarge,
        lambda ids: _create(ids, ids.create_collection().content + b" " * MAX_BODY),
    ),
    _error(
        errors.UnsupportedMediaType,
        lambda ids: _create(ids, media_type="application/json; charset=iso-8859-1"),
    ),
    _error(errors.NotJson, lambda ids: _create(ids, b'{"cart_id": ')),
    Situation("odd-number", _huge_number, title="a number beyond a double's range"),
    _error(errors.PublishableKeyMissing, lambda ids: _other_key(ids, None)),
    _error(errors.PublishableKeyInvalid, lambda ids: _other_key(ids, f"pk_{UNKNOWN_ID}")),
    _error(
        errors.MethodNotAllowed,
        lambda ids: (replace(ids.create_collection(), method="GET", content=b""),),
        only_status=True,
    ),
    Situation(
        "options",
        lambda ids: (replace(ids.any_request(), method="OPTIONS", content=b""),),
        Expected(Reply(405), only_status=True),
        Expected(Reply(200, media_type="text/html")),
    ),
    Situation("body", _form, Expected(Reply(415, "invalid_data")), title="a form as body"),
    _error(
        errors.QueryKeyTooDeep,
        lambda ids: (ids.list_providers(**{"check.the.query": "1"}),),
        title="an unknown query parameter, with two dots in its name",
    ),
    Situation(
        "query",
        lambda ids: (ids.list_providers(**{"": "0"}),),
        title="a query parameter without a name",
    ),
    _error(errors.RegionMissing, lambda ids: (ids.list_providers(region_id=""),)),
    Situation("paging", lambda ids: (ids.list_providers(limit="1.5"),)),
    Situation("paging", listed=_FAILED, sign="negative-paging"),
    _error(errors.CartNotFound, lambda ids: (ids.create_collection(cart=UNKNOWN_ID),)),
    _error(errors.CollectionNotFound, lambda ids: (ids.initialize_session(collection=UNKNOWN_ID),)),
    Situation(
        "unstorable-data",
        lambda ids: (ids.initialize_session({"check": UNSTORABLE}),),
        listed=_FAILED,
    ),
    REFUSED,
    Situation(
        "idempotency-key",
        lambda ids: _with_key(ids.initialize_session(), ids.initialize_session()),
        Expected(Reply(200), (_REPLAYED, "true")),
        Expected(Reply(200), (_REPLAYED, None)),
        title="the same call again, with its `Idempotency-Key`",
    ),
    _error(
        errors.IdempotencyKeyReused,
        lambda ids: _with_key(ids.initialize_session(), ids.initialize_session({"check": "x"})),
    ),
    Situation(
        "json-type",
        lambda ids: (ids.any_request(),),
        _ACCEPTED,
        Expected(Reply(200), (_TYPE, MEDUSA.json_type)),
    ),
)
"""The rows that a caller can provoke or come across."""


def comparisons(ids: Ids) -> Iterator[Request]:
    """Yield calls whose responses the invariants compare with each other."""
    create, initialize = ids.create_collection(), ids.initialize_session()
    requests = (
        *(ids.list_providers(limit="1", offset=str(offset)) for offset in range(_PAGES)),
        *(ids.list_providers(fields=fields) for fields in ("id", "-is_enabled")),
        create,
        *(replace(create, query={"fields": fields}) for fields in _FIELDS),
        *(replace(initialize, query={"fields": fields}) for fields in _FIELDS),
        ids.initialize_session({"check": "data"}),
        initialize,
        ids.initialize_session({"check": UNSTORABLE}),
        create,
    )
    yield from (each for each in requests if each.operation in ids.tested)
