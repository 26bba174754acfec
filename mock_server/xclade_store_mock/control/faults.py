"""Faults: planned failures of the next requests to the Store API."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.client import responses
from typing import Generic, TypeVar

from msgspec import Struct
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock.contract import Match
from xclade_store_mock.control.errors import Conflict, NotFound
from xclade_store_mock.control.front import Exchange, exchange_of
from xclade_store_mock.web import is_preflight
from xclade_store_mock.web.bodies import read_body
from xclade_store_mock.web.dialect import Dialect, Reply

Item = TypeVar("Item")

FindOperation = Callable[[str, str], Match | None]
"""Returns the operation that a method and a path reach."""

MAX_FAULTS = 100

# The limits of openapi/control.yaml, for what does not come through it.
LIMITS: Mapping[str, tuple[int, int]] = {
    "delay": (0, 600_000),
    "retry_after": (0, 86_400),
    "status": (400, 599),
    "times": (1, 1_000_000),
}


def require_limits(**values: int | None) -> None:
    """Raise ValueError for a number that the control API would refuse."""
    for name, value in values.items():
        least, most = LIMITS[name]
        if value is not None and not least <= value <= most:
            raise ValueError(f"{name} must be from {least} to {most}, not {value}")


class Gate(Generic[Item]):
    """Where requests or calls wait until their time is up or they are released."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.held: list[Item] = []
        """What waits, the oldest first."""
        self._changed = changed
        self._arrival = asyncio.Event()
        self._opening = asyncio.Event()

    async def wait(self, item: Item, milliseconds: int) -> None:
        if not milliseconds:
            return
        self.held.append(item)
        self._arrival.set()
        self._changed()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(milliseconds / 1000):
                    await self._opening.wait()
        finally:
            self.held.remove(item)
            self._changed()

    async def arrival(self) -> None:
        await self._arrival.wait()

    def release(self) -> int:
        """Release the requests that wait now, and return how many there are."""
        self._opening.set()
        self._opening = asyncio.Event()
        return len(self.held)

    def open(self) -> None:
        """Release all requests, those that arrive later too."""
        self._opening.set()


class Moment(StrEnum):
    """Whether a fault acts before or after the store handles the request."""

    BEFORE = "before"
    AFTER = "after"


class Break(StrEnum):
    """How the response is broken."""

    DROPPED = "dropped"
    TRUNCATED = "truncated"
    GARBLED = "garbled"


class FaultAnswer(Struct, frozen=True, omit_defaults=True, repr_omit_defaults=True):
    """An error in place of the store's response; None: what the dialect returns with the status.

    Raises ValueError for what is beyond the control API's limits.
    """

    status: int
    type: str | None = None
    message: str | None = None
    retry_after: int | None = None

    def __post_init__(self) -> None:
        require_limits(status=self.status, retry_after=self.retry_after)


class FaultPlan(Struct, frozen=True, repr_omit_defaults=True):
    """Which requests a fault applies to (None: all), and what it does.

    `delay` is in milliseconds. `then` is awaited after the store has handled the request; `note`
    describes it. Raises ValueError for what is beyond the control API's limits.
    """

    operation_id: str | None = None
    method: str | None = None
    path: str | None = None
    payment_collection_id: str | None = None
    when: Moment = Moment.BEFORE
    delay: int = 0
    answer: FaultAnswer | None = None
    broken: Break | None = None
    then: Callable[[], Awaitable[object]] | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        require_limits(delay=self.delay)

    @property
    def reaches_store(self) -> bool:
        """Whether the store handles the request."""
        replaces_response = self.answer is not None or self.broken is Break.DROPPED
        return not replaces_response or self.when is Moment.AFTER


@dataclass(slots=True)
class Fault:
    """A planned fault; `times` says to how many more requests it applies, None to all."""

    id: str
    plan: FaultPlan
    times: int | None
    gate: Gate[Scope] = field(repr=False)
    in_flight: int = 0
    has_applied: bool = False


