"""A store served: by one process, or by several that share a database."""

from __future__ import annotations

import asyncio
import gc
import logging
import logging.config
import signal
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Protocol

import uvicorn
from uvicorn.supervisors import Multiprocess

from xclade_store_mock.cli.banner import banner
from xclade_store_mock.serving.limits import Limits, allow
from xclade_store_mock.serving.logs import logging_configuration
from xclade_store_mock.serving.protocol import BoundedProtocol
from xclade_store_mock.serving.watching import Watched
from xclade_store_mock.storage.memory import MemoryStorage

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from starlette.types import ASGIApp

    from xclade_store_mock.app import StoreMockApp
    from xclade_store_mock.control.access import Access
    from xclade_store_mock.control.scenarios import Scenario
    from xclade_store_mock.payments.model import Settings, Store
    from xclade_store_mock.storage import Storage

_log = logging.getLogger("xclade_store_mock")

_YOUNG_OBJECTS = 10_000


class Application(Protocol):
    """What can be told that the server stops."""

    def close(self) -> None:
        """Let everybody go who waits."""


class Server(uvicorn.Server):
    """Tells its application that it stops before it waits for its requests to end.

    uvicorn itself tells it after that.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        application: Application,
        begin: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(config)
        self._application = application
        self._begin = begin

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Do what is to be done at the beginning, and serve."""
        if self._begin is not None:
            await self._begin()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving."""
        self._application.close()
        await super().shutdown(sockets)


class Workers(Multiprocess):
    """Ends by SIGTERM if that has stopped it, as a single process does.

    Ctrl+C reaches all of a terminal's processes, and finds workers amid their imports; so it is for
    the parent alone, which then stops them.
    """

    is_terminated = False

    def init_processes(self) -> None:
        """Start the workers."""
        with _interrupts_kept_back():
            super().init_processes()

    def keep_subprocess_alive(self) -> None:
        """Start a worker in place of one that has died."""
        with _interrupts_kept_back():
            super().keep_subprocess_alive()

    def handle_term(self) -> None:
        """Stop."""
        self.is_terminated = True
        super().handle_term()

    def run(self) -> None:
        """Serve until a signal says to stop."""
        super().run()
        if self.is_terminated:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTERM)


@contextmanager
def _interrupts_kept_back() -> Iterator[None]:
    """Let Ctrl+C wait, and for ever in the processes that are started meanwhile."""
    if sys.platform == "win32":
        yield
        return
    # Else it would be started in between, and let them through again.
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@dataclass(frozen=True, slots=True)
class Service:
    """What is served; it can be sent to another process."""

    store: Store
    dialect: str
    storage_url: str | None
    """Where the state is kept; None for memory."""
    log_format: str | None = None
    """How requests are logged: "text" or "json"; None for not at all."""
    limits: Limits = field(default_factory=Limits)
    access: Access | None = None
    """Who may use the control API, which is one process's; None switches it off."""
    scenario: Scenario | None = None
    """What to start in; only with the control API."""

    def prepare(self) -> Settings | None:
        """Make the storage ready; answer what it holds, or None if it has got the store.

        Raises StorageError.
        """
        if self.storage_url is None:
            return None
        # Imported late: who keeps the state in memory has no use for it.
        from xclade_store_mock.storage.opening import prepare_storage  # noqa: PLC0415

        return asyncio.run(prepare_storage(self.storage_url, self.store))

    def announce(self, url: str, workers: int) -> None:
        """Tell people what is served at a URL; or programs, in a line of the log.

        Raises StorageError.
        """
        logging.config.dictConfig(logging_configuration(self.log_format))
        if self.log_format == "json":
            _log.info("Serving at %s", url)
        else:
            sys.stdout.write(asyncio.run(self._describe(url, workers)))
            sys.stdout.flush()

    async def _describe(self, url: str, workers: int) -> str:
        notes = self._notes(url, workers)
        if self.scenario is not None:
            # It starts with another store than the one that the storage still holds.
            store = self.scenario.store(self.store, datetime.now(UTC))
            return await banner(MemoryStorage(store), url, *notes)
        if self.storage_url is None:
            return await banner(MemoryStorage(self.store), url, *notes)
        from xclade_store_mock.storage.opening import opened  # noqa: PLC0415

        async with opened(self.storage_url) as storage:
            return await banner(storage, url, *notes)

    def _notes(self, url: str, workers: int) -> Iterator[str]:
        if self.access is not None:
            yield f"Console      {url}/  (control API: {url}/_mock/state)"
        elif workers == 1:
            yield "Console      off: --control-token TOKEN turns it on"
        else:
            yield "Console      off: it is for one worker alone"
        if self.scenario is not None:
            yield f"Scenario     {self.scenario.name}, with {self.scenario.cast}"

    def run(self, listener: socket.socket, workers: int) -> None:
        """Serve until a signal says to stop."""
        if workers > 1:
            config = self._config(self.application, workers)
            Workers(config, sockets=[listener]).run()
            return
        app = self.application()
        begin = partial(self.scenario.start, app.control) if self.scenario else None
        Server(self._config(lambda: app), app, begin).run(sockets=[listener])

    def follow(
        self, listener: socket.socket, read_again: Callable[[], Store], files: Sequence[Path]
    ) -> None:
        """Serve from this process, starting again whenever one of the files changes."""

        def make() -> StoreMockApp:
            return replace(self, store=read_again()).application()

        watched = Watched(make, files)
        Server(self._config(lambda: watched), watched).run(sockets=[listener])

    def _config(self, factory: Callable[[], ASGIApp], workers: int = 1) -> uvicorn.Config:
        limits = allow(self.limits)
        if limits.connections < self.limits.connections:
            _log.warning("No more than %d connections: the system's limit", limits.connections)
        return uvicorn.Config(
            factory,
            factory=True,
            workers=workers,
            log_config=logging_configuration(self.log_format),
            log_level=None,
            access_log=self.log_format is not None,
            http=partial(BoundedProtocol, limits=limits),  # type: ignore[arg-type] # it is called only
            ws="none",
            server_header=False,
            proxy_headers=False,
            # What cannot be finished then, is broken off: a second after the signal all is over.
            timeout_graceful_shutdown=0.6,  # type: ignore[arg-type] # asyncio waits for fractions
        )

    def application(self) -> StoreMockApp:
        """Make the application of one process."""
        # Connexion imports a part of Starlette that now wants another client library; it works
        # as is.
        warnings.filterwarnings("ignore", "Using `httpx` with `starlette.testclient`")
        # Requests leave no cycles behind; and while some wait for a database, the collector would
        # look again and again at all that is on its way with them.
        gc.set_threshold(_YOUNG_OBJECTS)
        from xclade_store_mock.app import create_app  # noqa: PLC0415
        from xclade_store_mock.web.dialect import Dialect  # noqa: PLC0415

        return create_app(
            store=self.store,
            dialect=Dialect(self.dialect),
            storage=self._open(),
            control=self.access,
        )

    def _open(self) -> Storage:
        if self.storage_url is None:
            return MemoryStorage(self.store)
        from xclade_store_mock.storage.opening import open_storage  # noqa: PLC0415

        return open_storage(self.storage_url)
