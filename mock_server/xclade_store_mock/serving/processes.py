"""Run servers: sockets, uvicorn's configuration, one process or several, files to watch."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import signal
import socket
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn
from uvicorn.supervisors import Multiprocess

from xclade_store_mock.payments.seed import StoreFileError
from xclade_store_mock.serving import LIMITS
from xclade_store_mock.serving.logs import logging_configuration
from xclade_store_mock.serving.protocol import BoundedProtocol
from xclade_store_mock.web.pages import READY

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

    from xclade_store_mock.app import StoreMockApp
    from xclade_store_mock.payments.model import Store
    from xclade_store_mock.serving import Edge, Limits, Service
    from xclade_store_mock.upstream.proxy import Proxy

_log = logging.getLogger("xclade_store_mock")

_YOUNG_OBJECTS = 10_000
"""How many objects are created before the garbage collector looks for cycles."""

_BACKLOG = 2048
_LACKING = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}

_PAUSE = 0.2
"""Seconds between two looks at the files, and the time for which a changed file must rest."""

_OTHER_FILES = 64
"""Files that a process opens beside its connections, unless it may open very few."""


class Server(uvicorn.Server):
    """Close the application before waiting for its requests to end.

    uvicorn notifies the application only after that, so held requests and event streams would keep
    it waiting.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        application: StoreMockApp | Watched | Proxy,
        prepare: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(config)
        self._application = application
        self._prepare = prepare

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._prepare is not None:
            await self._prepare()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._application.close()
        await super().shutdown(sockets)


class Watched:
    """An application that is replaced by a new one whenever a file changes.

    If a file is invalid, the error is logged and the old application stays in use.
    """

    def __init__(self, create: Callable[[], StoreMockApp], files: Sequence[Path]) -> None:
        self._create = create
        self._files = files
        self._app = create()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on. Watch the files as long as the server runs."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        watching = asyncio.create_task(self._watch())
        try:
            await self._app(scope, receive, send)
        finally:
            watching.cancel()

    def close(self) -> None:
        self._app.close()

    async def _watch(self) -> None:
        async for names in _changes(self._files):
            try:
                app = self._create()
                # In a task of its own, whose request id does not reach the messages below.
                await asyncio.create_task(_build(app))
            except StoreFileError as error:
                _log.error(
                    "%s changed, but cannot be used; the old version stays in use: %s", names, error
                )
            except Exception:  # noqa: BLE001 - an edited contract can break anything, and the old one still works
                _log.exception(
                    "%s changed, but cannot be used; the old version stays in use", names
                )
            else:
                self._app.close()
                self._app = app
                _log.info("%s changed: the mock started again", names)


async def _build(app: StoreMockApp) -> None:
    """Make an application build itself, which Connexion does at the first request only."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
        (await client.get(READY)).raise_for_status()


async def _changes(files: Sequence[Path]) -> AsyncIterator[str]:
    """Yield the names of files that have changed, once they rest."""
    known = seen = [_stamp(file) for file in files]
    while True:
        await asyncio.sleep(_PAUSE)
        found = [_stamp(file) for file in files]
        if found == seen != known:
            changed = zip(files, known, found, strict=True)
            yield ", ".join(str(file) for file, before, now in changed if before != now)
            known = found
        seen = found


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


class Workers(Multiprocess):
    """Several processes, which end by SIGTERM if that stopped them, as a single one does.

    Ctrl+C reaches all processes of a terminal, even workers that are still importing. So workers
    ignore it, and the parent stops them.
    """

    is_terminated = False

    def init_processes(self) -> None:
        with _interrupts_blocked():
            super().init_processes()

    def keep_subprocess_alive(self) -> None:
        with _interrupts_blocked():
            super().keep_subprocess_alive()

    def handle_term(self) -> None:
        self.is_terminated = True
        super().handle_term()

    def run(self) -> None:
        """Serve until a signal stops the workers."""
        super().run()
        if self.is_terminated:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTERM)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block SIGINT for a while, and for good in processes that are started meanwhile."""
    if sys.platform == "win32":
        yield
        return
    # It would otherwise be started with the first worker, and unblock the signal.
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def run(service: Service, listeners: Sequence[socket.socket]) -> None:
    """Serve until a signal stops it."""
    if service.workers > 1:
        factory = partial(create_application, service)
        Workers(_configuration(service, factory), sockets=[*listeners]).run()
        return
    app = create_application(service)
    start = partial(service.scenario.start, app.control) if service.scenario else None
    Server(_configuration(service, lambda: app), app, start).run(sockets=[*listeners])


