"""One suite for every kind of storage: what `Storage` promises, each of them keeps."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest
from tests.databases import MEMORY, POSTGRESQL, SQLITE, new_database
from tests.server.storage.disks import small_disk
from tests.server.storage.examples import SEED

from xclade_store_mock.storage import Storage
from xclade_store_mock.storage.memory import MemoryStorage
from xclade_store_mock.storage.opening import open_storage, prepare_storage

__all__ = ["small_disk"]

_LONG = 30  # seconds; nobody waits longer for a turn


class Pair(NamedTuple):
    """Two storages on one database, as two servers have them."""

    one: Storage
    other: Storage


@pytest.fixture
def anyio_backend() -> str:
    """Run the tests in asyncio's event loop."""
    return "asyncio"


@pytest.fixture(scope="session")
def lived_in_sqlite(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Answer the URL of an SQLite file that is used by one test after the other."""
    url = f"sqlite:///{tmp_path_factory.mktemp('lived_in') / 'store.db'}"
    asyncio.run(prepare_storage(url, SEED))
    return url


@pytest.fixture(scope="session")
def lived_in_postgresql(postgresql_server: str) -> Iterator[str]:
    """Answer the URL of a PostgreSQL database that is used by one test after the other."""
    with new_database(postgresql_server) as url:
        asyncio.run(prepare_storage(url, SEED))
        yield url


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def lived_in_database(request: pytest.FixtureRequest) -> str:
    """Answer the URL of a database of either kind that is used by one test after the other."""
    url: str = request.getfixturevalue(f"lived_in_{request.param}")
    return url


@pytest.fixture(params=[MEMORY, SQLITE, POSTGRESQL])
def lived_in_storage(request: pytest.FixtureRequest) -> str:
    """Answer the same, or memory."""
    if request.param == MEMORY:
        return MEMORY
    url: str = request.getfixturevalue(f"lived_in_{request.param}")
    return url


@pytest.fixture
async def storage(lived_in_storage: str) -> AsyncIterator[Storage]:
    """Answer a storage that holds the seed."""
    async with asyncio.timeout(_LONG):
        if lived_in_storage == MEMORY:
            yield MemoryStorage(SEED)
            return
        async with _reset(lived_in_storage) as storage:
            yield storage


@pytest.fixture
async def pair(lived_in_database: str) -> AsyncIterator[Pair]:
    """Answer two storages on one database that holds the seed."""
    async with (
        asyncio.timeout(_LONG),
        _reset(lived_in_database) as one,
        _reset(lived_in_database) as other,
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
