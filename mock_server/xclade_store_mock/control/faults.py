"""Faults: planned misbehaviour towards the next requests to the Store API."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from starlette.types import Scope

from xclade_store_mock.control.errors import FaultNotFound, InTheWay
from xclade_store_mock.control.gate import Gate

MOST_FAULTS = 100


class Moment(StrEnum):
    """Before the store carries a request out, or after that."""

    BEFORE = "before"
    AFTER = "after"


class Break(StrEnum):
    """What becomes of an answer."""

    DROPPED = "dropped"
    TRUNCATED = "truncated"
    GARBLED = "garbled"


@dataclass(frozen=True, slots=True)
class Target:
    """An operation of the Store API, and the parameters that were in the path."""

    operation_id: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FaultAnswer:
    """An error in the place of the store's answer; None is what the dialect has for the status."""

    status: int
    type: str | None = None
    message: str | None = None
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Whom a fault befalls, None being everybody, and what then happens.

    `delay` is in milliseconds. `then` is done once the request has been carried out; `note` tells
    what it is.
    """

    operation_id: str | None = None
    method: str | None = None
    path: str | None = None
    payment_collection_id: str | None = None
    when: Moment = Moment.BEFORE
    delay: int = 0
    answer: FaultAnswer | None = None
    broken: Break | None = None
    then: Callable[[], Awaitable[object]] | None = field(default=None, repr=False)
    note: str | None = None

    @property
    def is_carried_out(self) -> bool:
        """Tell whether the store gets the request."""
        spared = self.answer is None and self.broken is not Break.DROPPED
        return spared or self.when is Moment.AFTER


@dataclass(slots=True)
class Fault:
    """A fault that is planned, and still to come to so many requests; None for all."""

    id: str
    plan: FaultPlan
    times: int | None
    gate: Gate = field(default_factory=Gate, repr=False)
    befalling: int = 0


class Faults:
    """The faults that are planned, and those that hold a request.

    `find_target` tells what a request is for.
    """

    def __init__(self, find_target: Callable[[Scope], Target | None]) -> None:
        self._find_target = find_target
        self._faults: dict[str, Fault] = {}
        self._last_id = 0

    def plan(self, plan: FaultPlan, times: int | None = 1) -> Fault:
        """Plan a fault. Raises InTheWay if there are too many."""
        if len(self._faults) >= MOST_FAULTS:
            message = f"There are {MOST_FAULTS} faults already; cancel some first."
            raise InTheWay(message)
        self._last_id += 1
        fault = Fault(f"fault_{self._last_id}", plan, times)
        self._faults[fault.id] = fault
        return fault

    def listed(self) -> list[Fault]:
        """List the faults in the order in which they were planned."""
        return [*self._faults.values()]

    def find(self, fault_id: str) -> Fault:
        """Find a fault. Raises FaultNotFound."""
        if fault_id not in self._faults:
            raise FaultNotFound(fault_id)
        return self._faults[fault_id]

    def cancel(self, fault_id: str) -> None:
        """Take a fault back; those that it holds go on. Raises FaultNotFound."""
        self.find(fault_id).gate.open()
        del self._faults[fault_id]

    def cancel_all(self) -> None:
        """Take all faults back."""
        for fault in self.listed():
            self.cancel(fault.id)

    def take(self, scope: Scope) -> Fault | None:
        """Answer the fault that befalls a request; then let it end."""
        for fault in self._faults.values():
            if fault.times != 0 and self._befalls(fault.plan, scope):
                fault.times = fault.times and fault.times - 1
                fault.befalling += 1
                return fault
        return None

    def end(self, fault: Fault) -> None:
        """Be done with a request; a fault that has no more to come to is forgotten."""
        fault.befalling -= 1
        if fault.times == 0 and not fault.befalling:
            self._faults.pop(fault.id, None)

    def _befalls(self, plan: FaultPlan, scope: Scope) -> bool:
        if plan.method not in {None, scope["method"]}:
            return False
        if not scope["path"].startswith(plan.path or ""):
            return False
        if plan.operation_id is None and plan.payment_collection_id is None:
            return True
        target = self._find_target(scope)
        return (
            target is not None
            and plan.operation_id in {None, target.operation_id}
            and plan.payment_collection_id in {None, target.parameters.get("id")}
        )
