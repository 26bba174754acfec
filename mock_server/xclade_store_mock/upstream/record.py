"""Record the requests that a backend receives, and its responses, without secrets.

After each response the file is complete again: the next case overwrites the end of the file, which
closes the document. So it is a recording whenever the process ends, however that happens.
"""

import errno
import logging
import os
from pathlib import Path
from typing import Any

import msgspec
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock.control.faults import FindOperation
from xclade_store_mock.control.front import exchange_of
from xclade_store_mock.upstream import BODILESS
from xclade_store_mock.upstream.messages import accept_readable, accept_whole
from xclade_store_mock.upstream.pseudonyms import Pseudonyms
from xclade_store_mock.upstream.recording import VERSION, Case, Request, Response
from xclade_store_mock.upstream.revealed import Revealed
from xclade_store_mock.web.bodies import decode
from xclade_store_mock.web.prefer import has_preferences

_log = logging.getLogger("xclade_store_mock")

MAX_RECORDED = 8 * 2**20
"""The largest body that is recorded, in bytes; a call with a larger one is left out."""


class NotRecorded(Exception):
    """A call is left out of a recording; the text says why."""


class Writer:
    """A file that cases are added to."""

    def __init__(self, path: Path) -> None:
        self._scene = path.stem
        self._pseudonyms = Pseudonyms()
        self._revealed = Revealed()
        self._count = 0
        self._file = path.open("wb", buffering=0)
        start = b'{"version":%d,"cases":[' % VERSION
        try:
            self._write(start + self._closing())
        except OSError:
            self.close()
            raise
        self._end = len(start)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def add(self, taken: "Taken") -> None:
        """Add a request and its response; what cannot be added is logged."""
        try:
            request, response = taken.request(self._pseudonyms), taken.response(self._pseudonyms)
            case = Case(f"{self._count + 1:04}", self._scene, request, response)
            self._revealed.learn(case)
            content = (b",\n" if self._count else b"\n") + msgspec.json.encode(_document(case))
            self._file.seek(self._end)
            self._write(content + self._closing())
            self._file.truncate()
        except (OSError, NotRecorded) as error:
            scope = taken.scope
            _log.error("%s %s is not recorded: %s", scope["method"], scope["path"], error)
        else:
            self._end += len(content)
            self._count += 1

    def _write(self, content: bytes) -> None:
        """Write at once, so that nobody finds half of it."""
        if self._file.write(content) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _closing(self) -> bytes:
        return b'\n],"store":' + msgspec.json.encode(self._revealed.document()) + b"}\n"


def _document(case: Case) -> dict[str, Any]:
    """Return a case without the members that it does not have."""
    document: dict[str, Any] = msgspec.to_builtins(case)
    for name in ("request", "response"):
        members = document[name].items()
        document[name] = {key: each for key, each in members if each is not None}
    return document


class Recorder:
    """Passes requests on, and has a writer add them: all, or those that `find` has an operation of.

    Responses of planned faults and of `Prefer` are not those of the store, and are left out.
    """

    def __init__(
        self, app: ASGIApp, *, writer: Writer, find: FindOperation, records_all: bool
    ) -> None:
        self._app = app
        self._writer = writer
        self._find = find
        self._records_all = records_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_request = scope["type"] == "http"
        is_operation = is_request and self._find(scope["method"], scope["path"]) is not None
        if not (is_operation or (is_request and self._records_all)):
            await self._app(scope, receive, send)
            return
        # Offline, a 304 or a part would be of no use.
        taken = Taken(scope if is_operation else accept_whole(scope))

        async def receive_and_keep() -> Message:
            message = await receive()
            taken.receive(message)
            return message

        async def keep_and_send(message: Message) -> None:
            if taken.send(message) and not _is_planned(scope):
                # The client may act on the response, or the process end, once it has been sent.
                self._writer.add(taken)
            await send(message)

        await self._app(accept_readable(taken.scope), receive_and_keep, keep_and_send)


def _is_planned(scope: Scope) -> bool:
    exchange = exchange_of(scope)
    return has_preferences(scope) or (exchange is not None and exchange.fault is not None)


class Taken:
    """A request and its response, kept while both pass."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._sent = bytearray()
        self._received = bytearray()
        self._status = 0
        self._headers = Headers()
        self._length: int | None = None
        self._is_complete = False

    def receive(self, message: Message) -> None:
        """Keep a part of the request."""
        if len(self._sent) <= MAX_RECORDED:
            self._sent += message.get("body", b"")

    def send(self, message: Message) -> bool:
        """Keep a part of the response; return whether the client has all of it with this part."""
        if self._is_complete:
            return False
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = Headers(raw=[*message["headers"]])
            is_bodiless = self._status in BODILESS or self.scope["method"] == "HEAD"
            length = "0" if is_bodiless else self._headers.get("content-length", "")
            self._length = int(length) if length.isdecimal() else None
        elif len(self._received) <= MAX_RECORDED:
            self._received += message.get("body", b"")
        is_last = message["type"] == "http.response.body" and not message.get("more_body", False)
        self._is_complete = is_last or len(self._received) == self._length
        return self._is_complete

    def request(self, pseudonyms: Pseudonyms) -> Request:
        """Return the request; raise NotRecorded."""
        scope = self.scope
        named = Headers(raw=scope["headers"])
        headers = pseudonyms.request_headers(scope["headers"])
        has_body = "content-length" in named or "transfer-encoding" in named
        sent = bytes(self._sent)
        coding = named.get("content-encoding", "")
        plain = decode(sent, coding, MAX_RECORDED + 1)
        content = pseudonyms.body(_require_short(plain or sent), named.get("content-type", ""))
        if content == plain:
            content = sent
        elif plain is not None:
            headers = tuple(each for each in headers if each[0] != "content-encoding")
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        target = (scope["raw_path"] + query).decode("latin-1")
        return Request(
            method=scope["method"],
            target=pseudonyms.target(target),
            headers=headers,
            **(_body(content) if has_body else {}),
        )

    def response(self, pseudonyms: Pseudonyms) -> Response:
        """Return the response, decoded; raise NotRecorded."""
        coding = self._headers.get("content-encoding", "")
        plain = decode(bytes(self._received), coding, MAX_RECORDED + 1)
        if plain is None:
            raise NotRecorded(f"the encoding {coding} of its response is not known")
        content = pseudonyms.body(_require_short(plain), self._headers.get("content-type", ""))
        headers = pseudonyms.response_headers(self._headers.raw)
        return Response(status=self._status, headers=headers, **_body(content))


def _require_short(content: bytes) -> bytes:
    if len(content) > MAX_RECORDED:
        raise NotRecorded(f"a body is larger than {MAX_RECORDED} bytes")
    return content


def _body(content: bytes) -> dict[str, Any]:
    try:
        return {"body": content.decode()}
    except UnicodeDecodeError:
        return {"body_base64": content}
