"""Check live traffic: sort its violations of the contract, and sum them up by operation.

It needs nothing of the extra `check`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from xclade_store_mock.check import KEY_HEADER
from xclade_store_mock.check.calls import Interaction, Response
from xclade_store_mock.check.invariants import Observer, Span
from xclade_store_mock.check.signs import Evidence
from xclade_store_mock.check.situations import NAMES, explain
from xclade_store_mock.contract import Contract
from xclade_store_mock.errors import Violation
from xclade_store_mock.web.dialect import Dialect

_BODY = ("response", "body")
_MAX_IDS = 10_000


@dataclass(slots=True)
class Tally:
    """What has been seen of an operation: statuses (None: no response), and what was wrong."""

    statuses: Counter[int | None] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)


class LiveCheck:
    """Observes calls; in the medusa dialect, known deviations are not violations."""

    def __init__(self, contract: Contract, dialect: Dialect) -> None:
        self.tallies = {name: Tally() for name in contract.operations}
        self._contract = contract
        self._dialect = dialect
        self._key = ""
        self._observer = Observer()
        self._collections: dict[str, bool] = {}
        """Whether each payment collection is free."""

    @property
    def has_violations(self) -> bool:
        """Whether anything violated the contract."""
        return any(tally.violations for tally in self.tallies.values())

    def begin(self, call: Interaction) -> Span:
        """Announce a call that is passed on."""
        return self._observer.begin(call)

    def conclude(
        self,
        call: Interaction,
        span: Span,
        response: Response | None,
        violations: Sequence[Violation],
    ) -> Sequence[Violation]:
        """Count a call and its response; return the violations that no deviation explains."""
        call = replace(call, response=response)
        tally = self.tallies[call.operation]
        tally.statuses[None if response is None else response.status] += 1
        if violations and self._dialect.deviations:
            for name in self._deviations(call):
                tally.known[name] += 1
                # Even what deviates has a body that fits its status.
                violations = [each for each in violations if each.location[:2] == _BODY]
        self._learn(call)
        violations = [*violations, *self._broken(call, span)]
        tally.violations.update({each.message for each in violations})
        return violations

    def _deviations(self, call: Interaction) -> Iterator[str]:
        free = {id_ for id_, is_free in self._collections.items() if is_free}
        evidence = Evidence(self._key, self._collections, self._contract, free)
        for situation in explain(call, evidence):
            yield situation.name
            return

    def _broken(self, call: Interaction, span: Span) -> Iterator[Violation]:
        """Yield the invariants that a call breaks."""
        for verdict in self._observer.observe(call, span):
            invariant, expected = verdict.invariant, verdict.expected
            if expected and verdict.row in self._dialect.deviations:
                self.tallies[call.operation].known[NAMES[verdict.row]] += 1
            elif expected:
                message = f"Response: {invariant.title}; expected: {expected}"
                yield Violation(_BODY, invariant.name, message)

    def _learn(self, call: Interaction) -> None:
        """Remember the key and the payment collection of a call that succeeded."""
        if call.response is None or not call.succeeded:
            return
        self._key = call.header(KEY_HEADER) or ""
        collection = call.response.member("payment_collection")
        if isinstance(collection, dict) and isinstance(collection.get("id"), str):
            self._collections[collection["id"]] = collection.get("amount") == 0
            if len(self._collections) > _MAX_IDS:
                del self._collections[next(iter(self._collections))]

    def summary(self) -> str:
        """Return what was seen, a line for each operation and each thing that was wrong."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        for name, tally in self.tallies.items():
            statuses = ", ".join(
                f"{count}x {status or 'no response'}" for status, count in tally.statuses.items()
            )
            yield f"{name}: {statuses or 'not called'}"
            yield from (f"  {count}x {what}" for what, count in tally.violations.most_common())
            yield from (f"  {count}x known: {what}" for what, count in tally.known.most_common())