class Faults:
    """The planned faults, and those that still hold a request."""

    def __init__(self, find: FindOperation, changed: Callable[[], None]) -> None:
        self._find = find
        self._changed = changed
        self._faults: dict[str, Fault] = {}
        self._last_id = 0

    def plan(self, plan: FaultPlan, times: int | None = 1) -> Fault:
        """Plan a fault. Raises ValueError, or Conflict if there are too many."""
        require_limits(times=times)
        if len(self._faults) >= MAX_FAULTS:
            raise Conflict(f"There are already {MAX_FAULTS} faults: cancel some first.")
        self._last_id += 1
        fault = Fault(f"fault_{self._last_id}", plan, times, Gate(self._changed))
        self._faults[fault.id] = fault
        self._changed()
        return fault

    def list(self) -> list[Fault]:
        """Return the faults in the order in which they were planned."""
        return [*self._faults.values()]

    def find(self, fault_id: str) -> Fault:
        """Return a fault. Raises NotFound."""
        if fault_id not in self._faults:
            raise NotFound(kind="fault", id_=fault_id)
        return self._faults[fault_id]

    def cancel(self, fault_id: str) -> None:
        """Cancel a fault, and release the requests that it holds. Raises NotFound."""
        self.find(fault_id).gate.open()
        del self._faults[fault_id]
        self._changed()

    def cancel_all(self) -> None:
        for fault in self._faults.values():
            fault.gate.open()
        self._faults.clear()
        self._changed()

    def release(self, fault_id: str) -> int:
        """Release the requests that a fault holds, and return how many. Raises NotFound."""
        released = self.find(fault_id).gate.release()
        self._changed()
        return released

    def take(self, scope: Scope) -> Fault | None:
        """Return the first fault that applies to a request; call `end` when it is done."""
        for fault in self._faults.values():
            if fault.times != 0 and self._matches(fault.plan, scope):
                fault.times = fault.times and fault.times - 1
                fault.in_flight += 1
                fault.has_applied = True
                self._changed()
                return fault
        return None

    def end(self, fault: Fault) -> None:
        """Finish a request; a fault that applies to no more requests is removed."""
        fault.in_flight -= 1
        if fault.times == 0 and not fault.in_flight:
            self._faults.pop(fault.id, None)
        self._changed()

    def _matches(self, plan: FaultPlan, scope: Scope) -> bool:
        if plan.method not in {None, scope["method"]}:
            return False
        if not scope["path"].startswith(plan.path or ""):
            return False
        if plan.operation_id is None and plan.payment_collection_id is None:
            return True
        match = self._find(scope["method"], scope["path"])
        return (
            match is not None
            and plan.operation_id in {None, match.operation.id}
            and plan.payment_collection_id in {None, match.parameters.get("id")}
        )


@dataclass(frozen=True)
class FaultMiddleware:
    """Applies faults to requests.

    It stands behind CORS, so that a page sees a fault's response as it would see the store's.
    """

    app: ASGIApp
    faults: Faults
    dialect: Dialect

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange = exchange_of(scope)
        # A page that may not send its request would not see the fault.
        fault = self.faults.take(scope) if exchange and not is_preflight(scope) else None
        if exchange is None or fault is None:
            return self.app(scope, receive, send)
        return self._apply(fault, exchange, scope, receive, send)

    async def _apply(
        self, fault: Fault, exchange: Exchange, scope: Scope, receive: Receive, send: Send
    ) -> None:
        exchange.fault = fault
        try:
            with suppress(_BrokenOff):
                await self._respond(fault, exchange, scope, receive, send)
            exchange.is_broken |= fault.plan.broken in {Break.DROPPED, Break.TRUNCATED}
        finally:
            self.faults.end(fault)

    async def _respond(
        self, fault: Fault, exchange: Exchange, scope: Scope, receive: Receive, send: Send
    ) -> None:
        plan = fault.plan
        send = _breaking(send, plan.broken)

        async def pass_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._finish(fault, scope)
            if plan.answer is None:
                await send(message)

        if plan.when is Moment.BEFORE:
            await fault.gate.wait(scope, plan.delay)
        if plan.reaches_store:
            await self.app(scope, receive, pass_on)
        elif not exchange.is_received:
            # For the journal, and so that no half of a request is left on the connection.
            await read_body(receive)
        if plan.answer is not None:
            await self._error(plan.answer)(scope, receive, send)

    async def _finish(self, fault: Fault, scope: Scope) -> None:
        plan = fault.plan
        if plan.then is not None:
            await plan.then()
        if plan.when is Moment.AFTER:
            await fault.gate.wait(scope, plan.delay)

    def _error(self, answer: FaultAnswer) -> Response:
        reply = self.dialect.reply_with(answer.status)
        if answer.type is not None:
            reply = Reply(answer.status, answer.type)
        phrase = responses.get(answer.status, "A planned fault")
        message = answer.message or reply.message or phrase
        response = self.dialect.render(reply, message, {})
        if answer.retry_after is not None:
            response.headers["Retry-After"] = str(answer.retry_after)
        return response


class _BrokenOff(Exception):
    """No more of the response is sent."""


def _breaking(send: Send, broken: Break | None) -> Send:
    """Return what sends a response, of any length, as a fault breaks it."""
    moved = b""

    async def send_broken(message: Message) -> None:
        nonlocal moved
        if broken is Break.DROPPED:
            raise _BrokenOff
        if message["type"] == "http.response.body":
            body, has_more = message.get("body", b""), message.get("more_body", False)
            if broken is Break.TRUNCATED and (body or not has_more):
                await send({**message, "body": body[: len(body) // 2], "more_body": True})
                raise _BrokenOff
            if broken is Break.GARBLED:
                # As long as before, so that only the content is wrong: no JSON starts like this,
                # nor does any text that a client may expect.
                if not moved:
                    moved, body = body[:1], body[1:]
                message = {**message, "body": body if has_more else body + moved}
        await send(message)

    return send_broken if broken else send
