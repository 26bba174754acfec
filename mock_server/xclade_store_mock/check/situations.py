"""The table of deviations as calls: how to provoke a row, and how to know it again.

The rows are those of `dialects.table.ROWS` and `BEHAVIOURS`, which
docs/deviations.md renders.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode
from uuid import uuid4

from xclade_store_mock import errors
from xclade_store_mock.check import KEY_HEADER, signs
from xclade_store_mock.check.backend import Answer, Call
from xclade_store_mock.check.discovery import CREATE, INITIALIZE, LIST, NOBODYS, Ids
from xclade_store_mock.check.signs import Sign
from xclade_store_mock.dialects import describe
from xclade_store_mock.dialects.table import BEHAVIOURS, ROWS
from xclade_store_mock.errors import Refusal
from xclade_store_mock.web.bodies import MAX_BODY
from xclade_store_mock.web.dialect import Reply


@dataclass(frozen=True, slots=True)
class Expected:
    """A reply of the table, and perhaps a header: None where there should not be one.

    Of a status without a body in the contract, only the status counts.
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

    def allows(self, answer: Answer) -> bool:
        """Tell whether status, media type and header are these: the vocabularies stay open."""
        media_type = self.reply.media_type.partition(";")[0]
        return (
            answer.status == self.reply.status
            and (self.only_status or answer.media_type == media_type)
            and (self.header is None or answer.headers.get(self.header[0]) == self.header[1])
        )

    def is_met_by(self, answer: Answer) -> bool:
        """Tell whether the answer is exactly this: its type and code, too."""
        if not self.allows(answer) or self.reply.type is None:
            return self.allows(answer)
        document = answer.document
        return (
            isinstance(document, dict)
            and document.get("type") == self.reply.type
            and document.get("code") == self.reply.code
        )


Calls = Callable[[Ids], tuple[Call, ...]]

_TYPE = "content-type"
_REPLAYED = "idempotent-replayed"
_ACCEPTED = Expected(Reply(200))
_REFUSED = Expected(Reply(400, "invalid_data"))
_FAILED = Expected(Reply(500, "unknown_error", "unknown_error"))


@dataclass(frozen=True, slots=True)
class Situation:
    """A row by its name on the page: the answers in either dialect, and what shows it.

    `calls` provoke it, the last one's answer tells; `needs` is the operation they are made of, the
    first one that is tested if None. `sign` tells it in somebody else's call. `title` says what is
    called, where the name does not.
    """

    name: str
    expected: Expected
    listed: tuple[Expected, ...]
    needs: str | None = None
    calls: Calls | None = None
    sign: Sign | None = None
    title: str = ""

    @property
    def deviates(self) -> bool:
        """Whether the dialects differ here at all."""
        return self.listed != (self.expected,)

    def find_listed(self, answer: Answer) -> Expected | None:
        """Find which deviation of this row the answer is, if it is one."""
        if not self.deviates:
            return None
        return next((each for each in self.listed if each.is_met_by(answer)), None)


def listed_deviations() -> Iterator[str]:
    """Name all rows in which the dialects differ."""
    yield from (row.situation for row in ROWS.values() if row.documented != row.medusa)
    yield from (behaviour.situation for behaviour in BEHAVIOURS.values())


def _row(
    error: type[Refusal],
    needs: str | None = None,
    calls: Calls | None = None,
    sign: Sign | None = None,
    *,
    only_status: bool = False,
    title: str = "",
) -> Situation:
    """Take a row of the errors; where none arises, the documented dialect knows no such parameter.

    The other one does not look at the key that is used again.
    """
    row = ROWS[error]
    return Situation(
        row.situation,
        Expected(row.documented, only_status=only_status) if row.documented else _REFUSED,
        (Expected(row.medusa) if row.medusa else _ACCEPTED,),
        needs,
        calls,
        sign,
        title,
    )


def _behaviour(
    name: str,
    needs: str | None,
    calls: Calls,
    sign: Sign | None = None,
    *,
    expected: Expected = _REFUSED,
    listed: tuple[Expected, ...],
    title: str = "",
) -> Situation:
    """Take a row of the behaviours."""
    row = BEHAVIOURS[name]
    return Situation(row.situation, expected, listed, needs, calls, sign, title)


