"""The frame around every backend: readiness, the control API, the journal, failures and faults.

A backend is an ASGI application: the mock, or a real store that requests are forwarded to.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial, reduce

from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock.contract import load_contract
from xclade_store_mock.control.access import Access
from xclade_store_mock.control.control import Traffic
from xclade_store_mock.control.errors import ControlReplies
from xclade_store_mock.control.faults import FaultMiddleware
from xclade_store_mock.control.front import ControlFront, ControlPages, console_pages
from xclade_store_mock.errors import RouteNotFound
from xclade_store_mock.web.bodies import StrictBodies
from xclade_store_mock.web.dialect import Dialect, Failures
from xclade_store_mock.web.endpoints import Endpoints, Handler, read_strictly
from xclade_store_mock.web.pages import Arrival, Readiness, is_page

Middleware = Callable[[ASGIApp], ASGIApp]


@dataclass(frozen=True, slots=True)
class Frame:
    """The middlewares in front of a backend, in the order in which a request passes them.

    Without `traffic` there are no journal and no faults.
    """

    dialect: Dialect
    traffic: Traffic | None
    control_app: ASGIApp | None
    """The application under `/_mock`."""
    is_page: Callable[[str], bool] = is_page
    """Whether a path leads to a page of the backend, which the journal leaves out."""

    @property
    def front(self) -> list[Middleware]:
        """What every request passes first."""
        if self.traffic is None or self.control_app is None:
            return [Arrival, Readiness, self._failures]
        control_front = partial(
            ControlFront,
            control_app=self.control_app,
            console=console_pages(),
            is_page=self.is_page,
            clock=self.traffic.clock,
            record=self.traffic.record,
        )
        return [Arrival, Readiness, control_front, self._failures]

    def around(self, outer: Middleware) -> list[Middleware]:
        """Return a backend's own outermost middleware, and the faults behind it."""
        if self.traffic is None:
            return [outer, self._failures]
        faults = partial(FaultMiddleware, faults=self.traffic.faults, dialect=self.dialect)
        # Failures once more, so that faults and CORS apply to refusals, too.
        return [outer, faults, self._failures]

    @property
    def _failures(self) -> Middleware:
        return partial(Failures, respond=self.dialect.respond)


def compose(chain: Sequence[Middleware], app: ASGIApp) -> ASGIApp:
    """Return an application behind a chain of middlewares."""
    return reduce(lambda inner, middleware: middleware(inner), reversed(chain), app)


def create_control_app(find_handler: Callable[[str], Handler], access: Access) -> ASGIApp:
    """Return the application under `/_mock`.

    Its contract is read and compiled for the first request: many servers never get one.
    """

    @cache
    def create() -> ASGIApp:
        contract = load_contract("control.yaml")
        endpoints = Endpoints(
            _unknown_path,
            contract=contract,
            find_handler=find_handler,
            checks={},
            read_query=read_strictly,
        )
        app = StrictBodies(endpoints)

        async def guard(scope: Scope, receive: Receive, send: Send) -> None:
            access.check(scope)
            await app(scope, receive, send)

        pages = ControlPages(guard, contract)
        return Failures(pages, respond=ControlReplies().respond)

    async def control_app(scope: Scope, receive: Receive, send: Send) -> None:
        await create()(scope, receive, send)

    return control_app


async def _unknown_path(scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RouteNotFound(scope["path"])
