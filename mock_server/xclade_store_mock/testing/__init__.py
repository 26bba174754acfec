"""The pytest plugin: the fixture `store_mock`, a reference server in the process of the test run.

pytest imports this module wherever the distribution is installed, with or without the extra
`mock`. So it imports the server only once a test uses a fixture or the class `StoreMock`.

May import: `serving` and the packages below it.
"""

from __future__ import annotations

import warnings
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from pathlib import Path

    from xclade_store_mock.payments.model import Store
    from xclade_store_mock.testing.server import Hold, Server, StoreMock
    from xclade_store_mock.web.dialect import Dialect

__all__ = ["Hold", "StoreMock"]


def __getattr__(name: str) -> Any:
    """Import what is not a fixture."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        with _importing_server():
            return getattr(import_module(f"{__name__}.server"), name)
    except pytest.fail.Exception as error:
        # pytest reports this one briefly, in a conftest.py as well.
        raise ImportError(str(error)) from None


@pytest.fixture(scope="session")
def store_mock_upstream() -> str | Path | None:
    """Return what `store_mock` stands in front of: nothing, unless you override this.

    A string is the URL of a store, a path that of a recording.
    """
    return None


@pytest.fixture(scope="session")
def store_mock_store(store_mock_upstream: str | Path | None) -> Store:
    """Return the store that `store_mock` starts from, unless you override this.

    It is the demo store, the recorded one, or empty in front of a store.
    """
    with _importing_server():
        from xclade_store_mock.app import utc_now  # noqa: PLC0415
        from xclade_store_mock.payments.model import Settings, Store  # noqa: PLC0415
        from xclade_store_mock.payments.seed import demo_store  # noqa: PLC0415
        from xclade_store_mock.upstream.recording import read_recording  # noqa: PLC0415

    if store_mock_upstream is None:
        return demo_store(utc_now())
    if isinstance(store_mock_upstream, str):
        return Store(Settings())
    return read_recording(store_mock_upstream, utc_now()).offline_store


@pytest.fixture(scope="session")
def store_mock_dialect() -> Dialect | str:
    """Return the dialect of `store_mock`, or its name: `documented`, unless you override this."""
    return "documented"


@pytest.fixture(scope="session")
def store_mock_assert_all_used() -> bool:
    """Return whether a test fails that plans a fault or an outcome but makes no use of it."""
    return True


@pytest.fixture(scope="session")
def _store_mock_servers() -> Iterator[dict[Hashable, Server]]:
    running: dict[Hashable, Server] = {}
    yield running
    for server in running.values():
        server.stop()


@pytest.fixture
def store_mock(
    request: pytest.FixtureRequest,
    _store_mock_servers: dict[Hashable, Server],
    store_mock_store: Store,
    store_mock_dialect: Dialect | str,
    store_mock_upstream: str | Path | None,
    store_mock_assert_all_used: bool,  # noqa: FBT001 - a fixture
) -> Iterator[StoreMock]:
    """Serve a store that no other test has changed; override `store_mock_store` to serve yours."""
    with _importing_server():
        from xclade_store_mock.testing.server import StoreMock, serve  # noqa: PLC0415

    server = serve(_store_mock_servers, store_mock_store, store_mock_dialect, store_mock_upstream)
    failed = request.session.testsfailed
    with ExitStack() as clients:
        mock = StoreMock(server.url, server, clients)
        yield mock
    # A test that has failed may not have come so far.
    unused = mock.unused_plans() if request.session.testsfailed == failed else []
    if unused and store_mock_assert_all_used:
        pytest.fail(
            f"no request met {', '.join(unused)}: remove the plan, or correct which requests it"
            " applies to; to allow it, override the fixture store_mock_assert_all_used",
            pytrace=False,
        )


@contextmanager
def _importing_server() -> Iterator[None]:
    """Import the server also where warnings are errors, or name the extra that it needs."""
    with warnings.catch_warnings():
        # Connexion itself uses these deprecated names.
        for message in (
            "Using `httpx` with `starlette.testclient` is deprecated",
            r"jsonschema\.RefResolver is deprecated",
            r"jsonschema\.exceptions\.RefResolutionError is deprecated",
        ):
            warnings.filterwarnings("ignore", message)
        try:
            yield
        except ModuleNotFoundError as error:
            message = (
                f"{error}. The fixture store_mock needs the extra mock:"
                " pip install 'xclade-store[mock]'"
            )
            raise pytest.fail.Exception(message, pytrace=False) from None
