"""Questions, asked together."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

_ENOUGH = 100
"""For how many questions a batch waits at most."""


class Batches(Generic[Q, A]):
    """Asks one batch of questions at a time; those that come meanwhile make up the next.

    So each question is asked after it came, and the more there are, the less each costs. A batch
    waits until nobody has come for a turn of the event loop, or enough have: who has been answered
    together asks the next thing together, too.
    """

    def __init__(self, answer: Callable[[Sequence[Q]], Awaitable[Sequence[A]]]) -> None:
        self._answer = answer
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._batch: asyncio.Task[Sequence[A]] | None = None

    def ask(self, question: Q) -> asyncio.Future[A]:
        """Answer a question; what befell its batch is raised. Who stops waiting ends his own."""
        answer: asyncio.Future[A] = asyncio.Future()
        self._waiting.append((question, answer))
        if self._batch is None:
            self._begin()
        return answer

    def _begin(self) -> None:
        asked: list[asyncio.Future[A]] = []
        self._batch = asyncio.create_task(self._ask(asked))
        self._batch.add_done_callback(partial(self._tell, asked))

    async def _ask(self, asked: list[asyncio.Future[A]]) -> Sequence[A]:
        known = 0
        while known < len(self._waiting) < _ENOUGH:
            known = len(self._waiting)
            await asyncio.sleep(0)
        waiting, self._waiting = self._waiting, []
        asked += (answer for _, answer in waiting)
        return await self._answer([question for question, _ in waiting])

    def _tell(self, asked: Sequence[asyncio.Future[A]], batch: asyncio.Task[Sequence[A]]) -> None:
        self._batch = None
        if self._waiting:
            self._begin()
        failure = None if batch.cancelled() else batch.exception()
        for place, answer in enumerate(asked):
            if answer.done():
                continue  # nobody waits for it any more
            if batch.cancelled():
                answer.cancel()
            elif failure is not None:
                answer.set_exception(failure)
            else:
                answer.set_result(batch.result()[place])


class BatchedWorks:
    """Batches for each of several works, to which a question is added."""

    def __init__(self, answer: Callable[[Any, Sequence[Any]], Awaitable[Sequence[Any]]]) -> None:
        self._answer = answer
        self._batches: dict[Hashable, Batches[Any, Any]] = {}

    def ask(self, work: Hashable, question: Any) -> asyncio.Future[Any]:
        """Answer a question to a work, asked at once with what else it is asked meanwhile."""
        batches = self._batches.get(work)
        if batches is None:
            batches = self._batches[work] = Batches(partial(self._answer, work))
        return batches.ask(question)