def create_application(service: Service) -> StoreMockApp:
    """Return the application of a process that serves only this one."""
    app = service.application()
    _collect_less()
    return app


def _collect_less() -> None:
    # What exists now stays, so the garbage collector need not look at it. Requests leave no cycles
    # behind. With the default, full collections stop the server for 30 ms now and then, since the
    # journal and waiting requests are kept for a while.
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)


def run_with_reload(
    service: Service,
    listeners: Sequence[socket.socket],
    read_store: Callable[[], Store],
    files: Sequence[Path],
) -> None:
    """Serve from this process, and from a new store whenever one of the files changes."""

    def create() -> StoreMockApp:
        return replace(service, store=read_store()).application()

    watched = Watched(create, files)
    gc.set_threshold(_YOUNG_OBJECTS)  # without gc.freeze(): the application does not stay
    Server(_configuration(service, lambda: watched), watched).run(sockets=[*listeners])


def _configuration(service: Service, factory: Callable[[], ASGIApp]) -> uvicorn.Config:
    return configuration(
        factory, log_format=service.log_format, edge=service.edge, workers=service.workers
    )


def run_proxy(
    proxy: Proxy, listeners: Sequence[socket.socket], log_format: str | None, edge: Edge
) -> None:
    """Serve a proxy until a signal stops it."""
    _collect_less()
    config = configuration(lambda: proxy, log_format=log_format, edge=edge)
    # The upstream's responses have their own.
    config.date_header = False
    Server(config, proxy).run(sockets=[*listeners])


def configuration(
    factory: Callable[[], ASGIApp], *, log_format: str | None, edge: Edge, workers: int = 1
) -> uvicorn.Config:
    """Return uvicorn's configuration, and allow the process enough open files."""
    limits = raise_open_file_limit(LIMITS)
    if limits.connections < LIMITS.connections:
        _log.warning("No more than %d connections: the system's limit", limits.connections)
    return uvicorn.Config(
        factory,
        factory=True,
        workers=workers,
        log_config=logging_configuration(log_format),
        log_level=None,
        access_log=log_format is not None,
        http=partial(BoundedProtocol, limits=limits),  # type: ignore[arg-type] # it is only called
        ws="none",
        server_header=False,
        proxy_headers=False,
        root_path=edge.root_path,
        ssl_certfile=edge.certfile,
        ssl_keyfile=edge.keyfile,
        # Requests that take longer are cancelled, so that the server stops within a second.
        timeout_graceful_shutdown=0.6,  # type: ignore[arg-type] # asyncio accepts fractions
    )


def raise_open_file_limit(limits: Limits) -> Limits:
    """Allow this process to open a file for each connection; return what the system grants.

    A refusal needs a file, too: without one, a connection too many would get no response.
    """
    if sys.platform == "win32":
        return limits
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections + _OTHER_FILES
    if soft < wanted:
        wanted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(ValueError, OSError):  # macOS has a further limit that it does not report
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    room = max(soft - _OTHER_FILES, soft // 2)
    return replace(limits, connections=min(limits.connections, room))


def listen(host: str, port: int) -> list[socket.socket]:
    """Listen on every address of a host, at the same port; port 0 lets the system choose one.

    Raises OSError.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    # A name can have an address twice.
    addresses = dict.fromkeys(
        (family, protocol, address) for family, _, protocol, _, address in found
    )
    return listen_on([*addresses])


def listen_on(addresses: Sequence[tuple[int, int, Any]]) -> list[socket.socket]:
    """Listen on addresses, each with its family and protocol, leaving out what this machine lacks.

    Raises OSError, also if it lacks all of them.
    """
    listeners: list[socket.socket] = []
    with ExitStack() as stack:
        for number, (family, protocol, (host, port, *rest)) in enumerate(addresses, start=1):
            # The system chooses for the first.
            shared = port or (listeners[0].getsockname()[1] if listeners else 0)
            try:
                listener = stack.enter_context(_bind(family, protocol, (host, shared, *rest)))
            except OSError as error:
                # "localhost" is often an IPv6 address, too, where there is no IPv6.
                is_last = number == len(addresses) and not listeners
                if is_last or error.errno not in _LACKING:
                    raise
            else:
                listeners.append(listener)
        stack.pop_all()
    return listeners


def _bind(family: int, protocol: int, address: tuple[Any, ...]) -> socket.socket:
    # asyncio disables Nagle's algorithm only for a socket that names its protocol. Otherwise each
    # response would wait 40 ms for its second packet.
    listener = socket.socket(family, socket.SOCK_STREAM, protocol)
    try:
        # On Windows, another server could then listen at the same port.
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
