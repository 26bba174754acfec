"""What happens, told to those who listen, as server-sent events."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from xclade_store_mock import jsontext

MOST_WAITING = 100
"""How many events may wait for a listener that is slower than they come."""

_SILENCE = 15  # seconds; then a comment shows that somebody is still there
_COMMENT = b":\n\n"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `read` makes its JSON, if there is somebody to send it to."""

    name: str
    read: Callable[[], Any]
    id: int | None = None

    def text(self) -> bytes:
        """Write it for the stream."""
        id_ = b"" if self.id is None else b"id: %d\n" % self.id
        return b"%sevent: %s\ndata: %s\n\n" % (
            id_,
            self.name.encode(),
            jsontext.write(self.read()),
        )


class Listener:
    """One stream of events; it ends when its reader has left, or is too slow."""

    def __init__(self) -> None:
        self.has_ended = False
        self._events: deque[Event] = deque()
        self._news = asyncio.Event()

    def put(self, event: Event) -> None:
        """Take an event in."""
        self._events.append(event)
        if len(self._events) > MOST_WAITING:
            self._events.clear()
            self.has_ended = True
        self._news.set()

    def end(self) -> None:
        """Let the stream end behind what waits."""
        self.has_ended = True
        self._news.set()

    async def texts(self, missed: Iterable[Event]) -> AsyncIterator[bytes]:
        """Write one event after the other, and something in between if nothing happens."""
        try:
            # So that the reader sees that it begins.
            yield _COMMENT
            for event in missed:
                yield event.text()
            while self._events or not self.has_ended:
                if self._events:
                    yield self._events.popleft().text()
                elif not await self._has_news():
                    yield _COMMENT
        finally:
            self.has_ended = True

    async def _has_news(self) -> bool:
        self._news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_SILENCE):
                return await self._news.wait()
        return False


class Events:
    """Tells listeners what happens."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._has_closed = False

    def listen(self) -> Listener:
        """Answer a listener to what happens from now on."""
        listener = Listener()
        if self._has_closed:
            listener.end()
        self._listeners.append(listener)
        return listener

    @property
    def are_listened_to(self) -> bool:
        """Tell whether anybody listens."""
        return bool(self._listeners)

    def publish(self, event: Event) -> None:
        """Tell an event."""
        self._listeners = [each for each in self._listeners if not each.has_ended]
        for listener in self._listeners:
            listener.put(event)

    def changed(self, part: str) -> None:
        """Tell that a part of the state is no longer what it was."""
        if self._listeners:
            self.publish(Event("changed", lambda: {"part": part}))

    def close(self) -> None:
        """End all streams, and those to come."""
        self._has_closed = True
        for listener in self._listeners:
            listener.end()
