"""What does not fit the contract, and which deviation of the table explains it."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field

from xclade_store_mock.check import defaults
from xclade_store_mock.check.backend import BROKE_OFF
from xclade_store_mock.check.defaults import DefaultFields
from xclade_store_mock.check.engine import Tested
from xclade_store_mock.check.exchange import Answer, Exchange
from xclade_store_mock.check.signs import Known
from xclade_store_mock.check.situations import SITUATIONS, Situation, listed_deviations
from xclade_store_mock.check.words import BREAKS_SCHEMA, describe_failure
from xclade_store_mock.web.dialect import Dialect

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
            tally.checks[defaults.CHECK] += 1
            fault = self.defaults.find_fault(exchange)
            if fault:
                title = "a default field is missing or wrong, though `fields` does not ask for that"
                found = Finding(exchange.operation, defaults.CHECK, title, fault, exchange)
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
        return self.dialect is Dialect.MEDUSA


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
