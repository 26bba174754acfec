"""Items that are processed in batches, so that each costs less the more there are."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from copy import copy
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from xclade_store_mock.errors import Refusal
from xclade_store_mock.storage import Connection, Database

Item = TypeVar("Item")
Result = TypeVar("Result")

Outcomes: TypeAlias = Sequence[Result | Refusal]
"""One outcome per item: its result, or the error of this item alone."""

Query: TypeAlias = Callable[[Connection, Sequence[Item]], Awaitable[Outcomes[Result]]]
Execute: TypeAlias = Callable[
    [Callable[[Connection], Awaitable[Outcomes[Result]]]], Awaitable[Outcomes[Result]]
]

_MOST_ITEMS = 100
"""A batch with this many items waits for no more."""


class Batches(Generic[Item, Result]):
    """Processes one batch of items at a time; items submitted meanwhile form the next batch.

    A batch starts when an iteration of the event loop has brought no further item, or when it has
    enough: callers whose items were resolved in one batch tend to submit their next one together.
    """

    def __init__(self, process: Callable[[Sequence[Item]], Awaitable[Outcomes[Result]]]) -> None:
        self._process = process
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._batch: asyncio.Task[Outcomes[Result]] | None = None

    def submit(self, item: Item) -> asyncio.Future[Result]:
        """Return the future result of an item. If its whole batch fails, so does the item."""
        future: asyncio.Future[Result] = asyncio.Future()
        self._waiting.append((item, future))
        if self._batch is None:
            self._start()
        return future

    def _start(self) -> None:
        futures: list[asyncio.Future[Result]] = []
        self._batch = asyncio.create_task(self._run(futures))
        self._batch.add_done_callback(partial(self._resolve, futures))

    async def _run(self, futures: list[asyncio.Future[Result]]) -> Outcomes[Result]:
        known = 0
        while known < len(self._waiting) < _MOST_ITEMS:
            known = len(self._waiting)
            await asyncio.sleep(0)
        waiting, self._waiting = self._waiting, []
        futures += (future for _, future in waiting)
        return await self._process([item for item, _ in waiting])

    def _resolve(
        self, futures: Sequence[asyncio.Future[Result]], batch: asyncio.Task[Outcomes[Result]]
    ) -> None:
        self._batch = None
        if batch.cancelled():
            # The event loop is ending: a new batch would not be run to its end.
            for future in (*futures, *(future for _, future in self._waiting)):
                future.cancel()
            self._waiting.clear()
            return
        if self._waiting:
            self._start()
        failure = batch.exception()
        outcomes = [_copy(failure) for _ in futures] if failure else batch.result()
        for future, outcome in zip(futures, outcomes, strict=True):
            if future.done():
                continue  # its caller was cancelled
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)


class Coalescer:
    """Runs a query once for all callers that submit an item to the same function meanwhile."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batches: dict[Hashable, Batches[Any, Any]] = {}

    def run(self, query: Query[Item, Result], item: Item) -> asyncio.Future[Result]:
        return self._batches_of(query, self._database.run).submit(item)

    def transact(self, query: Query[Item, Result], item: Item) -> asyncio.Future[Result]:
        return self._batches_of(query, self._database.transact).submit(item)

    def _batches_of(
        self, query: Query[Item, Result], execute: Execute[Result]
    ) -> Batches[Item, Result]:
        batches = self._batches.get(query)
        if batches is None:
            batches = Batches(lambda items: execute(lambda connection: query(connection, items)))
            self._batches[query] = batches
        return batches


def _copy(failure: BaseException) -> BaseException:
    """Return an exception for one caller: a shared one would collect the tracebacks of all."""
    own = copy(failure)
    own.__cause__ = failure
    return own
