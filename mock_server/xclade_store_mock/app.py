"""The composition root: everything that varies comes in here, nothing is global."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from connexion import AsyncApp
from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from connexion.middleware.context import ContextMiddleware
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.middleware.security import SecurityMiddleware
from connexion.middleware.server_error import ServerErrorMiddleware
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from connexion.options import SwaggerUIOptions
from connexion.resolver import Resolver
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from ulid import ULID

from xclade_store_mock import json_text, sl_violations
from xclade_store_mock.contract import load_contract
from xclade_store_mock.error_responses import Dialect, error_response
from xclade_store_mock.errors import DomainError, MethodNotAllowed, RouteNotFound, UnknownFailure
from xclade_store_mock.guard import Guard
from xclade_store_mock.medusa_front import MedusaFront
from xclade_store_mock.operations import Operations
from xclade_store_mock.payments import NewId
from xclade_store_mock.prefer import Prefer, PreferredAnswers
from xclade_store_mock.providers import Provider, installed_providers
from xclade_store_mock.ready import Readiness
from xclade_store_mock.routing import ExactRouting
from xclade_store_mock.security import CustomerTokenCheck, PublishableKeyCheck
from xclade_store_mock.storage import Storage
from xclade_store_mock.storage.memory import MemoryStorage
from xclade_store_mock.store import Store
from xclade_store_mock.store_file import demo_store
from xclade_store_mock.validation import ContractValidation

_log = logging.getLogger("xclade_store_mock")


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


def new_ulid(prefix: str) -> str:
    """Make an id as Medusa does: a prefix and a ULID."""
    return f"{prefix}{ULID()}"


def create_app(
    *,
    store: Store | None = None,
    providers: Mapping[str, Provider] | None = None,
    clock: Callable[[], datetime] = utc_now,
    new_id: NewId = new_ulid,
    dialect: Dialect = Dialect.DOCUMENTED,
    storage: Storage | None = None,
) -> AsyncApp:
    """Make the reference server, an ASGI application.

    It starts from the demo store and the installed providers unless it is given others. A
    `storage` holds a store already: of `store` only the `cors_origins` count then.
    """
    if store is None:
        store = demo_store(clock())
    if storage is None:
        storage = MemoryStorage(store)
    operations = Operations(
        storage=storage,
        providers=installed_providers() if providers is None else providers,
        clock=clock,
        new_id=new_id,
        dialect=dialect,
    )
    contract = load_contract("store.yaml")
    origins = store.settings.cors_origins
    front = (
        [
            partial(MedusaFront, document=contract.document, storage=storage, origins=origins),
            ExceptionMiddleware,
        ]
        if dialect is Dialect.MEDUSA
        else [partial(CORSMiddleware, **_cors(origins)), ExceptionMiddleware, Guard]
    )
    app = AsyncApp(
        __name__,
        middlewares=[
            Readiness,
            ServerErrorMiddleware,
            *front,
            Prefer,
            SwaggerUIMiddleware,
            ExactRouting,
            SecurityMiddleware,
            ContractValidation,
            PreferredAnswers,
            LifespanMiddleware,
            ContextMiddleware,
        ],
        lifespan=partial(_lifespan, storage),
        resolver=Resolver(partial(getattr, operations)),
        pythonic_params=True,
        security_map={
            "apiKey": lambda: PublishableKeyCheck(storage),
            "bearer": CustomerTokenCheck,
        },
        # The page calls the server that it comes from, so it gets a contract of its own.
        swagger_ui_options=SwaggerUIOptions(
            swagger_ui_path="/docs", spec_path="/docs/openapi.json"
        ),
    )
    app.add_api(contract.document, contract=contract, dialect=dialect)
    app.add_url_rule("/", view_func=_to_docs)
    app.add_url_rule("/openapi.yaml", view_func=_page(contract.text.encode(), "application/yaml"))
    app.add_url_rule(
        "/openapi.json", view_func=_page(json_text.write(contract.document), "application/json")
    )
    app.add_error_handler(DomainError, partial(_answer_error, dialect))
    app.add_error_handler(ProblemException, _answer_problem)
    app.add_error_handler(HTTPException, partial(_answer_misrouted, dialect))
    app.add_error_handler(Exception, partial(_answer_bug, dialect))
    return app


@asynccontextmanager
async def _lifespan(storage: Storage, _: object) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await storage.close()


def _cors(origins: tuple[str, ...] | None) -> dict[str, Any]:
    """Let pages call with cookies, as the official SDK does: that needs their own origin echoed."""
    return {
        "allow_origins": origins or (),
        "allow_origin_regex": ".*" if origins is None else None,
        "allow_credentials": True,
        "allow_methods": ("GET", "POST"),
        "allow_headers": ("*",),
        "expose_headers": ("Idempotent-Replayed", sl_violations.NAME),
    }


def _page(content: bytes, media_type: str) -> Callable[[Request], Response]:
    return lambda _: Response(content, media_type=media_type)


def _to_docs(_: Request) -> Response:
    return RedirectResponse("/docs/")


async def _answer_error(
    dialect: Dialect, _: ConnexionRequest, error: DomainError
) -> ConnexionResponse:
    return error_response(error, dialect)


async def _answer_problem(_: ConnexionRequest, error: ProblemException) -> ConnexionResponse:
    """Answer as Connexion would, who also logs; it is the caller's mistake."""
    return error.to_problem()


async def _answer_misrouted(
    dialect: Dialect, request: ConnexionRequest, error: HTTPException
) -> ConnexionResponse:
    path = request.scope["path"]
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and error.headers:
        allowed = error.headers["Allow"]
        return error_response(MethodNotAllowed(request.method, path, allowed), dialect)
    return error_response(RouteNotFound(path), dialect)


async def _answer_bug(dialect: Dialect, _: ConnexionRequest, error: Exception) -> ConnexionResponse:
    """Say nothing of a bug to the outside."""
    _log.error("Bug in the mock", exc_info=error)
    return error_response(UnknownFailure(), dialect)
