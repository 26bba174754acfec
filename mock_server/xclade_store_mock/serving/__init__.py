"""Serve a store from one process, or from several that share a database.

Imports `app` and the packages below it; never `cli`. This module stays light, since the command
line needs it for --help; `processes` imports uvicorn.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xclade_store_mock.storage.memory import MemoryStorage

if TYPE_CHECKING:
    from collections.abc import Callable

    from xclade_store_mock.app import StoreMockApp
    from xclade_store_mock.control.access import Access
    from xclade_store_mock.control.frame import Middleware
    from xclade_store_mock.control.scenarios import Scenario
    from xclade_store_mock.payments.model import Store
    from xclade_store_mock.storage import Storage
    from xclade_store_mock.upstream.learning import Backend


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a process accepts; beyond a limit it responds with an error and disconnects."""

    connections: int = 10_000
    """Open connections; the next one gets 503."""
    head: int = 65_536
    """Bytes of a request's first line and headers; more get 431."""
    seconds: float = 30.0
    """Time for a request's head, and for each further part of its body; after that it gets 408."""


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Edge:
    """How clients reach a process: under which path of a reverse proxy, and with TLS or not."""

    root_path: str = ""
    certfile: str | None = None
    keyfile: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """What to serve, and how. It can be pickled, and so be sent to a worker process."""

    store: Store
    dialect: str
    storage_url: str | None = None
    """Where the state is kept; None for memory."""
    log_format: str | None = None
    """How requests are logged: "text" or "json"; None for not at all."""
    edge: Edge = field(default_factory=Edge)
    workers: int = 1
    access: Access | None = None
    """Access to the control API, which needs a single worker; None turns it off."""
    scenario: Scenario | None = None
    """What to start in; needs the control API."""
    backend: tuple[Callable[[], Backend], str] | None = None
    """What creates the backend of requests outside of the contract, and its name."""
    added_providers: tuple[str, ...] = ()
    """The payment providers of every region, beside its own."""

    record: Middleware | None = None
    """What records the traffic; needs a single worker."""

    def application(self) -> StoreMockApp:
        # Connexion imports a part of Starlette that now prefers another client library; it works
        # as it is.
        warnings.filterwarnings("ignore", "Using `httpx` with `starlette.testclient`")
        # Imported late: only a process that serves needs Connexion.
        from xclade_store_mock.app import create_app  # noqa: PLC0415
        from xclade_store_mock.dialects import DIALECTS  # noqa: PLC0415

        return create_app(
            store=self.store,
            dialect=DIALECTS[self.dialect],
            storage=self._open_storage(),
            control=self.access,
            backend=None if self.backend is None else self.backend[0](),
            added_providers=self.added_providers,
            record=self.record,
        )

    def _open_storage(self) -> Storage:
        if self.storage_url is None:
            return MemoryStorage(self.store)
        # Imported late: not needed to keep the state in memory.
        from xclade_store_mock.storage import open_storage  # noqa: PLC0415

        return open_storage(self.storage_url)