def _keyed(*calls: Call) -> tuple[Call, ...]:
    """Give calls one idempotency key that nobody has used before."""
    headers = {"idempotency-key": f"check-{uuid4()}"}
    return tuple(replace(call, headers=headers) for call in calls)


def _with_type(call: Call, media_type: str, content: bytes | None = None) -> tuple[Call, ...]:
    content = call.content if content is None else content
    return (replace(call, headers={_TYPE: media_type}, content=content),)


# In the order in which the recorded backend would come upon them.
SITUATIONS = (
    _row(
        errors.BodyTooLarge,
        CREATE,
        lambda ids: (
            replace(
                ids.create_collection(),
                content=(ids.create_collection().content or b"") + b" " * MAX_BODY,
            ),
        ),
    ),
    _row(
        errors.UnsupportedMediaType,
        CREATE,
        lambda ids: _with_type(ids.create_collection(), "application/json; charset=iso-8859-1"),
    ),
    _row(
        errors.NotJson,
        CREATE,
        lambda ids: (replace(ids.create_collection(), content=b'{"cart_id": '),),
    ),
    _behaviour(
        "odd-number",
        INITIALIZE,
        lambda ids: (
            replace(
                ids.initialize_session({}),
                content=(ids.initialize_session({}).content or b"")[:-2] + b'"check": 1e400}}',
            ),
        ),
        listed=(_ACCEPTED,),
        title="a number beyond a double's range",
    ),
    _row(
        errors.PublishableKeyMissing,
        None,
        lambda ids: (replace(ids.any_call(), headers={KEY_HEADER: None}),),
        signs.no_key,
    ),
    _row(
        errors.PublishableKeyInvalid,
        None,
        lambda ids: (replace(ids.any_call(), headers={KEY_HEADER: f"pk_{NOBODYS}"}),),
        signs.other_key,
    ),
    _row(
        errors.MethodNotAllowed,
        CREATE,
        lambda ids: (replace(ids.create_collection(), method="GET", content=None),),
        signs.other_method,
        only_status=True,
    ),
    _behaviour(
        "body",
        CREATE,
        lambda ids: _with_type(
            ids.create_collection(),
            "application/x-www-form-urlencoded",
            urlencode({"cart_id": ids.cart}).encode(),
        ),
        expected=Expected(Reply(415, "invalid_data")),
        listed=(_ACCEPTED,),
        title="a form as body",
    ),
    _row(
        errors.QueryKeyTooDeep,
        LIST,
        lambda ids: (ids.list_providers(**{"check.the.query": "1"}),),
        signs.deep_query,
        title="an unknown query parameter, with two dots in its name",
    ),
    _row(errors.RegionMissing, LIST, lambda ids: (ids.list_providers(region_id=""),)),
    _behaviour(
        "paging",
        LIST,
        lambda ids: (ids.list_providers(limit="1.5"),),
        signs.odd_paging,
        listed=(_ACCEPTED, _FAILED),
    ),
    _row(errors.CartNotFound, CREATE, lambda ids: (ids.create_collection(cart=NOBODYS),)),
    _row(
        errors.CollectionNotFound,
        INITIALIZE,
        lambda ids: (ids.initialize_session(collection=NOBODYS),),
        signs.unknown_collection,
    ),
    _behaviour(
        "unstorable-data",
        INITIALIZE,
        lambda ids: (ids.initialize_session({"check": "\ud800"}),),
        signs.unstorable_data,
        listed=(_FAILED,),
    ),
    _row(errors.ProviderRefused, sign=signs.data_for_a_third_party),
    _behaviour(
        "idempotency-key",
        INITIALIZE,
        lambda ids: _keyed(ids.initialize_session(), ids.initialize_session()),
        signs.malformed_idempotency_key,
        expected=Expected(Reply(200), (_REPLAYED, "true")),
        listed=(Expected(Reply(200), (_REPLAYED, None)),),
        title="the same call again, with its `Idempotency-Key`",
    ),
    _row(
        errors.IdempotencyKeyReused,
        INITIALIZE,
        lambda ids: _keyed(ids.initialize_session(), ids.initialize_session({"check": "other"})),
    ),
    _behaviour(
        "json-type",
        None,
        lambda ids: (ids.any_call(),),
        expected=_ACCEPTED,
        listed=(Expected(Reply(200), (_TYPE, "application/json; charset=utf-8")),),
    ),
)
"""The rows that can be provoked from outside, or met by chance."""
