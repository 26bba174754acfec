"""The servers behind the fixture `store_mock`, each in a thread of its own."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import uvicorn

from xclade_store_mock.app import create_app
from xclade_store_mock.control.access import Access
from xclade_store_mock.control.control import Control
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.errors import Refusal
from xclade_store_mock.payments.model import Store
from xclade_store_mock.serving import processes
from xclade_store_mock.storage.memory import MemoryStorage
from xclade_store_mock.web.dialect import Dialect

T = TypeVar("T")

_TIMEOUT = 10  # seconds


class Server:
    """A server in a thread; only its event loop touches its state."""

    def __init__(self, store: Store, dialect: Dialect) -> None:
        self.storage = MemoryStorage(store)
        app = create_app(store=store, storage=self.storage, dialect=dialect, control=Access())
        # Logging belongs to the test run, so the configuration leaves it alone.
        config = uvicorn.Config(
            app, log_config=None, ws="none", server_header=False, timeout_graceful_shutdown=1
        )
        self._control = app.control
        self._uvicorn = processes.Server(config, app)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        # Early calls queue in the listener or the loop.
        self._thread = threading.Thread(target=self._serve, name="store_mock", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            self._loop.run_until_complete(self._uvicorn.serve([self._listener]))
        finally:
            self._loop.close()

    def run(self, coroutine: Coroutine[Any, Any, T], timeout: float = _TIMEOUT) -> T:
        """Run a coroutine in the server's loop. Raises TimeoutError."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(timeout)
        except TimeoutError:
            # Otherwise it would stay in the loop.
            future.cancel()
            raise

    def do(self, step: Callable[[Control], T]) -> T:
        """Call a function with the server's control, in its loop."""

        async def call(control: Control) -> T:
            return step(control)

        return self.do_async(call)

    def do_async(self, step: Callable[[Control], Awaitable[T]]) -> T:
        """Await what a function returns, likewise. Raises ValueError for what is refused."""

        async def call() -> T:
            return await step(self._control)

        try:
            return self.run(call())
        except Refusal as error:
            raise ValueError(error.message) from None

    def reset(self, store: Store) -> None:
        """Start again from a store, without a trace of earlier requests."""
        self._control.store = store
        self.run(self._control.reset())
        self.do(lambda control: control.journal.clear())

    def stop(self) -> None:
        """Stop serving."""
        self._uvicorn.should_exit = True
        self._thread.join()


class Servers:
    """The servers of a test run: one per dialect, and per setting that a reset cannot change."""

    def __init__(self) -> None:
        self._running: dict[tuple[Dialect, tuple[str, ...] | None], Server] = {}

    def find(self, store: Store, dialect: Dialect | str) -> Server:
        """Return the server for a store, starting it if necessary."""
        if isinstance(dialect, str):
            dialect = DIALECTS[dialect]
        key = (dialect, store.settings.cors_origins)
        if key not in self._running:
            self._running[key] = Server(store, dialect)
        return self._running[key]

    def stop(self) -> None:
        """Stop all servers."""
        for server in self._running.values():
            server.stop()
