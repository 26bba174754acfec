"""Settings: read, changed, and seen by all servers that share the storage."""

import asyncio
from collections.abc import Callable

import pytest
from msgspec.structs import replace
from tests.server.storage.conftest import Pair
from tests.server.storage.examples import NOW, SEED

from xclade_store_mock.payments.model import PublishableKey, Settings
from xclade_store_mock.payments.seed import demo_store
from xclade_store_mock.storage import Storage

pytestmark = pytest.mark.anyio


def add_key(token: str) -> Callable[[Settings], Settings]:
    """Return the change that adds a publishable key."""
    key = {token: PublishableKey(token, "added")}
    return lambda it: replace(it, publishable_keys={**it.publishable_keys, **key})


async def test_settings_are_the_seeds(storage: Storage) -> None:
    """Settings come back whole: revoked keys, disabled providers and origins included."""
    assert SEED.settings == await storage.settings()


async def test_open_origins_stay_open(storage: Storage) -> None:
    """No list of origins differs from an empty list."""
    await storage.reset(demo_store(NOW))

    assert demo_store(NOW).settings == await storage.settings()


async def test_change_is_returned_and_seen(storage: Storage) -> None:
    """A change starts from the current settings, and the next reader sees it."""
    first = await storage.change_settings(add_key("pk_a"))
    second = await storage.change_settings(add_key("pk_b"))

    assert add_key("pk_a")(SEED.settings) == first
    assert add_key("pk_b")(first) == second == await storage.settings()


async def test_settings_come_with_a_held_collection(storage: Storage) -> None:
    """A held collection comes with the settings of that moment."""
    async with storage.hold("pay_col_1") as held:
        changed = await storage.change_settings(add_key("pk_new"))
        assert SEED.settings == held.settings
    async with storage.hold("pay_col_1") as held:
        assert changed == held.settings


async def test_failed_change_changes_nothing(storage: Storage) -> None:
    """A failed change leaves the settings unchanged, and the next change succeeds."""

    def fail(_: Settings) -> Settings:
        raise LookupError

    with pytest.raises(LookupError):
        await storage.change_settings(fail)

    assert SEED.settings == await storage.settings()
    await storage.change_settings(add_key("pk_new"))
    assert "pk_new" in (await storage.settings()).publishable_keys


async def test_no_change_is_lost(storage: Storage) -> None:
    """Of many changes at once, each starts from the one before it."""
    tokens = {f"pk_{number}" for number in range(10)}

    await asyncio.gather(*(storage.change_settings(add_key(token)) for token in tokens))

    assert tokens < (await storage.settings()).publishable_keys.keys()


async def test_change_is_seen_by_others_at_once(pair: Pair) -> None:
    """A server that has read the settings before sees the change, also while holding."""
    assert await pair.one.settings() == await pair.other.settings()

    changed = await pair.one.change_settings(add_key("pk_new"))

    assert changed == await pair.other.settings()
    async with pair.other.hold("pay_col_1") as held:
        assert changed == held.settings
    again = await pair.other.change_settings(add_key("pk_newer"))
    async with pair.one.hold("pay_col_1") as held:
        assert again == held.settings
    assert again == await pair.one.settings()


async def test_no_change_of_two_servers_is_lost(pair: Pair) -> None:
    """Two servers that change the settings at once do not undo each other's changes."""
    tokens = [f"pk_{number}" for number in range(10)]

    await asyncio.gather(
        *(pair[number % 2].change_settings(add_key(token)) for number, token in enumerate(tokens))
    )

    assert {*tokens} < (await pair.one.settings()).publishable_keys.keys()
