"""Faults, put into effect: what stands between a request to the Store API and its answer.

It stands behind CORS, so that a page sees a fault's answer as it would see the store's.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock.control.exchange import Exchange, exchange_of
from xclade_store_mock.control.faults import Break, Fault, FaultAnswer, Faults, Moment
from xclade_store_mock.web.dialect import Dialect, Reply, reply_response, reply_with
from xclade_store_mock.web.guard import read_whole


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
