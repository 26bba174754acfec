"""Idempotency records: claimed, stored, answered and dropped."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace
from tests.conftest import PATIENCE
from tests.server.storage.conftest import Pair
from tests.server.storage.examples import NOW, SEED, answered, record

from xclade_store_mock.errors import StorageUnavailable
from xclade_store_mock.payments.idempotency import Record
from xclade_store_mock.storage import MOST_RECORDS, Storage

pytestmark = pytest.mark.anyio


async def test_scope_is_claimed_once(storage: Storage) -> None:
    """A claimed key cannot be claimed again before it is released; other keys can."""
    scope, other = record("a").scope, record("b").scope
    async with storage.claim(scope) as first, storage.claim(scope) as second:
        async with storage.claim(other) as elsewhere:
            assert (True, False, True) == (first, second, elsewhere)
        # A failed claim releases nothing.
        async with storage.claim(scope) as third:
            assert not third
    async with storage.claim(scope) as again:
        assert again


async def test_one_of_many_claims_succeeds(storage: Storage) -> None:
    """Of many claims of a key at once, exactly one succeeds."""
    all_have_asked = asyncio.Barrier(10)

    async def claim() -> bool:
        async with storage.claim(record("a").scope) as claimed, asyncio.timeout(PATIENCE):
            await all_have_asked.wait()
            return claimed

    assert 1 == sum(await asyncio.gather(*(claim() for _ in range(10))))


async def test_failure_releases_the_claim(storage: Storage) -> None:
    """A failed request leaves its key to the next one."""
    claims = []
    for _ in range(2):
        with suppress(LookupError):
            async with storage.claim(record("a").scope) as claimed:
                claims.append(claimed)
                raise LookupError

    assert [True, True] == claims


@pytest.mark.parametrize(
    "field", [{"publishable_key": "pk"}, {"method": "PUT"}, {"path": "/"}, {"key": "b"}], ids=repr
)
async def test_another_scope_has_another_record(storage: Storage, field: dict[str, str]) -> None:
    """Every part of a key's scope counts."""
    opened = record("a")
    await storage.open_record(opened, NOW)
    other = replace(opened.scope, **field)

    assert await storage.record(other) is None
    async with storage.claim(opened.scope), storage.claim(other) as claimed:
        assert claimed


async def test_record_is_kept_whole(storage: Storage) -> None:
    """A record comes back unchanged, before and after it is answered."""
    opened = record("a")
    assert await storage.record(opened.scope) is None

    await storage.open_record(opened, NOW)
    assert opened == await storage.record(opened.scope)

    closed = answered(opened, bytes(range(256)) * 400)
    await storage.keep_answer(closed)
    assert closed == await storage.record(opened.scope)


async def test_records_are_shared(pair: Pair) -> None:
    """A record that one server answers can be read by another."""
    opened = record("a")
    await pair.one.open_record(opened, NOW)
    assert opened == await pair.other.record(opened.scope)

    await pair.other.keep_answer(answered(opened))
    assert answered(opened) == await pair.one.record(opened.scope)


async def test_new_record_replaces_the_earlier_one(storage: Storage) -> None:
    """A key that is used again has neither the earlier answer nor the earlier session."""
    earlier = record("a")
    await storage.open_record(earlier, NOW)
    await storage.keep_answer(answered(earlier))
    later = replace(record("a", earlier.expires_at), fingerprint="other", session_id="payses_x")

    await storage.open_record(later, earlier.expires_at)

    assert later == await storage.record(later.scope)


async def test_expired_records_are_dropped(storage: Storage) -> None:
    """Opening a record drops the expired ones, exact to the microsecond."""
    moments = [NOW + timedelta(microseconds=each) for each in (-1, 0, 1)]
    older, same, newer = (record(str(each), moment) for each, moment in enumerate(moments))
    for each in (older, same, newer):
        await storage.open_record(each, NOW)
        await storage.keep_answer(answered(each))
    # Until then, even an expired record is kept.
    assert answered(older) == await storage.record(older.scope)

    await storage.open_record(record("new", NOW), same.expires_at)

    kept = [await storage.record(each.scope) for each in (older, same, newer)]
    assert [None, None, answered(newer)] == kept


async def test_request_is_answered_although_a_day_has_passed(storage: Storage) -> None:
    """A request that runs while the clock is moved forward can still store its answer."""
    opened = record("a")
    await storage.open_record(opened, NOW)
    await storage.open_record(record("b", opened.expires_at), opened.expires_at)

    await storage.keep_answer(answered(opened))


async def test_answer_is_kept_once(pair: Pair) -> None:
    """A second answer fails, and the first one stays."""
    opened = record("a")
    await pair.one.open_record(opened, NOW)
    await pair.one.keep_answer(answered(opened, b"first"))

    with pytest.raises(StorageUnavailable):
        await pair.other.keep_answer(answered(opened, b"second"))

    assert answered(opened, b"first") == await pair.other.record(opened.scope)


async def test_answer_after_a_reset_is_dropped(storage: Storage) -> None:
    """A request that began before a reset leaves no answer after it."""
    opened = record("a")
    await storage.open_record(opened, NOW)
    await storage.reset(SEED)
    with suppress(StorageUnavailable):
        await storage.keep_answer(answered(opened))

    assert await storage.record(opened.scope) is None


async def test_many_open_records_at_once(storage: Storage) -> None:
    """Many requests at once drop the same expired records, and each stores its own."""
    expired = [record(f"old {number}", NOW - timedelta(days=2)) for number in range(20)]
    for each in expired:
        await storage.open_record(each, NOW - timedelta(days=2))
        await storage.keep_answer(answered(each))
    opened = [record(f"new {number}") for number in range(20)]

    await asyncio.gather(*(storage.open_record(each, NOW) for each in opened))

    assert opened == [await storage.record(each.scope) for each in opened]
    assert [None] * 20 == [await storage.record(each.scope) for each in expired]


async def answer(storage: Storage, *opened: Record, now: datetime = NOW) -> None:
    """Open records and store their answers, all at once."""
    await asyncio.gather(*(storage.open_record(each, now) for each in opened))
    await asyncio.gather(*(storage.keep_answer(answered(each)) for each in opened))


async def test_expired_records_are_dropped_in_any_order(storage: Storage) -> None:
    """A record opened while the clock was ahead does not keep the earlier ones from expiring."""
    ahead = NOW + timedelta(days=365)
    later, sooner = record("later", ahead), record("sooner")
    await answer(storage, later, now=ahead)
    await answer(storage, sooner)

    await storage.open_record(record("new", sooner.expires_at), sooner.expires_at)

    assert await storage.record(sooner.scope) is None
    assert answered(later) == await storage.record(later.scope)


async def test_number_of_records_is_limited(storage: Storage) -> None:
    """While the clock stands still, the oldest answered records are dropped; no others are."""
    running, oldest = record("running"), record("oldest")
    await storage.open_record(running, NOW)
    await answer(storage, oldest)
    rest = [record(str(number)) for number in range(MOST_RECORDS)]
    await answer(storage, *rest)
    await storage.open_record(record("last"), NOW)

    assert await storage.record(oldest.scope) is None
    assert running == await storage.record(running.scope)
    assert answered(rest[-1]) == await storage.record(rest[-1].scope)
    await storage.keep_answer(answered(running))
    assert answered(running) == await storage.record(running.scope)
    kept = [await storage.record(each.scope) for each in rest[: MOST_RECORDS // 100]]
    assert kept.count(None) <= 2
