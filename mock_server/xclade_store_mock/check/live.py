"""Check live traffic: sort out what violates the contract, and sum it up by operation.

It needs nothing of the extra `check`, except for reports.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from xclade_store_mock.check import KEY_HEADER, Secrets
from xclade_store_mock.check.calls import Interaction, Response
from xclade_store_mock.check.invariants import Observer
from xclade_store_mock.check.signs import Evidence
from xclade_store_mock.check.situations import NAMES, explain
from xclade_store_mock.contract import Contract
from xclade_store_mock.errors import Violation
from xclade_store_mock.redaction import hide_body, hide_header, hide_query
from xclade_store_mock.web.dialect import Dialect

if TYPE_CHECKING:
    from xclade_store_mock.check.report import Cause, Report

_BODY = ("response", "body")
_CONTRACT = "contract"
_MAX_IDS = 10_000
_MAX_PROBLEMS = 1_000  # of different texts
_MAX_SHOWN = 16_384

Conclude = Callable[[Response | None, Sequence[Violation]], Sequence[Violation]]
"""Takes a response and how the call violates the contract; returns what no deviation explains."""


@dataclass(slots=True)
class Problem:
    """Something wrong with an operation, and the first call that showed it, without secrets."""

    operation: str
    check: str
    title: str
    expected: str
    call: Interaction
    calls: int = 0

    def __str__(self) -> str:
        if self.check == _CONTRACT:
            return self.title
        return f"Response: {self.title}; expected: {self.expected}"


@dataclass(slots=True)
class Seen:
    """What has been seen of an operation: statuses (None: no response), and the checks made."""

    first: Interaction
    statuses: Counter[int | None] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)


class LiveCheck:
    """Observes calls; in the medusa dialect, known deviations are not violations."""

    def __init__(self, contract: Contract, dialect: Dialect) -> None:
        self._contract = contract
        self._dialect = dialect
        self._started = datetime.now().astimezone()
        self._observer = Observer()
        self._seen: dict[str, Seen] = {}
        self._known: dict[tuple[str, str], Problem] = {}
        self._violations: dict[tuple[str, str], Problem] = {}
        self._key = ""
        self._collections: dict[str, bool] = {}
        """Whether each payment collection is free."""

    @property
    def has_violations(self) -> bool:
        """Whether anything violated the contract."""
        return bool(self._violations)

    def begin(self, call: Interaction) -> Conclude:
        """Announce a call; return what concludes it, which must be called once.

        From one outside of the contract, without an operation, carts are learned.
        """
        span = self._observer.begin(call)

        def conclude(
            response: Response | None, violations: Sequence[Violation]
        ) -> Sequence[Violation]:
            done = replace(call, response=response, error="" if response else "no response")
            if not call.operation:
                self._observer.observe(done, span)
                return ()
            if call.operation not in self._seen:
                self._seen[call.operation] = Seen(_redacted(done))
            seen = self._seen[call.operation]
            seen.statuses[response.status if response else None] += 1
            seen.checks[_CONTRACT] += 1
            shown = [*self._unexplained(done, violations)]
            for verdict in self._observer.observe(done, span):
                name, title, *_ = verdict.invariant
                seen.checks[name] += 1
                if verdict.expected and verdict.row in self._dialect.deviations:
                    _add(self._known, done, name, NAMES[verdict.row], verdict.expected)
                elif verdict.expected:
                    _add(self._violations, done, name, title, verdict.expected)
                    message = f"Response: {title}; expected: {verdict.expected}"
                    shown.append(Violation(_BODY, name, message))
            self._learn(done)
            return shown

        return conclude

    def _unexplained(
        self, call: Interaction, violations: Sequence[Violation]
    ) -> Iterator[Violation]:
        """Yield the violations that are not a known deviation; note all."""
        situation = None
        if violations and self._dialect.deviations:
            free = {id_ for id_, is_free in self._collections.items() if is_free}
            evidence = Evidence(self._key, self._collections, self._contract, free)
            situation = next(explain(call, evidence), None)
        if situation is not None:
            _add(self._known, call, _CONTRACT, situation.name, str(situation.expected))
        for each in violations:
            # Even what deviates has a body that fits its status.
            if situation is None or each.location[:2] == _BODY:
                _add(self._violations, call, _CONTRACT, each.message, "what the contract says")
                yield each

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
        """Return what was seen: a line for each operation and each thing that was wrong."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        for name in self._contract.operations:
            seen = self._seen.get(name)
            counts = seen.statuses.items() if seen else ()
            statuses = ", ".join(f"{count}x {status or 'no response'}" for status, count in counts)
            yield f"{name}: {statuses or 'not called'}"
            for each in self._violations.values():
                if each.operation == name:
                    yield f"  {each.calls}x {each}"
            for each in self._known.values():
                if each.operation == name:
                    yield f"  {each.calls}x known: {each.title}"

    def report(self, url: str) -> "Report":
        """Return what was seen as a report. Needs the extra `check`."""
        from xclade_store_mock.check.report import Report, Tally  # noqa: PLC0415 - needs Jinja2

        return Report(
            title="Contract check of live traffic",
            url=url,
            properties={"dialect": self._dialect.name},
            started=self._started,
            secrets=Secrets(""),
            tallies={
                name: Tally(seen.first, seen.statuses.total(), seen.checks, is_tested=True)
                for name, seen in self._seen.items()
            },
            causes=[_cause(each) for each in self._violations.values()],
            deviations=[_cause(each, each.title) for each in self._known.values()],
            not_tested={
                name: "it was not called"
                for name in self._contract.operations
                if name not in self._seen
            },
        )


def _add(
    problems: dict[tuple[str, str], Problem],
    call: Interaction,
    check: str,
    title: str,
    expected: str,
) -> None:
    key = call.operation, title
    if key not in problems and len(problems) < _MAX_PROBLEMS:
        problems[key] = Problem(call.operation, check, title, expected, _redacted(call))
    if key in problems:
        problems[key].calls += 1


def _redacted(call: Interaction) -> Interaction:
    """Return a call without the secrets of whoever made it."""
    path, mark, query = call.url.partition("?")
    response = call.response
    return replace(
        call,
        url=f"{path}{mark}{hide_query(query)}",
        headers={name: hide_header(name, value) for name, value in call.headers.items()},
        body=_hide(call.body),
        response=response
        and Response(response.status, {"content-type": response.media_type}, _hide(response.body)),
    )


def _hide(body: bytes) -> bytes:
    return hide_body(body.decode(errors="replace"))[:_MAX_SHOWN].encode()


def _cause(problem: Problem, row: str = "") -> "Cause":
    from xclade_store_mock.check.report import Cause, Finding  # noqa: PLC0415 - needs Jinja2

    found = Finding(
        problem.operation,
        problem.check,
        problem.title,
        problem.expected,
        problem.call,
        row,
        f"{problem.calls} calls",
    )
    cause = Cause(found)
    cause.add(found)
    cause.calls = problem.calls
    return cause
