"""Recordings: the requests that a backend received, its responses, and the store before them."""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from xclade_store_mock.payments.model import Store
from xclade_store_mock.payments.seed import StoreFileError, parse_store
from xclade_store_mock.upstream.revealed import Revealed

Headers: TypeAlias = tuple[tuple[str, str], ...]

VERSION = 1
"""The version of the format; a file without one has the first."""

_CASES = re.compile(r'"cases"\s*:\s*\[')
_BETWEEN_CASES = re.compile(r"[\s,]*")


class RecordingError(Exception):
    """A file is not a recording; the text says why."""


class _Message(Struct, frozen=True, kw_only=True):
    """A request or a response; the body is text, or bytes as base64, or absent."""

    headers: Headers = ()
    body: str | None = None
    body_base64: bytes | None = None

    @property
    def content(self) -> bytes | None:
        """The bytes of the body; None if there is none."""
        return self.body_base64 if self.body is None else self.body.encode()


class Request(_Message, frozen=True):
    """A request as it went over the wire; Host and Content-Length are the sender's."""

    method: str
    target: str


class Response(_Message, frozen=True):
    """A response, with those headers that matter."""

    status: int


class Case(Struct, frozen=True):
    """A request and its response; the cases of a scene ran in order on one store."""

    name: str
    scene: str
    request: Request
    response: Response


class Recording(Struct, frozen=True):
    """The cases of a recording, and the store before the first one of each scene."""

    name: str
    """The file's name."""
    store: Store
    cases: tuple[Case, ...]
    is_truncated: bool = False
    """Whether the file ends too early; its last case is then left out."""

    @property
    def offline_store(self) -> Store:
        """The store for pages in development, whose origin the recorded backend did not know."""
        return replace(self.store, settings=replace(self.store.settings, cors_origins=None))


class RecordingFile(Struct):
    """A recording as it is stored: the store, in the form of a store file, and the cases."""

    cases: tuple[Case, ...]
    store: msgspec.Raw = field(default_factory=msgspec.Raw)
    version: int = VERSION


def read_recording(path: Path, now: datetime) -> Recording:
    """Read a recording whose collections are created `now`. Raises RecordingError."""
    try:
        content = path.read_bytes()
        complete = _without_partial_case(content)
        file = msgspec.json.decode(complete, type=RecordingFile)
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise RecordingError(f"{path} is not a recording: {error}") from error
    if file.version != VERSION:
        raise RecordingError(
            f"{path} is a recording of version {file.version}, and only {VERSION} can be read"
        )
    revealed = _reveal(file.cases)
    # A truncated one has lost its store, but not what reveals it.
    text = bytes(file.store) or msgspec.json.encode(revealed.document())
    # After as many lines as in the file, so that an error names the right one.
    lines = complete[: max(0, complete.find(text))].count(b"\n")
    try:
        store = parse_store("\n" * lines + text.decode(), str(path), now, recorded=True)
    except StoreFileError as error:
        raise RecordingError(str(error)) from error
    # The store may have no more than their tokens.
    customers = {token: revealed.describe(each) for token, each in store.settings.customers.items()}
    store = replace(store, settings=replace(store.settings, customers=customers))
    return Recording(path.name, store, file.cases, is_truncated=complete is not content)


def _reveal(cases: Iterable[Case]) -> Revealed:
    revealed = Revealed()
    for case in cases:
        revealed.learn(case)
    return revealed


def _without_partial_case(content: bytes) -> bytes:
    """Return the content or, if it is truncated, its part up to the last whole case, closed."""
    with suppress(msgspec.DecodeError):
        msgspec.json.decode(content, type=msgspec.Raw)
        return content
    text = content.decode(errors="replace")
    start = _CASES.search(text)
    if start is None:
        return content
    end = start.end()
    with suppress(json.JSONDecodeError):
        while gap := _BETWEEN_CASES.match(text, end):
            _, end = json.JSONDecoder().raw_decode(text, gap.end())
    return f"{text[:end]}]}}".encode()
