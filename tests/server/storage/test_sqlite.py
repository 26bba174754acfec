"""What only a file can do to a storage."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.storage.examples import SEED

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.storage import open_storage, prepare_storage

pytestmark = pytest.mark.anyio


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Make new files readable by everybody unless their mode says otherwise."""
    earlier = os.umask(0)
    yield
    os.umask(earlier)


def modes_in(folder: Path) -> dict[str, int]:
    """Return the mode of each file in a folder."""
    return {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()}


@pytest.mark.usefixtures("open_umask")
async def test_files_are_private(sqlite_url: str, tmp_path: Path) -> None:
    """Only the owner may read the file with its tokens, or any file beside it."""
    await prepare_storage(sqlite_url, SEED)
    storage = open_storage(sqlite_url)
    async with storage.hold("pay_col_1") as held:
        await held.keep(held.collection)
        modes = modes_in(tmp_path)
    await storage.close()

    names = ("store.db", "store.db-locks", "store.db-shm", "store.db-wal")
    assert dict.fromkeys(names, 0o600) == modes


async def test_missing_file_is_not_created_again(sqlite_url: str, tmp_path: Path) -> None:
    """A server that finds no file where it was prepared fails until the file is back."""
    await prepare_storage(sqlite_url, SEED)
    file = tmp_path / "store.db"
    file.rename(tmp_path / "elsewhere.db")
    storage = open_storage(sqlite_url)

    with pytest.raises(StorageUnavailable) as missing:
        await storage.cart("cart_1")
    assert "unable to open database file" == missing.value.reason
    assert not file.exists()
    (tmp_path / "elsewhere.db").rename(file)

    assert SEED.carts["cart_1"] == await storage.cart("cart_1")
    await storage.close()


def test_file_name_may_look_like_a_url(tmp_path: Path) -> None:
    """Characters with a meaning in URLs have none in the name of a file."""
    name = "a #100%&b%20.db"
    asyncio.run(prepare_storage(f"sqlite:///{tmp_path / name}", SEED))

    assert sorted([name, f"{name}-locks"]) == sorted(each.name for each in tmp_path.iterdir())
