"""What breaks the contract, and which deviation of the table explains it."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
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

from xclade_store_mock.check.backend import INCOMPLETE, Interaction, Response
from xclade_store_mock.check.discovery import CREATE, INITIALIZE, LIST
from xclade_store_mock.check.engine import Tested
from xclade_store_mock.check.signs import Evidence
from xclade_store_mock.check.situations import NAMES, Situation, explain
from xclade_store_mock.contract import Contract, compile_schema
from xclade_store_mock.web.dialect import Dialect

BODY_FAILURES = (JsonSchemaError, MalformedJson)
"""Failures that no deviation explains: even what deviates has a body that fits its status."""

_RESPONDS = "answered"
_DEFAULT_FIELDS = "default_fields"
_BREAKS_SCHEMA = "the response breaks the contract's schema"

_DESCRIPTIONS: Mapping[type[Failure], tuple[str, Callable[[Any], str]]] = {
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
        _BREAKS_SCHEMA,
        lambda failure: f"{failure.validation_message} (at {_location(failure) or 'the top'})",
    ),
    MalformedJson: (
        "the response is not JSON",
        lambda failure: f"JSON: {failure.validation_message}",
    ),
    AcceptedNegativeData: (
        "a request that breaks the contract is accepted",
        lambda failure: f"400, for {_invalid_component(failure)}",
    ),
    RejectedPositiveData: (
        "a valid request is refused",
        lambda failure: f"one of {', '.join(map(str, failure.allowed_statuses))}",
    ),
    IgnoredAuth: ("", lambda _: "401"),
    UnsupportedMethodResponse: (
        "a method that the contract does not have is not refused",
        lambda _: "405 with Allow",
    ),
    EnsureResourceAvailability: (
        "a new payment collection is not found",
        lambda failure: f"{failure.not_available_with} finds it",
    ),
}


def describe_failure(failure: Failure) -> tuple[str, str]:
    """Return a failure's title, and what the contract expects instead."""
    for kind, (title, expected) in _DESCRIPTIONS.items():
        if isinstance(failure, kind):
            return title or failure.title, expected(failure)
    return failure.title, " ".join(failure.message.split())


def _location(failure: JsonSchemaError) -> str:
    return ".".join(str(step) for step in failure.instance_path)


def _invalid_component(failure: AcceptedNegativeData) -> str:
    """Return which part of the request breaks the contract, in Schemathesis' words."""
    return " ".join(failure.message.partition("Invalid component:")[2].split())


_SCHEMAS = "#/components/schemas/"
_COLLECTION = {"properties": {"payment_collection": {"$ref": f"{_SCHEMAS}StorePaymentCollection"}}}
_PROVIDERS = {"properties": {"payment_providers": {"items": {"required": ["id", "is_enabled"]}}}}


@dataclass(frozen=True, slots=True)
class DefaultFields:
    """The fields that each operation returns unless the query parameter `fields` says otherwise.

    A response's schema in the contract cannot depend on the query, so it allows either.
    """

    schemas: Mapping[str, Draft4Validator]

    @classmethod
    def of(cls, contract: Contract) -> Self:
        """Compile the schemas."""
        collection = compile_schema(contract, _COLLECTION)
        providers = compile_schema(contract, _PROVIDERS)
        return cls({LIST: providers, CREATE: collection, INITIALIZE: collection})

    def apply_to(self, call: Interaction) -> bool:
        """Return whether the response must have them."""
        query = parse_qs(urlsplit(call.url).query, keep_blank_values=True)
        return call.succeeded and "fields" not in query

    def find_error(self, call: Interaction) -> str:
        """Return what is missing or wrong; empty if nothing is."""
        document = call.response.document if call.response else None
        errors = self.schemas[call.operation].iter_errors(document)
        return next((error.message for error in errors), "")


@dataclass(slots=True)
class Finding:
    """Something wrong with an operation, shown by the shortest call that showed it.

    If the table lists just this, `row` is its row and `listed` the response that it lists;
    otherwise both are empty.
    """

    operation: str
    check: str
    title: str
    expected: str
    interaction: Interaction
    row: str = ""
    listed: str = ""
    calls: int = 0


@dataclass(slots=True)
class Tally:
    """What was tried of an operation, and what was found; equal findings share a key."""

    calls: int = 0
    checks: Counter[str] = field(default_factory=Counter)
    findings: dict[Hashable, Finding] = field(default_factory=dict)
    first: Interaction | None = None
    succeeded: bool = False


