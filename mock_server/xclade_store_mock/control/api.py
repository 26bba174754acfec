"""The control API's own application: contract-first, too, with replies and access of its own."""

from collections.abc import Mapping
from functools import partial

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from xclade_store_mock import errors
from xclade_store_mock.contract import load_contract
from xclade_store_mock.control.access import Access, AccessCheck
from xclade_store_mock.control.control import Control
from xclade_store_mock.control.errors import (
    Conflict,
    ControlForbidden,
    ControlTokenInvalid,
    NotFound,
)
from xclade_store_mock.control.operations import ControlOperations
from xclade_store_mock.errors import Refusal
from xclade_store_mock.web.bodies import StrictBodies
from xclade_store_mock.web.dialect import Reply, render, respond
from xclade_store_mock.web.endpoints import Endpoints, read_strictly
from xclade_store_mock.web.failures import Failures


class _Replies:
    """How the control API answers refusals."""

    replies: Mapping[type[Refusal], Reply] = {
        errors.NotJson: Reply(400, "invalid_data"),
        errors.InvalidData: Reply(400, "invalid_data"),
        ControlTokenInvalid: Reply(401, "unauthorized"),
        ControlForbidden: Reply(403, "not_allowed"),
        errors.RouteNotFound: Reply(404, "not_found"),
        errors.CartNotFound: Reply(404, "not_found"),
        errors.CollectionNotFound: Reply(404, "not_found"),
        NotFound: Reply(404, "not_found"),
        errors.MethodNotAllowed: Reply(405, "not_allowed"),
        Conflict: Reply(409, "conflict"),
        errors.BodyTooLarge: Reply(413, "invalid_data"),
        errors.UnsupportedMediaType: Reply(415, "invalid_data"),
        errors.StorageUnavailable: Reply(500, "unexpected_state", "api_error"),
        errors.UnknownFailure: Reply(500, "unknown_error", "unknown_error"),
    }

    def render(self, reply: Reply, message: str, headers: Mapping[str, str]) -> Response:
        """Return a reply as JSON."""
        return render(reply, message, headers)


def create_control_app(control: Control, access: Access, dialect_name: str) -> ASGIApp:
    """Return the application under `/_mock`, in the order in which a request passes it."""
    operations = ControlOperations(control, dialect_name)
    app: ASGIApp = Endpoints(
        _unknown_path,
        contract=load_contract("control.yaml"),
        find_handler=partial(getattr, operations),
        checks={},
        read_query=read_strictly,
    )
    return Failures(
        AccessCheck(StrictBodies(app), access=access), respond=partial(respond, _Replies())
    )


async def _unknown_path(scope: Scope, _receive: Receive, _send: Send) -> None:
    raise errors.RouteNotFound(scope["path"])
