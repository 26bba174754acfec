"""A store served: by one process, or by several that share a database."""

from __future__ import annotations

import asyncio
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.supervisors import Multiprocess

from xclade_store_mock.banner import banner
from xclade_store_mock.storage.memory import MemoryStorage

if TYPE_CHECKING:
    import socket

    from connexion import AsyncApp

    from xclade_store_mock.storage import Storage
    from xclade_store_mock.store import Store


@dataclass(frozen=True, slots=True)
class Service:
    """What is served; it can be sent to another process."""

    store: Store
    dialect: str
    storage_url: str | None
    """Where the state is kept; None for memory."""

    def prepare(self) -> bool:
        """Make the storage ready; tell whether it was empty and has got the store.

        Raises StorageError.
        """
        if self.storage_url is None:
            return True
        # Imported late: who keeps the state in memory has no use for it.
        from xclade_store_mock.storage.opening import prepare_storage  # noqa: PLC0415

        return asyncio.run(prepare_storage(self.storage_url, self.store))

    def describe(self, url: str) -> str:
        """Tell what is served at a URL."""

        async def describe() -> str:
            storage = self._open()
            try:
                return await banner(storage, url)
            finally:
                await storage.close()

        return asyncio.run(describe())

    def run(self, listener: socket.socket, workers: int) -> None:
        """Serve until a signal says to stop."""
        config = uvicorn.Config(
            self.application,
            factory=True,
            workers=workers,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        if workers == 1:
            uvicorn.Server(config).run(sockets=[listener])
        else:
            Multiprocess(config, sockets=[listener]).run()

    def application(self) -> AsyncApp:
        """Make the application of one process."""
        # Connexion imports a part of Starlette that now wants another client library; it works
        # as is.
        warnings.filterwarnings("ignore", "Using `httpx` with `starlette.testclient`")
        from xclade_store_mock.app import create_app  # noqa: PLC0415
        from xclade_store_mock.error_responses import Dialect  # noqa: PLC0415

        return create_app(store=self.store, dialect=Dialect(self.dialect), storage=self._open())

    def _open(self) -> Storage:
        if self.storage_url is None:
            return MemoryStorage(self.store)
        from xclade_store_mock.storage.opening import open_storage  # noqa: PLC0415

        return open_storage(self.storage_url)
