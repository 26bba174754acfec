"""The proxy: a real store behind the mock's journal, console, faults and checks."""

from datetime import UTC, datetime
from functools import partial
from typing import NoReturn

from starlette.types import Receive, Scope, Send

from xclade_store_mock.contract import load_contract
from xclade_store_mock.control.access import Access
from xclade_store_mock.control.control import Traffic
from xclade_store_mock.control.errors import NoStore
from xclade_store_mock.control.frame import Frame, Middleware, compose, create_control_app
from xclade_store_mock.control.operations import TrafficOperations
from xclade_store_mock.upstream.checks import Checks, Observe, observe_nothing
from xclade_store_mock.upstream.forward import Forward
from xclade_store_mock.upstream.messages import Cors
from xclade_store_mock.web import Call
from xclade_store_mock.web.dialect import Dialect


class Proxy:
    """An ASGI application in front of a real store."""

    def __init__(
        self,
        forward: Forward,
        *,
        dialect: Dialect,
        access: Access,
        cors_origins: tuple[str, ...] | None = None,
        observe: Observe = observe_nothing,
        rejects: bool = False,
        record: Middleware | None = None,
    ) -> None:
        contract = load_contract("store.yaml")
        find = partial(dialect.find, contract)
        self.traffic = Traffic(contract=contract, find=find, clock=partial(datetime.now, UTC))
        operations = TrafficOperations(self.traffic)

        async def refuse(_: Call) -> NoReturn:
            raise NoStore(forward.upstream)

        control_app = create_control_app(lambda id_: getattr(operations, id_, refuse), access)
        frame = Frame(dialect, self.traffic, control_app, is_page=lambda _: False)
        app = forward if record is None else record(forward)
        checks = Checks(app, contract=contract, find=find, observe=observe, rejects=rejects)
        cors = partial(Cors, origins=cors_origins)
        self._app = compose([*frame.front, *frame.around(cors)], checks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        await self._app(scope, receive, send)

    def close(self) -> None:
        """Release every waiting request, because the server is stopping."""
        self.traffic.close()
