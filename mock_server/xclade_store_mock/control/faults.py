"""Faults: planned failures of the next requests to the Store API."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock.control.errors import Document, FaultNotFound, InTheWay
from xclade_store_mock.control.front import Exchange, exchange_of
from xclade_store_mock.web.dialect import Dialect, Reply, reply_response, reply_with
from xclade_store_mock.web.guard import read_whole


class Gate:
    """Holds whoever comes until their time is up or it is opened for them."""

    def __init__(self) -> None:
        self.waiting = 0
        self._arrival = asyncio.Event()
        self._opening = asyncio.Event()
        self._stays_open = False

    async def wait(self, milliseconds: int) -> None:
        """Wait so long at most."""
        if self._stays_open or not milliseconds:
            return
        self.waiting += 1
        self._arrival.set()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(milliseconds / 1000):
                    await self._opening.wait()
        finally:
            self.waiting -= 1

    async def arrival(self) -> None:
        """Wait until somebody has come here."""
        await self._arrival.wait()

    def release(self) -> int:
        """Let those go who wait now; tell how many."""
        self._opening.set()
        self._opening = asyncio.Event()
        return self.waiting

    def open(self) -> None:
        """Hold nobody any more."""
        self._stays_open = True
        self.release()


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


class _Answer:
    """The messages of an answer that has not been sent yet."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def keep(self, message: MutableMapping[str, Any]) -> None:
        self.messages.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    async def send(self, send: Send) -> None:
        for message in self.messages:
            await send(message)


class Misbehaviour:
    """Lets faults befall requests."""

    def __init__(
        self, app: ASGIApp, *, faults: Faults, dialect: Dialect, changed: Callable[[str], None]
    ) -> None:
        self._app = app
        self._faults = faults
        self._dialect = dialect
        self._changed = changed

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass a request on, unless a fault befalls it."""
        exchange = exchange_of(scope)
        fault = self._faults.take(scope) if exchange else None
        if exchange is None or fault is None:
            return self._app(scope, receive, send)
        return self._befall(fault, exchange, scope, receive, send)

    async def _befall(
        self, fault: Fault, exchange: Exchange, scope: Scope, receive: Receive, send: Send
    ) -> None:
        exchange.fault = fault
        self._changed("faults")
        try:
            answer = await self._answer(fault, exchange, scope, receive)
            await _send(answer, fault.plan.broken, exchange, send)
        finally:
            self._faults.end(fault)
            self._changed("faults")

    async def _answer(
        self, fault: Fault, exchange: Exchange, scope: Scope, receive: Receive
    ) -> _Answer:
        plan = fault.plan
        answer = _Answer()
        if plan.when is Moment.BEFORE:
            await self._hold(fault)
        if plan.is_carried_out:
            await self._app(scope, receive, answer.keep)
        elif not exchange.is_received:
            # For the journal, and so that no half of a request is left on the connection.
            await read_whole(receive)
        if plan.then is not None:
            await plan.then()
            self._changed("store")
            self._changed("clock")
        if plan.when is Moment.AFTER:
            await self._hold(fault)
        if plan.answer is not None:
            answer = _Answer()
            await self._planned(plan.answer)(scope, receive, answer.keep)
        return answer

    async def _hold(self, fault: Fault) -> None:
        if fault.plan.delay:
            self._changed("faults")
            await fault.gate.wait(fault.plan.delay)

    def _planned(self, answer: FaultAnswer) -> Response:
        reply = reply_with(answer.status, self._dialect)
        if answer.type is not None:
            reply = Reply(answer.status, answer.type)
        message = answer.message or reply.message or _phrase(answer.status)
        response = reply_response(replace(reply, message=message), message, self._dialect)
        if answer.retry_after is not None:
            response.headers["Retry-After"] = str(answer.retry_after)
        return response


def _phrase(status: int) -> str:
    known = {each.value: each.phrase for each in HTTPStatus}
    return known.get(status, "A planned fault")


async def _send(answer: _Answer, broken: Break | None, exchange: Exchange, send: Send) -> None:
    exchange.is_broken = broken in {Break.DROPPED, Break.TRUNCATED}
    # Without messages its sender has left.
    if broken is Break.DROPPED or not answer.messages:
        return
    if broken is Break.TRUNCATED:
        half = answer.body[: len(answer.body) // 2]
        await send(answer.messages[0])
        await send({"type": "http.response.body", "body": half, "more_body": True})
    elif broken is Break.GARBLED:
        # As long as before, so that nothing else is wrong with it.
        garbled = answer.body.replace(b'"', b"'")
        await send(answer.messages[0])
        await send({"type": "http.response.body", "body": garbled})
    else:
        await answer.send(send)


def effect_document(plan: FaultPlan) -> Document:
    """Describe what a fault does."""
    answer = plan.answer and {
        name: value for name, value in asdict(plan.answer).items() if value is not None
    }
    return {
        "when": plan.when,
        "delay": plan.delay,
        "answer": answer,
        "broken": plan.broken,
        "note": plan.note,
    }
