"""The composition root: everything that varies is passed in here, and nothing is global."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from connexion import AsyncApp
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from connexion.options import SwaggerUIOptions
from connexion.resolver import Resolver
from starlette.types import ASGIApp, Receive, Scope, Send
from ulid_transform import ulid_now

from xclade_store_mock.contract import load_contract
from xclade_store_mock.control.access import Access
from xclade_store_mock.control.control import Control
from xclade_store_mock.control.errors import ControlReplies
from xclade_store_mock.control.faults import FaultMiddleware
from xclade_store_mock.control.front import ControlFront, console_pages
from xclade_store_mock.control.operations import ControlOperations
from xclade_store_mock.dialects import DOCUMENTED
from xclade_store_mock.errors import RouteNotFound
from xclade_store_mock.payments.model import Store
from xclade_store_mock.payments.providers import (
    FindProvider,
    Provider,
    find_provider,
    installed_providers,
)
from xclade_store_mock.payments.rules import NewId
from xclade_store_mock.payments.seed import demo_store
from xclade_store_mock.storage import Storage
from xclade_store_mock.storage.memory import MemoryStorage
from xclade_store_mock.web.bodies import StrictBodies
from xclade_store_mock.web.dialect import Dialect, Failures, Site, respond
from xclade_store_mock.web.endpoints import Endpoints, read_strictly
from xclade_store_mock.web.operations import Operations
from xclade_store_mock.web.pages import DOCS, Pages, Readiness
from xclade_store_mock.web.prefer import Prefer

utc_now: Callable[[], datetime] = partial(datetime.now, UTC)
"""Return the current time."""


def new_ulid(prefix: str) -> str:
    """Return a new id as Medusa makes them: a prefix and a ULID."""
    return f"{prefix}{ulid_now()}"


class StoreMockApp(AsyncApp):
    """The mock server, an ASGI application."""

    _control: Control | None = None

    @property
    def control(self) -> Control:
        """The control of this server. Raises LookupError if the control API is off."""
        if self._control is None:
            raise LookupError("the control API is off: create_app(control=Access()) turns it on")
        return self._control

    def close(self) -> None:
        """Release every waiting request, because the server is stopping."""
        if self._control is not None:
            self._control.close()


def create_app(
    *,
    store: Store | None = None,
    providers: Mapping[str, Provider] | None = None,
    clock: Callable[[], datetime] = utc_now,
    new_id: NewId = new_ulid,
    dialect: Dialect = DOCUMENTED,
    storage: Storage | None = None,
    control: Access | None = None,
) -> StoreMockApp:
    """Return the mock server.

    It starts from the demo store and the installed providers unless others are given. A `storage`
    holds a store already: `store` is then what a reset restores, and it decides the `cors_origins`.
    `control` says who may use the control API, which belongs to one process; None turns it off.
    """
    store = demo_store(clock()) if store is None else store
    site = Site(
        contract=load_contract("store.yaml"),
        storage=MemoryStorage(store) if storage is None else storage,
        cors_origins=store.settings.cors_origins,
    )
    find: FindProvider = partial(
        find_provider, installed_providers() if providers is None else providers
    )
    controlled = None
    if control is not None:
        controlled = Control(
            store=store,
            storage=site.storage,
            clock=clock,
            contract=site.contract,
            find=partial(dialect.find, site.contract),
        )
        clock, find = controlled.clock, controlled.outcomes.wrap(find)
    operations = Operations(
        storage=site.storage, find_provider=find, clock=clock, new_id=new_id, dialect=dialect
    )
    app = StoreMockApp(
        __name__,
        middlewares=_chain(site, dialect, operations, controlled, control),
        lifespan=partial(_lifespan, site.storage),
        resolver=Resolver(partial(getattr, operations)),
        # The page calls the server that it comes from, so it has a contract of its own.
        swagger_ui_options=SwaggerUIOptions(swagger_ui_path=DOCS, spec_path=f"{DOCS}/openapi.json"),
    )
    app.add_api(site.contract.document)
    app._control = controlled  # noqa: SLF001 - its own class
    return app


def _chain(
    site: Site,
    dialect: Dialect,
    operations: Operations,
    control: Control | None,
    access: Access | None,
) -> list[Any]:
    """Return the middlewares in the order in which a request passes them."""
    failures = partial(Failures, respond=partial(respond, dialect))
    control_front = faults = None
    if control is not None and access is not None:
        control_front = partial(
            ControlFront,
            control_app=_create_control_app(control, access, dialect.name),
            console=console_pages(),
            clock=control.clock,
            record=control.record,
        )
        faults = partial(FaultMiddleware, faults=control.faults, dialect=dialect)
    chain = [
        Readiness,
        control_front,  # the console, the control API and the journal
        failures,
        partial(dialect.outer, site=site),  # CORS; in medusa also the body, the key and the route
        faults,
        failures,  # again, so that faults and CORS apply to refusals, too
        partial(dialect.inner, site=site),  # the body
        partial(Prefer, contract=site.contract, json_type=dialect.json_type),
        partial(  # the key, the body's schema and the query; then an operation
            Endpoints,
            contract=site.contract,
            find_handler=partial(getattr, operations),
            checks=dialect.checks(site),
            read_query=dialect.read_query,
            json_type=dialect.json_type,
        ),
        partial(Pages, contract=site.contract),
        SwaggerUIMiddleware,
        LifespanMiddleware,
    ]
    return [middleware for middleware in chain if middleware is not None]


def _create_control_app(control: Control, access: Access, dialect_name: str) -> ASGIApp:
    """Return the application under `/_mock`, in the order in which a request passes it."""
    operations = ControlOperations(control, dialect_name)
    endpoints = Endpoints(
        _unknown_path,
        contract=load_contract("control.yaml"),
        find_handler=partial(getattr, operations),
        checks={},
        read_query=read_strictly,
    )
    app = StrictBodies(endpoints)

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        access.check(scope)
        await app(scope, receive, send)

    return Failures(guard, respond=partial(respond, ControlReplies()))


async def _unknown_path(scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RouteNotFound(scope["path"])


@asynccontextmanager
async def _lifespan(storage: Storage, _: object) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await storage.close()
