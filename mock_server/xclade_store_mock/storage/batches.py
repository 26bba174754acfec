"""Questions, asked together."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from xclade_store_mock.storage.databases import Connection, Database

Q = TypeVar("Q")
A = TypeVar("A")

Work: TypeAlias = Callable[[Connection, Sequence[Q]], Awaitable[Sequence[A]]]
Do: TypeAlias = Callable[[Callable[[Connection], Awaitable[Sequence[A]]]], Awaitable[Sequence[A]]]

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


class Together:
    """Does works on a database, each at once for all who ask for the same meanwhile.

    They fail together. A work is the same when it is the same function.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._batches: dict[Hashable, Batches[Any, Any]] = {}

    def run(self, work: Work[Q, A], question: Q) -> asyncio.Future[A]:
        """Do a work of one statement."""
        return self._batches_of(work, self.database.run).ask(question)

    def transact(self, work: Work[Q, A], question: Q) -> asyncio.Future[A]:
        """Do all of a work or nothing."""
        return self._batches_of(work, self.database.transact).ask(question)

    def _batches_of(self, work: Work[Q, A], do: Do[A]) -> Batches[Q, A]:
        batches = self._batches.get(work)
        if batches is None:
            batches = self._batches[work] = Batches(lambda all_: do(lambda it: work(it, all_)))
        return batches
