"""What happens in the mock, as server-sent events."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from xclade_store_mock import jsontext

MAX_WAITING = 100
"""How many events may wait for a slow listener."""

_SILENCE = 15  # seconds; then a comment shows that the connection is alive
_COMMENT = b":\n\n"


@dataclass(frozen=True)
class Event:
    """Something that happened; `read` returns its JSON value, once it is sent to a listener."""

    name: str
    read: Callable[[], Any]
    id: int | None = None

    @cached_property
    def text(self) -> bytes:
        """The event as it is sent, made once for all listeners."""
        id_ = b"" if self.id is None else b"id: %d\n" % self.id
        data = jsontext.write(self.read())
        return b"%sevent: %s\ndata: %s\n\n" % (id_, self.name.encode(), data)


class _Listener:
    """The events that one stream has not sent yet."""

    def __init__(self) -> None:
        self.events: deque[Event] = deque()
        self.has_ended = False
        self._news = asyncio.Event()

    def put(self, event: Event) -> None:
        """Add an event; end the stream if too many wait."""
        self.events.append(event)
        if len(self.events) > MAX_WAITING:
            self.events.clear()
            self.has_ended = True
        self._news.set()

    def end(self) -> None:
        """End the stream after the events that wait."""
        self.has_ended = True
        self._news.set()

    async def has_news(self) -> bool:
        """Wait for an event or the end; return False if neither comes for a while."""
        self._news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_SILENCE):
                return await self._news.wait()
        return False


class Events:
    """Passes events on to everybody who follows them."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._has_closed = False

    @property
    def has_listeners(self) -> bool:
        """Whether anybody follows the events."""
        return bool(self._listeners)

    async def follow(self, find_missed: Callable[[], Iterable[Event]]) -> AsyncGenerator[bytes]:
        """Yield the missed events, then those that happen from now on, as text.

        It listens only once it is iterated, so that a stream which never starts leaves nothing
        behind.
        """
        listener = _Listener()
        self._listeners.add(listener)
        if self._has_closed:
            listener.end()
        missed = [*find_missed()]
        try:
            yield _COMMENT  # so that the client sees that the stream has begun
            for event in missed:
                yield event.text
                await asyncio.sleep(0)  # other requests are answered in between
            while listener.events or not listener.has_ended:
                if listener.events:
                    yield listener.events.popleft().text
                    await asyncio.sleep(0)
                elif not await listener.has_news():
                    yield _COMMENT
        finally:
            self._listeners.discard(listener)

    def publish(self, event: Event) -> None:
        """Send an event to all listeners, and drop those that are too slow."""
        for listener in self._listeners:
            listener.put(event)
        self._listeners = {each for each in self._listeners if not each.has_ended}

    def changed(self, part: str) -> None:
        """Announce that a part of the state has changed."""
        if self._listeners:
            self.publish(Event("changed", lambda: {"part": part}))

    def close(self) -> None:
        """End all streams, and those that start later."""
        self._has_closed = True
        for listener in self._listeners:
            listener.end()
