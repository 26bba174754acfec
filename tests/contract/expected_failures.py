"""Which failures Schemathesis may find in the medusa dialect, and why.

The dialect breaks the contract on purpose, in the ways that docs/deviations.md lists. A failure is
expected only where one of those explains it for that very request.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import schemathesis
from requests import PreparedRequest
from schemathesis.core.failures import AcceptedNegativeData, Failure, ServerError
from schemathesis.openapi.checks import (
    IgnoredAuth,
    RejectedPositiveData,
    UnsupportedMethodResponse,
)

from xclade_store_mock import errors
from xclade_store_mock.contract import Operation
from xclade_store_mock.dialects.table import ROWS
from xclade_store_mock.web.dialect import Reply

COLLECTIONS = re.compile(r"pay_col_(demo|free|[0-9A-Z]{26})")
"""Those of the demo store, and those that it made since."""

LENIENT = frozenset({"limit", "offset", ""})
"""Query parameters of which the dialect takes anything; the one without a name, it drops."""

ODD_PAGE = "`limit` or `offset` that is not a whole number"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request of an operation, as it was sent, and its answer."""

    operation_id: str
    operation: Operation
    request: PreparedRequest
    response: schemathesis.Response

    @property
    def query(self) -> Mapping[str, str]:
        """The query's parameters."""
        return dict(parse_qsl(urlsplit(self._url).query, keep_blank_values=True))

    @property
    def body(self) -> Any:
        """The body as JSON, or None."""
        content = self.request.body
        return json.loads(content) if isinstance(content, bytes) else None

    @property
    def collection_id(self) -> str:
        """The payment collection that the path names."""
        return unquote(urlsplit(self._url).path.split("/")[3])

    @property
    def _idempotency_key(self) -> dict[str, str]:
        key = self.request.headers.get("Idempotency-Key")
        return {} if key is None else {"Idempotency-Key": str(key)}

    @property
    def _url(self) -> str:
        assert self.request.url
        return self.request.url

    def lets_pass(self, *names: str) -> bool:
        """Tell whether one of these breaks the contract, and nothing that is not let pass does."""
        odd = {name for name in LENIENT & self.query.keys() if _is_odd(name, self.query[name])}
        if not self.operation.header.is_valid(self._idempotency_key):
            odd.add("Idempotency-Key")
        query = {name: value for name, value in self.query.items() if name not in LENIENT}
        body = self.operation.body
        rest_is_valid = self.operation.query.is_valid(query) and (
            body is None or body.is_valid(self.body)
        )
        return rest_is_valid and bool(odd & set(names))

    def is_answered_with(self, reply: Reply) -> bool:
        """Tell whether this is the answer."""
        media_type = self.response.headers["content-type"][0].partition(";")[0]
        if (reply.status, reply.media_type.partition(";")[0]) != (
            self.response.status_code,
            media_type,
        ):
            return False
        return reply.type is None or reply.type == self.response.json()["type"]


def _is_odd(name: str, value: str) -> bool:
    return not name or not re.fullmatch("[0-9]+", value) or int(value) >= 2**31


Explains = Callable[[Failure, Exchange], bool]


@dataclass(frozen=True, slots=True)
class Expected:
    """Failures that a deviation explains: a situation of docs/deviations.md.

    A short run may not come across a rare one.
    """

    deviation: str
    failures: tuple[type[Failure], ...]
    explains: Explains
    rare: bool = False


def expected(
    error: type[errors.Refusal],
    failures: tuple[type[Failure], ...],
    arises: Callable[[Exchange], bool],
    *,
    rare: bool = False,
) -> Expected:
    """Explain by the table's answer to an error, where that arises."""
    row = ROWS[error]
    assert row.medusa
    reply = row.medusa
    return Expected(
        row.situation,
        failures,
        lambda _, exchange: arises(exchange) and exchange.is_answered_with(reply),
        rare,
    )


def accepted(deviation: str, *names: str, rare: bool = False) -> Expected:
    """Explain by parameters that the dialect does not look at closely."""
    return Expected(
        deviation,
        (AcceptedNegativeData,),
        lambda _, exchange: exchange.lets_pass(*names),
        rare,
    )


def key_is_refused_otherwise(failure: Failure, _: Exchange) -> bool:
    """Schemathesis asks again without the key, and tells the status in words."""
    reply = ROWS[errors.PublishableKeyMissing].medusa
    assert reply
    return f"got `{reply.status} " in failure.message


def is_unknown_collection(exchange: Exchange) -> bool:
    """Tell whether the path names a collection that cannot be there."""
    return (
        exchange.operation_id == "initialize_payment_session"
        and COLLECTIONS.fullmatch(exchange.collection_id) is None
    )


def is_free_with_stripe(exchange: Exchange) -> bool:
    """Tell whether Stripe is to take an amount of 0."""
    return (
        exchange.operation_id == "initialize_payment_session"
        and exchange.collection_id == "pay_col_free"
        and exchange.body["provider_id"] == "pp_stripe_stripe"
    )


def has_deep_key(exchange: Exchange) -> bool:
    """Tell whether a query parameter has two dots in its name."""
    return any(re.search(r"\..*\.", name, re.DOTALL) for name in exchange.query)


def has_negative_page(_: Failure, exchange: Exchange) -> bool:
    """Tell whether limit or offset is negative."""
    page = [exchange.query.get(name, "") for name in ("limit", "offset")]
    return any(re.match(r"\s*-", each) for each in page)


EXPECTED = (
    Expected(
        ROWS[errors.PublishableKeyMissing].situation, (IgnoredAuth,), key_is_refused_otherwise
    ),
    expected(errors.MethodNotAllowed, (UnsupportedMethodResponse,), lambda _: True),
    expected(errors.CollectionNotFound, (ServerError, RejectedPositiveData), is_unknown_collection),
    expected(errors.ProviderRefused, (ServerError, RejectedPositiveData), is_free_with_stripe),
    expected(errors.QueryKeyTooDeep, (ServerError,), has_deep_key, rare=True),
    Expected(ODD_PAGE, (ServerError,), has_negative_page),
    accepted(ODD_PAGE, "limit", "offset", rare=True),
    accepted("`Idempotency-Key`", "Idempotency-Key"),
    accepted("query", "", rare=True),
)
