"""The servers behind the fixture `store_mock`, each in a thread of its own."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Coroutine, Mapping
from functools import cached_property
from typing import Any, TypeVar

import uvicorn

from xclade_store_mock import serving
from xclade_store_mock.app import create_app
from xclade_store_mock.contract import Operation, load_contract
from xclade_store_mock.contract.violations import check_body
from xclade_store_mock.control.access import Access
from xclade_store_mock.control.control import Control
from xclade_store_mock.control.plans import PlanOperations
from xclade_store_mock.control.scenarios import Scenario
from xclade_store_mock.errors import Refusal
from xclade_store_mock.payments.model import Store
from xclade_store_mock.storage.memory import MemoryStorage
from xclade_store_mock.web.dialect import Dialect
from xclade_store_mock.web.endpoints import Call

T = TypeVar("T")

_PATIENCE = 10  # seconds


class Server:
    """A server in a thread; only its event loop touches its state."""

    def __init__(self, store: Store, dialect: Dialect) -> None:
        self.storage = MemoryStorage(store)
        app = create_app(store=store, storage=self.storage, dialect=dialect, control=Access())
        # Logging is the test run's own affair, and so it stays as it is.
        config = uvicorn.Config(
            app, log_config=None, ws="none", server_header=False, timeout_graceful_shutdown=1
        )
        self._control = app.control
        self._plans = PlanOperations(app.control)
        self._uvicorn = serving.Server(config, app)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        # Whoever calls before it serves waits in the listener's or the loop's queue.
        self._thread = threading.Thread(target=self._serve, name="store_mock", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            self._loop.run_until_complete(self._uvicorn.serve([self._listener]))
        finally:
            self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something where no request can be in the middle of a step."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    def do(self, step: Callable[[Control], T]) -> T:
        """Steer the server, in one step."""

        async def take() -> T:
            return step(self._control)

        return self.run(take())

    @cached_property
    def _operations(self) -> Mapping[str, Operation]:
        return load_contract("control.yaml").operations

    def plan(self, operation_id: str, body: Mapping[str, Any], **path: str) -> Any:
        """Do an operation of the control API; ValueError for what that would refuse."""
        operation = self._operations[operation_id]
        assert operation.body  # noqa: S101 - what plans has one
        try:
            check_body(operation.body, operation.body_fields, body)
            call = Call({"method": "POST"}, path, {}, body)
            response = self.run(getattr(self._plans, operation_id)(call))
        except Refusal as error:
            raise ValueError(error.message) from None
        return json.loads(response.body)

    def start(self, scenario: Scenario) -> None:
        """Start again, in a scenario."""
        self.run(scenario.start(self._control))

    def reset(self, store: Store) -> None:
        """Start again from a store, as if nothing had ever been asked."""
        self._control.store = store
        self.run(self._control.reset())
        self.do(lambda control: control.journal.clear())

    def stop(self) -> None:
        """Stop serving."""
        self._uvicorn.should_exit = True
        self._thread.join()


class Servers:
    """The servers of a test run: one for each dialect and what else a store cannot change later."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, tuple[str, ...] | None], Server] = {}

    def find(self, store: Store, dialect: str) -> Server:
        """Find the server that can serve the store, starting it if need be."""
        key = (dialect, store.settings.cors_origins)
        if key not in self._running:
            self._running[key] = Server(store, Dialect(dialect))
        return self._running[key]

    def stop(self) -> None:
        """Stop them all."""
        for server in self._running.values():
            server.stop()
