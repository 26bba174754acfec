"""The composition root: everything that varies comes in here, nothing is global."""

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
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from ulid_transform import ulid_now

from xclade_store_mock import jsontext
from xclade_store_mock.contract import Contract, load_contract
from xclade_store_mock.control.access import Access
from xclade_store_mock.control.api import with_control
from xclade_store_mock.control.control import Control
from xclade_store_mock.dialects.documented import Cors
from xclade_store_mock.dialects.medusa.front import MedusaFront
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
from xclade_store_mock.web.dialect import Dialect, error_response
from xclade_store_mock.web.endpoints import Endpoints
from xclade_store_mock.web.error_handlers import Errors
from xclade_store_mock.web.guard import Guard
from xclade_store_mock.web.operations import Operations
from xclade_store_mock.web.pages import Readiness
from xclade_store_mock.web.prefer import Prefer
from xclade_store_mock.web.security import check_publishable_key

utc_now: Callable[[], datetime] = partial(datetime.now, UTC)
"""Tells the time."""


def new_ulid(prefix: str) -> str:
    """Make an id as Medusa does: a prefix and a ULID."""
    return f"{prefix}{ulid_now()}"


class StoreMockApp(AsyncApp):
    """The reference server, an ASGI application."""

    steering: Control | None = None

    @property
    def control(self) -> Control:
        """What it is steered by. Raises LookupError where the control API is off."""
        if self.steering is None:
            message = "the control API is off: create_app(control=Access()) switches it on"
            raise LookupError(message)
        return self.steering

    def close(self) -> None:
        """Let everybody go who waits, since the server stops."""
        if self.steering is not None:
            self.steering.close()


def create_app(
    *,
    store: Store | None = None,
    providers: Mapping[str, Provider] | None = None,
    clock: Callable[[], datetime] = utc_now,
    new_id: NewId = new_ulid,
    dialect: Dialect = Dialect.DOCUMENTED,
    storage: Storage | None = None,
    control: Access | None = None,
) -> StoreMockApp:
    """Make the reference server.

    It starts from the demo store and the installed providers unless it is given others. A
    `storage` holds a store already: `store` is then what a reset leads back to, and says which
    `cors_origins` there are. `control` says who may use the control API, which is one process's;
    None switches it off.
    """
    if store is None:
        store = demo_store(clock())
    if storage is None:
        storage = MemoryStorage(store)
    contract = load_contract("store.yaml")
    services = installed_providers() if providers is None else providers
    find: FindProvider = partial(find_provider, services)
    front = _front(dialect, contract, storage, store.settings.cors_origins)
    steering = None
    if control is not None:
        steering = Control(store=store, storage=storage, clock=clock, contract=contract)
        clock, find = steering.clock, steering.outcomes.wrap(find)
        front = with_control(front, steering, control, dialect)
    operations = Operations(
        storage=storage, find_provider=find, clock=clock, new_id=new_id, dialect=dialect
    )
    app = StoreMockApp(
        __name__,
        middlewares=[
            Readiness,
            *front,
            Prefer,
            Endpoints,
            SwaggerUIMiddleware,
            LifespanMiddleware,
        ],
        lifespan=partial(_lifespan, storage),
        resolver=Resolver(partial(getattr, operations)),
        # The page calls the server that it comes from, so it gets a contract of its own.
        swagger_ui_options=SwaggerUIOptions(
            swagger_ui_path="/docs", spec_path="/docs/openapi.json"
        ),
    )
    # A customer's token is never asked for: one that is not known makes a guest, as recorded.
    checks = {"publishableKey": partial(check_publishable_key, storage)}
    app.add_api(contract.document, contract=contract, dialect=dialect, checks=checks)
    _add_pages(app, contract)
    app.steering = steering
    return app


def _front(
    dialect: Dialect, contract: Contract, storage: Storage, origins: tuple[str, ...] | None
) -> list[Any]:
    """Put together what a request passes before Connexion: errors, CORS, the body."""
    errors = partial(Errors, answer=lambda error: error_response(error, dialect))
    if dialect is Dialect.MEDUSA:
        medusa = partial(MedusaFront, document=contract.document, storage=storage, origins=origins)
        return [errors, medusa, errors]
    # An error's answer has CORS headers, too; unless it is one of what adds them.
    return [errors, partial(Cors, origins=origins), errors, Guard]


def _add_pages(app: AsyncApp, contract: Contract) -> None:
    app.add_url_rule("/", view_func=_to_docs)
    app.add_url_rule("/openapi.yaml", view_func=_page(contract.text.encode(), "application/yaml"))
    app.add_url_rule(
        "/openapi.json", view_func=_page(jsontext.write(contract.document), "application/json")
    )


@asynccontextmanager
async def _lifespan(storage: Storage, _: object) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await storage.close()


def _page(content: bytes, media_type: str) -> Callable[[Request], Response]:
    return lambda _: Response(content, media_type=media_type)


def _to_docs(_: Request) -> Response:
    return RedirectResponse("/docs/")
