"""Questions to a server, asked together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Batches(Generic[Q, A]):
    """Asks one batch of questions at a time; those that come meanwhile make up the next.

    So each question is asked after it came, and the more there are, the less each costs.
    """

    def __init__(self, answer: Callable[[Sequence[Q]], Awaitable[Sequence[A]]]) -> None:
        self._answer = answer
        self._turn = asyncio.Lock()
        self._questions: list[Q] = []
        self._next: asyncio.Task[Sequence[A]] | None = None

    async def ask(self, question: Q) -> A:
        """Answer a question; raise what befell its batch."""
        if self._next is None:
            self._questions = []
            self._next = asyncio.create_task(self._ask(self._questions))
        self._questions.append(question)
        place = len(self._questions) - 1
        # Who stops waiting takes nobody else's answer away.
        return (await asyncio.shield(self._next))[place]

    async def _ask(self, questions: Sequence[Q]) -> Sequence[A]:
        async with self._turn:
            self._next = None
            return await self._answer(questions)
