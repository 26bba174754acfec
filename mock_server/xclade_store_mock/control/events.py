"""What happens in the mock, as server-sent events."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
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


_Listener = asyncio.Queue[Event | None]
"""The events that a stream has not sent yet; None ends it."""


class Events:
    """Passes events on to everybody who follows them."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._has_closed = False

    @property
    def has_listeners(self) -> bool:
        return bool(self._listeners)

    async def follow(self, find_missed: Callable[[], Iterable[Event]]) -> AsyncGenerator[bytes]:
        """Yield the missed events, then those that happen from now on, as text.

        It listens only once it is iterated, so that a stream which never starts leaves nothing
        behind.
        """
        listener = _Listener()
        self._listeners.add(listener)
        if self._has_closed:
            listener.put_nowait(None)
        missed = [*find_missed()]
        try:
            yield _COMMENT  # so that the client sees that the stream has begun
            for event in missed:
                yield event.text
                await asyncio.sleep(0)  # other requests are answered in between
            while (text := await _next_text(listener)) is not None:
                yield text
                await asyncio.sleep(0)
        finally:
            self._listeners.discard(listener)

    def publish(self, event: Event) -> None:
        """Send an event to all listeners; end the streams of those that are too slow."""
        for listener in [*self._listeners]:
            if listener.qsize() < MAX_WAITING:
                listener.put_nowait(event)
            else:
                self._listeners.remove(listener)
                while not listener.empty():
                    listener.get_nowait()
                listener.put_nowait(None)

    def changed(self, part: str) -> None:
        """Announce that a part of the state has changed."""
        if self._listeners:
            self.publish(Event("changed", lambda: {"part": part}))

    def close(self) -> None:
        """End all streams, and those that start later."""
        self._has_closed = True
        for listener in self._listeners:
            listener.put_nowait(None)


async def _next_text(listener: _Listener) -> bytes | None:
    """Return the next event as text, None at the end, or a comment if nothing happens."""
    try:
        async with asyncio.timeout(_SILENCE):
            event = await listener.get()
    except TimeoutError:
        return _COMMENT
    return None if event is None else event.text
