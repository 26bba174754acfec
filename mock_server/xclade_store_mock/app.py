"""The composition root: everything that varies is passed in here, and nothing is global."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from connexion import AsyncApp
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.resolver import Resolver
from ulid_transform import ulid_now

from xclade_store_mock.contract import Contract, load_contract
from xclade_store_mock.control.access import Access
from xclade_store_mock.control.control import Control
from xclade_store_mock.control.frame import Frame, Middleware, compose, create_control_app
from xclade_store_mock.control.operations import ControlOperations
from xclade_store_mock.dialects import DOCUMENTED
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
from xclade_store_mock.upstream.learning import Backend, Learner
from xclade_store_mock.upstream.messages import Cors
from xclade_store_mock.upstream.simulation import OneStore, Split
from xclade_store_mock.web.dialect import Dialect, Site
from xclade_store_mock.web.endpoints import Endpoints, Handler, check_publishable_key
from xclade_store_mock.web.operations import Operations
from xclade_store_mock.web.pages import Pages
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


def create_app(  # noqa: PLR0913 - each is optional, and passed by name
    *,
    store: Store | None = None,
    providers: Mapping[str, Provider] | None = None,
    clock: Callable[[], datetime] = utc_now,
    new_id: NewId = new_ulid,
    dialect: Dialect = DOCUMENTED,
    storage: Storage | None = None,
    control: Access | None = None,
    backend: Backend | None = None,
    added_providers: Sequence[str] = (),
    record: Middleware | None = None,
) -> StoreMockApp:
    """Return the mock server.

    It starts from the demo store and the installed providers unless others are given. A `storage`
    holds a store already: `store` is then what a reset restores, and it decides the `cors_origins`.
    `control` says who may use the control API, which belongs to one process; None turns it off.
    A `backend` serves what the contract does not have; the mock then learns from it, and adds
    `added_providers` to each region that it has. `record` sees every request to the Store API.
    """
    store = demo_store(clock()) if store is None else store
    contract = load_contract("store.yaml")
    storage = MemoryStorage(store) if storage is None else storage
    find: FindProvider = partial(
        find_provider, installed_providers() if providers is None else providers
    )
    controlled = control_app = learner = None
    if control is not None:
        controlled = Control(
            store=store,
            storage=storage,
            clock=clock,
            contract=contract,
            find=partial(dialect.find, contract),
            has_locks=not dialect.restores_sessions,
        )
        clock, find = controlled.clock, controlled.outcomes.wrap(find)
        control_app = create_control_app(
            partial(getattr, ControlOperations(controlled, dialect.name)), control
        )
    if backend is not None:
        learner = Learner(backend, storage, clock, added_providers)
        if controlled is not None:
            controlled.restarted = learner.forget
    operations = Operations(
        storage=storage, find_provider=find, clock=clock, new_id=new_id, dialect=dialect
    )
    site = Site(
        contract=contract,
        check_key=learner.check_key if learner else partial(check_publishable_key, storage),
        cors_origins=store.settings.cors_origins,
    )
    frame = Frame(dialect, controlled, control_app)
    chain = _chain(frame, site, dialect, operations, learner, record)
    app = _assemble(chain, contract, operations, partial(_lifespan, storage, backend))
    app._control = controlled  # noqa: SLF001 - its own class
    return app


def _assemble(
    chain: list[Middleware], contract: Contract, operations: Operations, lifespan: Any
) -> StoreMockApp:
    app = StoreMockApp(
        __name__,
        middlewares=chain,
        lifespan=lifespan,
        resolver=Resolver(partial(getattr, operations)),
    )
    app.add_api(contract.document)
    return app


def _chain(
    frame: Frame,
    site: Site,
    dialect: Dialect,
    operations: Operations,
    learner: Learner | None,
    record: Middleware | None,
) -> list[Middleware]:
    """Return the middlewares in the order in which a request passes them."""
    find_handler: Callable[[str], Handler] = partial(getattr, operations)
    front = frame.front  # the console, the control API and the journal; failures
    if learner is not None:
        front.append(_split(frame, site, dialect, learner, record))  # what the mock does not serve
        find_handler = learner.inform(find_handler)
    if record is not None:
        front.append(record)
    return [
        *front,
        # CORS, in medusa also the body, the key and the route; then faults and failures
        *frame.around(partial(dialect.outer, site=site)),
        dialect.inner,  # the body
        partial(Prefer, contract=site.contract, json_type=dialect.json_type),
        partial(  # the key, the body's schema and the query; then an operation
            Endpoints,
            contract=site.contract,
            find_handler=find_handler,
            checks=dialect.checks(site),
            read_query=dialect.read_query,
            json_type=dialect.json_type,
        ),
        partial(Pages, contract=site.contract),
        LifespanMiddleware,
    ]


def _split(
    frame: Frame, site: Site, dialect: Dialect, learner: Learner, record: Middleware | None
) -> Middleware:
    """Return the middleware that passes other requests to the backend, for pages of any origin."""
    cors = frame.around(partial(Cors, origins=site.cors_origins))
    # What the backend itself responds is recorded: behind CORS and faults.
    recorders = [] if record is None else [record]
    other = compose([*cors, *recorders], OneStore(learner))
    return partial(Split, find=partial(dialect.find, site.contract), other=other)


@asynccontextmanager
async def _lifespan(storage: Storage, backend: Backend | None, _: object) -> AsyncIterator[None]:
    try:
        yield
    finally:
        if backend is not None:
            await backend.aclose()
        await storage.close()
