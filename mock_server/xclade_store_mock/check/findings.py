"""What breaks the contract, and which deviation of the table explains it."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from jsonschema_rs import Draft4Validator
from schemathesis.core.failures import AcceptedNegativeData, Failure, MalformedJson, ServerError
from schemathesis.openapi import checks

from xclade_store_mock.check.backend import INCOMPLETE
from xclade_store_mock.check.calls import CREATE, INITIALIZE, LIST, Interaction, Response
from xclade_store_mock.check.engine import Tested
from xclade_store_mock.check.signs import Evidence
from xclade_store_mock.check.situations import NAMES, Situation, explain
from xclade_store_mock.contract import Contract, compile_schema
from xclade_store_mock.web.dialect import Dialect

BODY_FAILURES = (checks.JsonSchemaError, MalformedJson)
"""Failures that no deviation explains: even what deviates has a body that fits its status."""

_RESPONDS = "answered"
_DEFAULT_FIELDS = "default_fields"
_BREAKS_SCHEMA = "the response breaks the contract's schema"

# The title of each failure, and what the contract expects instead.
_DESCRIPTIONS: Mapping[type[Failure], tuple[str, Callable[[Any], str]]] = {
    ServerError: ("the backend fails", lambda _: "no server error"),
    checks.UndefinedStatusCode: (
        "a status that the contract does not have",
        lambda failure: f"one of {_list(failure.defined_status_codes)}",
    ),
    checks.UndefinedContentType: (
        "a media type that the contract does not have",
        lambda failure: _list(failure.defined_content_types),
    ),
    checks.MissingContentType: ("no media type", lambda failure: _list(failure.media_types)),
    checks.MissingHeaders: ("a header is missing", lambda failure: _list(failure.missing_headers)),
    checks.JsonSchemaError: (
        _BREAKS_SCHEMA,
        lambda failure: (
            f"{failure.validation_message} (at {_list(failure.instance_path, '.') or 'the top'})"
        ),
    ),
    MalformedJson: (
        "the response is not JSON",
        lambda failure: f"JSON: {failure.validation_message}",
    ),
    AcceptedNegativeData: (
        "a request that breaks the contract is accepted",
        # Schemathesis' words for which part of the request breaks it.
        lambda failure: f"400, for {_flat(failure.message.partition('Invalid component:')[2])}",
    ),
    checks.RejectedPositiveData: (
        "a valid request is refused",
        lambda failure: f"one of {_list(failure.allowed_statuses)}",
    ),
    checks.IgnoredAuth: ("", lambda _: "401"),
    checks.UnsupportedMethodResponse: (
        "a method that the contract does not have is not refused",
        lambda _: "405 with Allow",
    ),
    checks.EnsureResourceAvailability: (
        "a new payment collection is not found",
        lambda failure: f"{failure.not_available_with} finds it",
    ),
}


def describe_failure(failure: Failure) -> tuple[str, str]:
    """Return a failure's title, and what the contract expects instead."""
    for kind, (title, expected) in _DESCRIPTIONS.items():
        if isinstance(failure, kind):
            return title or failure.title, expected(failure)
    return failure.title, _flat(failure.message)


def _list(values: Iterable[object], separator: str = ", ") -> str:
    return separator.join(map(str, values))


def _flat(text: str) -> str:
    """Return text on one line."""
    return " ".join(text.split())


_SCHEMAS = "#/components/schemas/"
_COLLECTION = {"properties": {"payment_collection": {"$ref": f"{_SCHEMAS}StorePaymentCollection"}}}
_PROVIDERS = {"properties": {"payment_providers": {"items": {"required": ["id", "is_enabled"]}}}}


def default_fields(contract: Contract) -> dict[str, Draft4Validator]:
    """Return what each operation's response has, unless the query parameter `fields` is given.

    A response's schema in the contract cannot depend on the query, so it allows either.
    """
    schemas: Mapping[str, Mapping[str, Any]]
    schemas = {LIST: _PROVIDERS, CREATE: _COLLECTION, INITIALIZE: _COLLECTION}
    return {name: compile_schema(contract, schema) for name, schema in schemas.items()}


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

    first: Interaction
    calls: int = 0
    checks: Counter[str] = field(default_factory=Counter)
    findings: dict[Hashable, Finding] = field(default_factory=dict)
    succeeded: bool = False


