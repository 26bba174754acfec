"""A recording as a backend: requests get the responses that were recorded for them.

The same method, path and query get their recorded responses in order, and the last one repeats.
A browser reads more or less often than the recorded one did, and in parallel, so a read does not
get a response that was recorded after further writes: what it gets depends on the writes so far.
"""

from collections import Counter, defaultdict
from functools import partial
from typing import NamedTuple, Self, TypeAlias
from urllib.parse import parse_qsl, unquote

import starlette.responses
from starlette.types import Receive, Scope, Send

from xclade_store_mock import jsontext
from xclade_store_mock.upstream import BODILESS, READS
from xclade_store_mock.upstream.recording import Recording, Response

# They describe how the bytes came over the recorded connection.
_DROPPED = frozenset({"connection", "content-length", "date", "keep-alive", "transfer-encoding"})
_UNCHANGED = 304

_State: TypeAlias = frozenset[int]
"""The writes that were sent, by their places in the recording."""


class _Key(NamedTuple):
    """What identifies a request: the order of query parameters does not matter."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, method: str, path: str, query: str) -> Self:
        return cls(method, path, tuple(sorted(parse_qsl(query, keep_blank_values=True))))

    @property
    def is_read(self) -> bool:
        return self.method in READS

    @property
    def names(self) -> frozenset[str]:
        """The resources that it names, such as `carts` and a cart's id."""
        return frozenset([*self.path.split("/")[2:], *(value for _, value in self.query)])


class Recorded:
    """Plays a recording, an ASGI application."""

    def __init__(self, recording: Recording) -> None:
        self._name = recording.name
        self._responses: defaultdict[_Key, dict[_State, list[tuple[int, Response]]]]
        self._responses = defaultdict(dict)
        self._writes: dict[int, _Key] = {}
        state: _State = frozenset()
        for place, case in enumerate(recording.cases):
            if case.response.status == _UNCHANGED:
                continue  # the next client has nothing to keep
            path, _, query = case.request.target.partition("?")
            key = _Key.of(case.request.method, unquote(path), query)
            # The responses to a write have an order, whatever else was written.
            before = state if key.is_read else frozenset()
            self._responses[key].setdefault(before, []).append((place, case.response))
            if not key.is_read:
                self._writes[place] = key
                state |= {place}
        self.reset()

    def reset(self) -> None:
        """Start again before the first case."""
        self._state: _State = frozenset()
        self._taken: Counter[tuple[_Key, _State]] = Counter()

    async def aclose(self) -> None:
        """Do nothing: there are no connections."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond as recorded, or with 404 if the request was never recorded."""
        if scope["type"] != "http":
            return
        key = _Key.of(scope["method"], scope["path"], scope["query_string"].decode("latin-1"))
        if key not in self._responses and key.method == "HEAD":
            key = key._replace(method="GET")
        response = self._play(key) if key in self._responses else self._missing(key)
        await response(scope, receive, send)

    def _play(self, key: _Key) -> starlette.responses.Response:
        recorded = self._responses[key]
        state = min(recorded, key=partial(self._distance, key))
        turn = self._taken[key, state]
        self._taken[key, state] += 1
        place, response = recorded[state][min(turn, len(recorded[state]) - 1)]
        if not key.is_read:
            # A write undoes those that were recorded after it, as its response does.
            undone = {each for each in self._state if each > place and self._concerns(key, each)}
            self._state = self._state - undone | {place}
        return _render(response)

    def _distance(self, key: _Key, state: _State) -> tuple[int, int]:
        """Return how many writes differ: first those that concern what the request names."""
        different = state ^ self._state
        concerning = sum(self._concerns(key, each) for each in different)
        return concerning, len(different) - concerning

    def _concerns(self, key: _Key, write: int) -> bool:
        return not key.names.isdisjoint(self._writes[write].path.split("/")[2:])

    def _missing(self, key: _Key) -> starlette.responses.Response:
        message = (
            f"{key.method} {key.path} with this query is not in the recording {self._name}."
            " To have it, record the whole flow again, to another file:"
            " serve --upstream URL --record FILE --record-all"
        )
        body = {"type": "not_found", "message": message}
        return starlette.responses.Response(
            jsontext.write(body), 404, media_type="application/json"
        )


def _render(recorded: Response) -> starlette.responses.Response:
    content = b"" if recorded.status in BODILESS else recorded.content
    response = starlette.responses.Response(content, recorded.status)
    # A text is not compressed any more, whatever its header says.
    dropped = _DROPPED if recorded.body is None else _DROPPED | {"content-encoding"}
    response.raw_headers += [
        (name.lower().encode(), value.encode("latin-1", errors="replace"))
        for name, value in recorded.headers
        if name.lower() not in dropped
    ]
    return response
