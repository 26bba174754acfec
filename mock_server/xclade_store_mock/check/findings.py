"""What breaks the contract, grouped by cause, and which deviation of the table explains it."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonschema_rs import Draft4Validator, ValidationError, ValidationErrorKind
from schemathesis.core.failures import AcceptedNegativeData, Failure, MalformedJson, ServerError
from schemathesis.openapi import checks

from xclade_store_mock.check import KEY_HEADER
from xclade_store_mock.check.backend import INCOMPLETE
from xclade_store_mock.check.calls import CREATE, INITIALIZE, LIST, Interaction, Response
from xclade_store_mock.check.engine import Tested
from xclade_store_mock.check.invariants import Observer, Verdict
from xclade_store_mock.check.report import Cause, Finding, Tally
from xclade_store_mock.check.signs import Evidence, find_violations
from xclade_store_mock.check.situations import NAMES, Situation, explain
from xclade_store_mock.contract import Contract, Operation, compile_schema
from xclade_store_mock.dialects.replies import BEHAVIOURS
from xclade_store_mock.web.dialect import Dialect

BODY_FAILURES = (checks.JsonSchemaError, MalformedJson)
"""Failures that no deviation explains: even what deviates has a body that fits its status."""

_RESPONDS = "answered"
_DEFAULT_FIELDS = "default_fields"
_NOT_JSON = "the response is not JSON"
_FITS = "a response that fits the contract's schema"
_NOT_REFUSED = "a request that breaks the contract is not refused"
_MOST_VIOLATIONS = 5
_LONGEST = 200

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
    checks.RejectedPositiveData: (
        "a valid request does not succeed",
        lambda failure: f"one of {_list(failure.allowed_statuses)}",
    ),
    checks.IgnoredAuth: ("a call without a valid key is not refused", lambda _: "401"),
    checks.MissingHeaderNotRejected: (
        "a call without a required header is not refused",
        lambda failure: f"{_list(failure.expected_statuses)}, without {failure.header_name}",
    ),
    checks.UnsupportedMethodResponse: (
        "a method that the contract does not have is not refused as it should be",
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
            return title, expected(failure)
    return failure.title, _flat(failure.message)


def _list(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))


def _flat(text: str) -> str:
    """Return text on one line."""
    return " ".join(text.split())


def describe_violation(error: ValidationError) -> tuple[str, tuple[str, ...]]:
    """Return how a response violates a schema, and what all such violations have in common."""
    path, error = _meant(error)
    match error.kind:
        case ValidationErrorKind.Required(property=name):
            return f"`{_dotted([*path, name])}` is missing", (*path, name, "required")
        case _:
            text = f"`{_dotted(path) or 'the body'}`: {error.message[:_LONGEST]}"
            return text, (*path, error.kind.name)


def _dotted(path: Iterable[str]) -> str:
    return ".".join(path).replace(".[]", "[]")


def _meant(error: ValidationError) -> tuple[list[str], ValidationError]:
    """Return the path and the error of the branch of an `anyOf` that was meant.

    That is the branch which fits the most: its first error is the deepest.
    """
    match error.kind:
        case ValidationErrorKind.AnyOf(context=branches):
            deepest = max(branches, key=lambda errors: (_depth(errors), -len(errors)))
            return _meant(deepest[0])
        case _:
            steps = error.instance_path
            return ["[]" if isinstance(step, int) else step for step in steps], error


def _depth(errors: Iterable[ValidationError]) -> int:
    return min(len(error.instance_path) for error in errors)


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
class Judge:
    """Sorts what happened into findings and, in the medusa dialect, expected deviations.

    `deviations` are by row.
    """

    dialect: Dialect
    evidence: Evidence
    tallies: dict[str, Tally] = field(default_factory=dict)
    causes: dict[Hashable, Cause] = field(default_factory=dict)
    deviations: dict[Hashable, Cause] = field(default_factory=dict)
    _unseen: dict[str, None] = field(default_factory=dict)
    _default_fields: Mapping[str, Draft4Validator] = field(init=False)
    _observer: Observer = field(default_factory=Observer)

    def __post_init__(self) -> None:
        self._default_fields = default_fields(self.evidence.contract)

    @property
    def absent(self) -> list[str]:
        """The rows that were provoked, but never seen."""
        return [name for name in self._unseen if name not in self.deviations]

    @property
    def unprovoked(self) -> list[str]:
        """The rows that are neither provoked nor seen, nor named by a finding."""
        seen = {check for tally in self.tallies.values() for check in tally.checks}
        shown = [cause.shown for cause in (*self.deviations.values(), *self.causes.values())]
        seen |= {found.row for found in shown}
        for found in shown:
            for violation in find_violations(found.interaction, self._operation(found.interaction)):
                seen |= {*violation.location}
        return [
            name
            for row, name in NAMES.items()
            if row in self.dialect.deviations and seen.isdisjoint({row, name})
        ]

    def is_tested(self, operation: str) -> bool:
        """Return whether calls were generated for an operation."""
        return operation in self.tallies and self.tallies[operation].is_tested

    def note(self, call: Interaction) -> None:
        """Count a call; check that it got a response, and the default fields."""
        tally = self.tallies.setdefault(call.operation, Tally(call))
        tally.calls += 1
        tally.checks[_RESPONDS] += 1
        if call.response is None:
            is_incomplete = call.error == INCOMPLETE
            title = INCOMPLETE if is_incomplete else "no response"
            expected = "a complete response" if is_incomplete else "a response"
            self._add(Finding(call.operation, _RESPONDS, title, expected, call), title)
        elif self._succeeded(call):
            tally.succeeded = True
            if "fields" not in dict(call.query):
                tally.checks[_DEFAULT_FIELDS] += 1
                self._judge_body(call, _DEFAULT_FIELDS)
        for verdict in self._observer.observe(call):
            tally.checks[verdict.invariant.name] += 1
            if verdict.expected:
                cause = None if verdict.row else verdict.invariant.name
                self._add(_describe_verdict(verdict, call), cause)
            elif verdict.row and self.dialect.deviations:
                self._unseen[NAMES[verdict.row]] = None

    def learn(self, call: Interaction) -> None:
        """Remember what a call outside the contract reveals, such as a cart's total."""
        self._observer.observe(call)

    def judge_call(self, tested: Tested) -> None:
        """Judge a call by the failures that Schemathesis' checks found."""
        call = tested.interaction
        self.note(call)
        tally = self.tallies[call.operation]
        tally.checks.update(tested.checks)
        tally.is_tested = True
        failures = list(tested.failures)
        situation = next(explain(call, self.evidence), None) if failures else None
        if situation is not None and call.response is not None:
            failures = [each for each in failures if isinstance(each, BODY_FAILURES)]
            if len(failures) < len(tested.failures):
                # One deviation, however many checks fail because of it.
                self._add(_describe(situation, call, call.response))
        for failure in failures:
            self._judge_failure(failure, call)

    def judge_situation(self, situation: Situation, call: Interaction) -> None:
        """Judge the response to a call that provoked a situation."""
        self.note(call)
        self.tallies[call.operation].checks[situation.name] += 1
        response = call.response
        if response is None:
            return
        found = _describe(situation, call, response)
        if found.row and self.dialect.deviations:
            self._add(found)
        elif not situation.expected.allows(response):
            self._add(found)
            return
        elif self.dialect.deviations and situation.deviates:
            self._unseen[situation.name] = None
        if response.media_type == "application/json":
            self._judge_body(call, situation.name)

    def require_success(self, operations: Iterable[str]) -> None:
        """Add a finding for each operation without any success: its responses prove little."""
        for operation in operations:
            tally = self.tallies.get(operation)
            if tally and not tally.succeeded:
                title, expected = "no call succeeded", "200 for the ids that were given or found"
                self._add(Finding(operation, title, title, expected, tally.first))

    def _judge_failure(self, failure: Failure, call: Interaction) -> None:
        name = failure.checks[0] if failure.checks else failure.title
        if isinstance(failure, BODY_FAILURES) and self._judge_body(call, name):
            return
        title, expected = describe_failure(failure)
        if isinstance(failure, AcceptedNegativeData):
            violations = find_violations(call, self._operation(call))
            said = _flat(failure.message.partition("Invalid component:")[2])
            if not violations and "in body" in said:
                # What Schemathesis did to the body left it valid.
                return
            parts = [f"{each.location[0]}: {each.message}" for each in violations]
            title, expected = _NOT_REFUSED, f"400, for {'; '.join(parts) or said}"
        self._add(Finding(call.operation, name, title, expected, call))

    def _judge_body(self, call: Interaction, name: str) -> bool:
        """Add how a body violates its schemas: the contract's, and that of the default fields.

        Return whether it does.
        """
        response = call.response
        if response is None:
            return False
        if response.document is None and response.body.strip() != b"null":
            self._add(Finding(call.operation, name, _NOT_JSON, "JSON", call), _NOT_JSON)
            return True
        violations: list[ValidationError] = []
        if self._succeeded(call) and "fields" not in dict(call.query):
            violations += self._default_fields[call.operation].iter_errors(response.document)
        documented = self._operation(call).responses.get((response.status, response.media_type))
        if documented is not None and name != _DEFAULT_FIELDS:
            # The default fields say more than the choice between all and some fields.
            is_explained = bool(violations)
            violations += (
                each
                for each in documented.validator.iter_errors(response.document)
                if not (is_explained and isinstance(each.kind, ValidationErrorKind.AnyOf))
            )
        for error in violations[:_MOST_VIOLATIONS]:
            text, cause = describe_violation(error)
            self._add(Finding(call.operation, name, text, _FITS, call), cause)
        return bool(violations)

    def _add(self, found: Finding, cause: Hashable | None = None) -> None:
        """Add a finding to those with the same cause; None: find it by what the call shows."""
        is_expected = found.row and self.dialect.deviations
        causes = self.deviations if is_expected else self.causes
        key = self._find_cause(found) if cause is None else cause
        causes.setdefault(key, Cause(found)).add(found)

    def _find_cause(self, found: Finding) -> Hashable:
        """Return what findings with the same cause have in common."""
        call, response = found.interaction, found.interaction.response
        if found.row or response is None:
            return found.row or found.title
        operation = self._operation(call)
        documented = {status for status, _ in operation.responses}
        if response.status not in documented:
            return call.operation, response.status
        if (response.status, response.media_type) not in operation.responses:
            return response.status, response.media_type
        if not call.succeeded:
            error = f"{response.member('type')} {response.member('code')}"
            return call.operation, response.status, error
        if call.header(KEY_HEADER) != self.evidence.key:
            return KEY_HEADER
        violations = find_violations(call, operation)
        return (call.method, *(each.location for each in violations)) if violations else found.title

    def _operation(self, call: Interaction) -> Operation:
        return self.evidence.contract.operations[call.operation]

    def _succeeded(self, call: Interaction) -> bool:
        """Return whether the operation succeeded; another method proves nothing about it."""
        return call.succeeded and call.method == self._operation(call).method


def _describe(situation: Situation, call: Interaction, response: Response) -> Finding:
    """Return the finding for a response in a situation; it has a row if the table lists it."""
    title = situation.title or situation.name
    is_listed = situation.is_listed(response)
    row, listed = (situation.name, str(situation.listed)) if is_listed else ("", "")
    name, expected = situation.name, str(situation.expected)
    return Finding(call.operation, name, title, expected, call, row, listed)


def _describe_verdict(verdict: Verdict, call: Interaction) -> Finding:
    """Return the finding for a broken invariant; it has a row if a deviation explains it."""
    name, title, *_ = verdict.invariant
    if not verdict.row:
        return Finding(call.operation, name, title, verdict.expected, call)
    row = BEHAVIOURS[verdict.row]
    return Finding(call.operation, name, title, verdict.expected, call, row.situation, row.medusa)