@dataclass(slots=True)
class Judge:
    """Sorts what happened into findings and, in the medusa dialect, expected deviations.

    `deviations` are by row; `absent` lists the rows that were provoked but did not show.
    """

    dialect: Dialect
    evidence: Evidence
    tallies: dict[str, Tally] = field(default_factory=dict)
    deviations: dict[str, Finding] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    _default_fields: Mapping[str, Draft4Validator] = field(init=False)

    def __post_init__(self) -> None:
        self._default_fields = default_fields(self.evidence.contract)

    @property
    def findings(self) -> list[Finding]:
        """The findings, grouped by operation."""
        return [found for tally in self.tallies.values() for found in tally.findings.values()]

    @property
    def unprovoked(self) -> list[str]:
        """The rows that were neither provoked nor seen."""
        seen = self.deviations.keys() | {
            check for tally in self.tallies.values() for check in tally.checks
        }
        return [
            name
            for row, name in NAMES.items()
            if row in self.dialect.deviations and name not in seen
        ]

    def note(self, call: Interaction) -> None:
        """Count a call; check that it got a response, and the default fields."""
        tally = self.tallies.setdefault(call.operation, Tally(call))
        tally.calls += 1
        tally.succeeded |= call.succeeded
        tally.checks[_RESPONDS] += 1
        if call.response is None:
            is_incomplete = call.error == INCOMPLETE
            title = INCOMPLETE if is_incomplete else "no response"
            expected = "a complete response" if is_incomplete else "a response"
            self._add(Finding(call.operation, _RESPONDS, title, expected, call), title)
        elif call.succeeded and "fields" not in dict(call.query):
            tally.checks[_DEFAULT_FIELDS] += 1
            title = "a default field is missing or wrong, although `fields` is not given"
            schema = self._default_fields[call.operation]
            self._validate(schema, call, call.response, _DEFAULT_FIELDS, title)

    def judge_call(self, tested: Tested) -> None:
        """Judge a call by the failures that Schemathesis' checks found."""
        call = tested.interaction
        self.note(call)
        self.tallies[call.operation].checks.update(tested.checks)
        failures = list(tested.failures)
        situation = next(explain(call, self.evidence), None) if failures else None
        if situation is not None and call.response is not None:
            failures = [each for each in failures if isinstance(each, BODY_FAILURES)]
            if len(failures) < len(tested.failures):
                # One deviation, however many checks fail because of it.
                self._add(_describe(situation, call, call.response), situation.name)
        for failure in failures:
            title, expected = describe_failure(failure)
            check = failure.checks[0] if failure.checks else failure.title
            self._add(Finding(call.operation, check, title, expected, call), failure)

    def judge_situation(self, situation: Situation, call: Interaction) -> None:
        """Judge the response to a call that provoked a situation."""
        self.note(call)
        self.tallies[call.operation].checks[situation.name] += 1
        response = call.response
        if response is None:
            return
        found = _describe(situation, call, response)
        if found.row and self.dialect.deviations:
            self._add(found, situation.name)
        elif not situation.expected.allows(response):
            self._add(found, situation.name)
            return
        elif self.dialect.deviations and situation.deviates:
            self.absent.append(situation.name)
        documented = self.evidence.contract.operations[call.operation].responses
        schema = documented.get((response.status, response.media_type))
        if schema is not None and response.media_type == "application/json":
            title = f"{found.title}: {_BREAKS_SCHEMA}"
            self._validate(schema.validator, call, response, situation.name, title)

    def require_success(self) -> None:
        """Add a finding for each operation without any success: its responses prove little."""
        for operation, tally in self.tallies.items():
            if not tally.succeeded:
                title, expected = "no call succeeded", "200 for the ids that were given or found"
                self._add(Finding(operation, title, title, expected, tally.first), title)

    def _validate(
        self, schema: Draft4Validator, call: Interaction, response: Response, check: str, title: str
    ) -> None:
        """Add a finding if a response breaks a schema."""
        for error in islice(schema.iter_errors(response.document), 1):
            self._add(Finding(call.operation, check, title, error.message, call), title)

    def _add(self, found: Finding, identity: Hashable) -> None:
        """Add a finding, or count it if there is an equal one."""
        if found.row and self.dialect.deviations:
            same = self.deviations.setdefault(found.row, found)
        else:
            same = self.tallies[found.operation].findings.setdefault((found.row, identity), found)
        same.calls += 1
        same.interaction = min(same.interaction, found.interaction, key=_length)


def _describe(situation: Situation, call: Interaction, response: Response) -> Finding:
    """Return the finding for a response in a situation; it has a row if the table lists it."""
    title = situation.title or situation.name
    found = Finding(call.operation, situation.name, title, str(situation.expected), call)
    if situation.is_listed(response):
        found.row, found.listed = situation.name, str(situation.listed)
    return found


def _length(call: Interaction) -> int:
    return len(call.url) + len(call.body)
