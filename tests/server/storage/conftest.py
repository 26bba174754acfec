"""One suite for every kind of storage: each keeps the promises of `Storage`."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest
from tests.conftest import PATIENCE
from tests.databases import MEMORY, OLDER_POSTGRESQL, POSTGRESQL, SQLITE, new_database
from tests.server.storage.disks import small_disk
from tests.server.storage.examples import SEED

from xclade_store_mock.storage import Storage, open_storage, prepare_storage
from xclade_store_mock.storage.memory import MemoryStorage

__all__ = ["small_disk"]


class Pair(NamedTuple):
    """Two storages on one database, like those of two servers."""

    one: Storage
    other: Storage


@pytest.fixture
def anyio_backend() -> str:
    """Run the tests in asyncio's event loop."""
    return "asyncio"


@pytest.fixture(scope="session")
def shared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the URL of an SQLite file that many tests use, one after the other."""
    url = f"sqlite:///{tmp_path_factory.mktemp('shared') / 'store.db'}"
    asyncio.run(prepare_storage(url, SEED))
    return url


@pytest.fixture(scope="session")
def shared_postgresql(postgresql_server: str) -> Iterator[str]:
    """Return the URL of a PostgreSQL database that many tests use, one after the other."""
    with new_database(postgresql_server) as url:
        asyncio.run(prepare_storage(url, SEED))
        yield url


@pytest.fixture(scope="session")
def shared_older_postgresql(older_postgresql_server: str) -> Iterator[str]:
    """Return the URL of such a database on an older PostgreSQL."""
    with new_database(older_postgresql_server) as url:
        asyncio.run(prepare_storage(url, SEED))
        yield url


@pytest.fixture(params=[SQLITE, POSTGRESQL, OLDER_POSTGRESQL])
def shared_database(request: pytest.FixtureRequest) -> str:
    """Return the URL of a database that many tests use, one after the other."""
    url: str = request.getfixturevalue(f"shared_{request.param}")
    return url


@pytest.fixture(params=[MEMORY, SQLITE, POSTGRESQL, OLDER_POSTGRESQL])
def shared_storage(request: pytest.FixtureRequest) -> str:
    """Return the same, or `memory`."""
    if request.param == MEMORY:
        return MEMORY
    url: str = request.getfixturevalue(f"shared_{request.param}")
    return url


@pytest.fixture
async def storage(shared_storage: str) -> AsyncIterator[Storage]:
    """Return a storage that holds the seed."""
    async with asyncio.timeout(PATIENCE):
        if shared_storage == MEMORY:
            yield MemoryStorage(SEED)
            return
        async with _reset(shared_storage) as storage:
            yield storage


@pytest.fixture
async def pair(shared_database: str) -> AsyncIterator[Pair]:
    """Return two storages on one database that holds the seed."""
    async with (
        asyncio.timeout(PATIENCE),
        _reset(shared_database) as one,
        _reset(shared_database) as other,
    ):
        yield Pair(one, other)


@asynccontextmanager
async def _reset(url: str) -> AsyncIterator[Storage]:
    storage = open_storage(url)
    await storage.reset(SEED)
    try:
        yield storage
    finally:
        await storage.close()
