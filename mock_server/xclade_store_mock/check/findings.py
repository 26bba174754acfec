"""What does not fit the contract, and which deviation of the table explains it."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from jsonschema_rs import Draft4Validator
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

from xclade_store_mock.check.backend import BROKE_OFF, Answer, Exchange
from xclade_store_mock.check.discovery import CREATE, INITIALIZE, LIST
from xclade_store_mock.check.engine import Tested
from xclade_store_mock.check.signs import Known
from xclade_store_mock.check.situations import SITUATIONS, Situation, listed_deviations
from xclade_store_mock.contract import Contract, compile_schema
from xclade_store_mock.web.dialect import Dialect

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


DEFAULT_FIELDS = "default_fields"

_SCHEMAS = "#/components/schemas/"
_COLLECTION = {"properties": {"payment_collection": {"$ref": f"{_SCHEMAS}StorePaymentCollection"}}}
_PROVIDERS = {"properties": {"payment_providers": {"items": {"required": ["id", "is_enabled"]}}}}


@dataclass(frozen=True, slots=True)
class DefaultFields:
    """What each operation answers at least, unless `fields` says otherwise."""

    schemas: Mapping[str, Draft4Validator]

    @classmethod
    def of(cls, contract: Contract) -> Self:
        """Compile the schemas."""
        collection = compile_schema(contract, _COLLECTION)
        providers = compile_schema(contract, _PROVIDERS)
        return cls({LIST: providers, CREATE: collection, INITIALIZE: collection})

    def apply_to(self, exchange: Exchange) -> bool:
        """Tell whether an exchange must have them."""
        answer = exchange.answer
        query = parse_qs(urlsplit(exchange.url).query, keep_blank_values=True)
        return answer is not None and answer.status == HTTPStatus.OK and "fields" not in query

    def find_fault(self, exchange: Exchange) -> str:
        """Tell what is missing or wrong, or nothing."""
        document = exchange.answer.document if exchange.answer else None
        errors = self.schemas[exchange.operation].iter_errors(document)
        return next((error.message for error in errors), "")


_ANSWERED = "answered"


@dataclass(slots=True)
class Finding:
    """What is wrong with an operation: shown by the shortest of the calls that showed it.

    `row` is the row of the table that lists just this, and `listed` the answer it lists; both are
    empty if none does.
    """

    operation: str
    check: str
    title: str
    expected: str
    exchange: Exchange
    row: str = ""
    listed: str = ""
    calls: int = 0


@dataclass(slots=True)
class Tally:
    """How much was tried of an operation, and what was found; the same things share a key."""

    calls: int = 0
    checks: Counter[str] = field(default_factory=Counter)
    findings: dict[Hashable, Finding] = field(default_factory=dict)
    first: Exchange | None = None
    succeeded: bool = False


@dataclass(slots=True)
class Judge:
    """Sorts what is seen into findings and, in the medusa dialect, deviations that were expected.

    `deviations` are by the rows that showed, `absent` the rows that were provoked in vain.
    """

    dialect: Dialect
    known: Known
    defaults: DefaultFields
    tallies: dict[str, Tally] = field(default_factory=dict)
    deviations: dict[str, Finding] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    provoked: set[str] = field(default_factory=set)

    @property
    def findings(self) -> list[Finding]:
        """The findings, operation by operation."""
        return [found for tally in self.tallies.values() for found in tally.findings.values()]

    @property
    def unprovoked(self) -> list[str]:
        """The rows that nobody looked for."""
        seen = self.provoked | self.deviations.keys()
        return [name for name in listed_deviations() if name not in seen]

    def note(self, exchange: Exchange) -> None:
        """Count a call; look whether it was answered, and with the default fields."""
        tally = self.tallies.setdefault(exchange.operation, Tally())
        tally.calls += 1
        tally.first = tally.first or exchange
        tally.succeeded = tally.succeeded or exchange.succeeded
        tally.checks[_ANSWERED] += 1
        if exchange.answer is None:
            title, expected = ("no answer", "an answer")
            if exchange.trouble == BROKE_OFF:
                title, expected = (BROKE_OFF, "all of it")
            self._add(Finding(exchange.operation, _ANSWERED, title, expected, exchange), title)
        if self.defaults.apply_to(exchange):
            tally.checks[DEFAULT_FIELDS] += 1
            fault = self.defaults.find_fault(exchange)
            if fault:
                title = "a default field is missing or wrong, though `fields` does not ask for that"
                found = Finding(exchange.operation, DEFAULT_FIELDS, title, fault, exchange)
                self._add(found, title)

    def judge_call(self, tested: Tested) -> None:
        """Judge a call by what the checks complained of."""
        exchange = tested.exchange
        self.note(exchange)
        self.tallies[exchange.operation].checks.update(tested.checks)
        row = self._recognize(exchange) if tested.failures else None
        if row is not None:
            # One thing, however many checks complain of it.
            self._add(row, row.row)
            return
        for failure in tested.failures:
            title, expected = describe_failure(failure)
            check = failure.checks[0] if failure.checks else failure.title
            self._add(Finding(exchange.operation, check, title, expected, exchange), failure)

    def judge_situation(self, situation: Situation, exchange: Exchange) -> None:
        """Judge the answer to a call that provoked a situation."""
        self.note(exchange)
        self.tallies[exchange.operation].checks[situation.name] += 1
        self.provoked.add(situation.name)
        answer = exchange.answer
        if answer is None:
            return
        found = _in_row(situation, exchange, answer)
        if not situation.expected.allows(answer) or (found.row and self._is_expected):
            self._add(found, situation.name)
            return
        if self._is_expected and situation.deviates:
            self.absent.append(situation.name)
        fault = self._schema_fault(exchange.operation, answer)
        if fault:
            found.title, found.expected = f"{found.title}: {BREAKS_SCHEMA}", fault
            self._add(found, found.title)

    def require_success(self) -> None:
        """Complain of operations that never succeeded: their answers prove little."""
        for operation, tally in self.tallies.items():
            if tally.checks and tally.first and not tally.succeeded:
                title, expected = "no call succeeded", "200 for the ids that were given or found"
                self._add(Finding(operation, title, title, expected, tally.first), title)

    def _schema_fault(self, operation: str, answer: Answer) -> str:
        """Tell what a documented answer lacks, or nothing."""
        documented = self.known.contract.operations[operation].responses
        response = documented.get((answer.status, answer.media_type))
        if response is None or answer.media_type != "application/json":
            return ""
        errors = response.validator.iter_errors(answer.document)
        return next((error.message for error in errors), "")

    def _recognize(self, exchange: Exchange) -> Finding | None:
        """Find the row that lists what a call and its answer show."""
        for situation in SITUATIONS:
            if exchange.answer and situation.sign and situation.sign(exchange, self.known):
                found = _in_row(situation, exchange, exchange.answer)
                if found.row:
                    return found
        return None

    def _add(self, found: Finding, identity: Hashable) -> None:
        """Add a finding to those that are the same."""
        if found.row and self._is_expected:
            same = self.deviations.setdefault(found.row, found)
        else:
            same = self.tallies[found.operation].findings.setdefault((found.row, identity), found)
        same.calls += 1
        if _length(found.exchange) < _length(same.exchange):
            same.exchange = found.exchange

    @property
    def _is_expected(self) -> bool:
        """Whether what the table lists is what should come."""
        return bool(self.dialect.deviations)


def _in_row(situation: Situation, exchange: Exchange, answer: Answer) -> Finding:
    """Describe an answer in a situation; it has a row if the table lists it."""
    listed = situation.find_listed(answer)
    return Finding(
        exchange.operation,
        situation.name,
        situation.title or situation.name,
        str(situation.expected),
        exchange,
        situation.name if listed else "",
        str(listed) if listed else "",
    )


def _length(exchange: Exchange) -> int:
    return len(exchange.url) + len(exchange.body)
