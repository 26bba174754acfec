"""The control API's application, and its place in the server's chain."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from connexion import AsyncApp
from connexion.resolver import Resolver
from starlette.responses import Response

from xclade_store_mock.contract import load_contract
from xclade_store_mock.control.access import Access, AccessCheck
from xclade_store_mock.control.console import console_pages
from xclade_store_mock.control.control import Control
from xclade_store_mock.control.errors import (
    Conflict,
    ControlForbidden,
    ControlTokenInvalid,
    NotFound,
)
from xclade_store_mock.control.faults import FaultMiddleware
from xclade_store_mock.control.front import ControlFront
from xclade_store_mock.control.plans import PlanOperations
from xclade_store_mock.control.state import StateOperations
from xclade_store_mock.errors import Refusal
from xclade_store_mock.web.dialect import Dialect, Reply, error_response, reply_response
from xclade_store_mock.web.endpoints import Endpoints
from xclade_store_mock.web.error_handlers import Errors
from xclade_store_mock.web.guard import Guard

_REPLIES: Mapping[type[Refusal], Reply] = {
    ControlTokenInvalid: Reply(401, "unauthorized"),
    ControlForbidden: Reply(403, "not_allowed"),
    NotFound: Reply(404, "not_found"),
    Conflict: Reply(409, "conflict"),
}


def with_control(
    front: Sequence[Any], control: Control, access: Access, dialect: Dialect
) -> list[Any]:
    """Return the front of the chain with the journal first, and the faults behind CORS."""
    errors, cors, *others = front
    outermost = partial(
        ControlFront,
        control_app=_create_app(control, access, dialect),
        console=console_pages(),
        clock=control.clock,
        record=control.record,
    )
    faults = partial(FaultMiddleware, faults=control.faults, dialect=dialect)
    return [outermost, errors, cors, faults, *others]


def _create_app(control: Control, access: Access, dialect: Dialect) -> AsyncApp:
    operations = (StateOperations(control, dialect), PlanOperations(control))
    app = AsyncApp(
        __name__,
        middlewares=[
            partial(Errors, answer=_answer),
            partial(AccessCheck, access=access),
            Guard,
            Endpoints,
        ],
        resolver=Resolver(partial(_find, operations)),
    )
    contract = load_contract("control.yaml")
    app.add_api(contract.document, contract=contract, dialect=Dialect.DOCUMENTED, checks={})
    return app


def _find(operations: tuple[object, ...], operation_id: str) -> Any:
    (found,) = (each for each in operations if hasattr(each, operation_id))
    return getattr(found, operation_id)


def _answer(error: Refusal) -> Response:
    for kind, reply in _REPLIES.items():
        if isinstance(error, kind):
            return reply_response(reply, error.message, Dialect.DOCUMENTED)
    return error_response(error, Dialect.DOCUMENTED)
