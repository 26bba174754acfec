"""The control API's own application: contract-first, too, with replies and access of its own."""

from functools import partial

from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock.contract import load_contract
from xclade_store_mock.control.access import Access
from xclade_store_mock.control.control import Control
from xclade_store_mock.control.errors import ControlReplies
from xclade_store_mock.control.operations import ControlOperations
from xclade_store_mock.errors import RouteNotFound
from xclade_store_mock.web.bodies import StrictBodies
from xclade_store_mock.web.dialect import respond
from xclade_store_mock.web.endpoints import Endpoints, read_strictly
from xclade_store_mock.web.failures import Failures


def create_control_app(control: Control, access: Access, dialect_name: str) -> ASGIApp:
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