@dataclass(slots=True)
class Judge:
    """Sorts what happened into findings and, in the medusa dialect, expected deviations.

    `deviations` are by row; `absent` lists the rows that were provoked but did not show.
    """

    dialect: Dialect
    evidence: Evidence
    defaults: DefaultFields
    tallies: dict[str, Tally] = field(default_factory=dict)
    deviations: dict[str, Finding] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    provoked: set[str] = field(default_factory=set)

    @property
    def findings(self) -> list[Finding]:
        """The findings, grouped by operation."""
        return [found for tally in self.tallies.values() for found in tally.findings.values()]

    @property
    def unprovoked(self) -> list[str]:
        """The rows that were neither provoked nor seen."""
        seen = self.provoked | self.deviations.keys()
        listed = [NAMES[row] for row in NAMES if row in self.dialect.deviations]
        return [name for name in listed if name not in seen]

    def note(self, call: Interaction) -> None:
        """Count a call; check that it got a response, and the default fields."""
        tally = self.tallies.setdefault(call.operation, Tally())
        tally.calls += 1
        tally.first = tally.first or call
        tally.succeeded = tally.succeeded or call.succeeded
        tally.checks[_RESPONDS] += 1
        if call.response is None:
            is_incomplete = call.error == INCOMPLETE
            title = INCOMPLETE if is_incomplete else "no response"
            expected = "a complete response" if is_incomplete else "a response"
            self._add(Finding(call.operation, _RESPONDS, title, expected, call), title)
        if self.defaults.apply_to(call):
            tally.checks[_DEFAULT_FIELDS] += 1
            error = self.defaults.find_error(call)
            if error:
                title = "a default field is missing or wrong, although `fields` is not given"
                self._add(Finding(call.operation, _DEFAULT_FIELDS, title, error, call), title)

    def judge_call(self, tested: Tested) -> None:
        """Judge a call by the failures that Schemathesis' checks found."""
        call = tested.interaction
        self.note(call)
        self.tallies[call.operation].checks.update(tested.checks)
        failures = list(tested.failures)
        situation = next(explain(call, self.evidence), None) if failures else None
        if situation is not None and call.response is not None:
            explained = [each for each in failures if not isinstance(each, BODY_FAILURES)]
            if explained:
                # One deviation, however many checks fail because of it.
                self._add(_describe(situation, call, call.response), situation.name)
            failures = [each for each in failures if each not in explained]
        for failure in failures:
            title, expected = describe_failure(failure)
            check = failure.checks[0] if failure.checks else failure.title
            self._add(Finding(call.operation, check, title, expected, call), failure)

    def judge_situation(self, situation: Situation, call: Interaction) -> None:
        """Judge the response to a call that provoked a situation."""
        self.note(call)
        self.tallies[call.operation].checks[situation.name] += 1
        self.provoked.add(situation.name)
        if call.response is None:
            return
        found = _describe(situation, call, call.response)
        if found.row and self._is_expected:
            self._add(found, situation.name)
        elif not situation.expected.allows(call.response):
            self._add(found, situation.name)
            return
        elif self._is_expected and situation.deviates:
            self.absent.append(situation.name)
        error = self._schema_error(call.operation, call.response)
        if error:
            title = f"{found.title}: {_BREAKS_SCHEMA}"
            self._add(Finding(call.operation, situation.name, title, error, call), title)

    def require_success(self) -> None:
        """Add a finding for each operation without any success: its responses prove little."""
        for operation, tally in self.tallies.items():
            if tally.checks and tally.first and not tally.succeeded:
                title, expected = "no call succeeded", "200 for the ids that were given or found"
                self._add(Finding(operation, title, title, expected, tally.first), title)

    def _schema_error(self, operation: str, response: Response) -> str:
        """Return how a response breaks its documented schema; empty if it does not."""
        documented = self.evidence.contract.operations[operation].responses
        schema = documented.get((response.status, response.media_type))
        if schema is None or response.media_type != "application/json":
            return ""
        errors = schema.validator.iter_errors(response.document)
        return next((error.message for error in errors), "")

    def _add(self, found: Finding, identity: Hashable) -> None:
        """Add a finding, or count it if there is an equal one."""
        if found.row and self._is_expected:
            same = self.deviations.setdefault(found.row, found)
        else:
            same = self.tallies[found.operation].findings.setdefault((found.row, identity), found)
        same.calls += 1
        if _length(found.interaction) < _length(same.interaction):
            same.interaction = found.interaction

    @property
    def _is_expected(self) -> bool:
        """Whether the deviations that the table lists are expected."""
        return bool(self.dialect.deviations)


def _describe(situation: Situation, call: Interaction, response: Response) -> Finding:
    """Return the finding for a response in a situation; it has a row if the table lists it."""
    is_listed = situation.is_listed(response)
    return Finding(
        call.operation,
        situation.name,
        situation.title or situation.name,
        str(situation.expected),
        call,
        situation.name if is_listed else "",
        str(situation.listed) if is_listed else "",
    )


def _length(call: Interaction) -> int:
    return len(call.url) + len(call.body)
