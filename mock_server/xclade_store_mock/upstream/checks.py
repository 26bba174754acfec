"""Check the requests and responses that pass against the contract.

The journal shows what violates it, and the header `sl-violations` says it to the client, as Prism
does.
"""

from collections.abc import Callable, Sequence
from functools import partial

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xclade_store_mock.contract import Contract, Match, Operation
from xclade_store_mock.contract.violations import check_response, media_type_of, violations_header
from xclade_store_mock.control.faults import FindOperation
from xclade_store_mock.control.front import Exchange, exchange_of
from xclade_store_mock.control.journal import find_violations
from xclade_store_mock.errors import InvalidData, ResponseInvalid, Violation
from xclade_store_mock.upstream import READS
from xclade_store_mock.upstream.messages import MAX_HELD, Copied, Held, has_json
from xclade_store_mock.web.bodies import decode, read_body
from xclade_store_mock.web.prefer import Prefer, preferred

Conclude = Callable[[Message | None, bytes | None, Sequence[Violation]], Sequence[Violation]]
"""Takes the start of a response (None: there was none), its body (None: not known) and how both
messages violate the contract; returns which violations are to be shown, and more."""

Observe = Callable[[Match | None, Scope, bytes], Conclude]
"""Takes a request and its body; without a match, it is one for a cart."""

_CARTS = "/store/carts/"
_UNSEEN = READS - {"GET"}


def observe_nothing(_match: Match | None, _scope: Scope, _content: bytes) -> Conclude:
    """Show every violation."""
    return lambda _start, _body, violations: violations


class Checks:
    """Passes requests on to a store, and checks those to the contract's operations.

    Those for carts are observed, too, and pass at once.
    `rejects` sends an error instead of what violates the contract.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        contract: Contract,
        find: FindOperation,
        observe: Observe,
        rejects: bool,
    ) -> None:
        self._app = app
        self._prefer = Prefer(self._check, contract=contract, json_type="application/json")
        self._find = find
        self._observe = observe
        self._rejects = rejects

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; raise InvalidData or ResponseInvalid for what is rejected."""
        exchange = exchange_of(scope)
        match = None if exchange is None else self._find(scope["method"], scope["path"])
        if exchange is not None and match is None:
            # The contract does not say what else a store has.
            exchange.violations = ()
        if match is not None:
            await self._prefer(scope, receive, send)
        elif exchange is not None and _is_about_carts(scope):
            await self._learn(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _learn(self, scope: Scope, receive: Receive, send: Send) -> None:
        conclude = self._observe(None, scope, b"")

        def finish(start: Message, body: bytes) -> None:
            encoding = Headers(raw=start["headers"]).get("content-encoding", "")
            conclude(start, decode(body, encoding, MAX_HELD), ())

        response = Copied(send, partial(has_json, scope["method"]), finish)
        try:
            await self._app(scope, receive, response.send)
        finally:
            if not response.is_finished:
                conclude(response.start, None, ())

    async def _check(self, scope: Scope, receive: Receive, send: Send) -> None:
        match, exchange = self._find(scope["method"], scope["path"]), exchange_of(scope)
        if match is None or exchange is None:
            raise LookupError("only operations that the control front has seen are checked")
        content = await read_body(receive)
        if content is None:
            return
        documented = preferred(scope)
        if documented is not None:
            await documented(match.operation)(scope, receive, send)
            return
        found = [*find_violations(scope, match, content)]
        conclude = self._observe(match, scope, content)
        if found and self._rejects:
            exchange.violations = conclude(None, None, found)
            raise InvalidData.of(found)

        async def judge(start: Message, body: bytes | None) -> None:
            headers = MutableHeaders(raw=start["headers"])
            encoding, type_ = headers.get("content-encoding", ""), headers.get("content-type", "")
            decoded = None if body is None else decode(body, encoding, MAX_HELD)
            wrong = [*check_response(match.operation, start["status"], type_, decoded)]
            exchange.violations = shown = conclude(start, decoded, [*found, *wrong])
            if shown and self._rejects:
                raise ResponseInvalid.of(shown)
            headers.update(violations_header(shown))

        has_schema = partial(_has_schema, match.operation, scope["method"])
        response = Held(send, has_schema, judge)
        try:
            await self._app(scope, _again(content, receive, exchange), response.send)
        finally:
            if not response.is_finished:
                exchange.violations = conclude(None, None, found)


def _is_about_carts(scope: Scope) -> bool:
    return f"{scope['path']}/".startswith(_CARTS) and scope["method"] not in _UNSEEN


def _has_schema(operation: Operation, method: str, start: Message) -> bool:
    media_type = media_type_of(Headers(raw=start["headers"]).get("content-type", ""))
    return (start["status"], media_type) in operation.responses and method != "HEAD"


def _again(content: bytes, receive: Receive, exchange: Exchange) -> Receive:
    """Return what receives a body that was read, and then the rest of it."""
    begun = False

    async def receive_again() -> Message:
        nonlocal begun
        if begun:
            return await receive()
        begun = True
        has_more = not exchange.is_received
        return {"type": "http.request", "body": content, "more_body": has_more}

    return receive_again
