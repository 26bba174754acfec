"""Storages in several processes, which share only the database."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from typing import IO

import pytest
from tests.server.storage.conftest import Pair
from tests.server.storage.examples import A_CHANCE, record

pytestmark = pytest.mark.anyio

HOLDER = f"""
import asyncio, sys
from contextlib import suppress
from xclade_store_mock.payments.idempotency import KeyScope
from xclade_store_mock.storage import open_storage

async def main():
    storage = open_storage(sys.argv[1])
    with suppress(LookupError):
        async with storage.hold("pay_col_1"), storage.claim({record("a").scope}):
            print("held", flush=True)
            sys.stdin.readline()
            raise LookupError
    sys.stdin.readline()

asyncio.run(main())
"""
"""Holds a collection and a key, fails on the first line of input, ends on the second."""


@pytest.fixture
def holder(pair: Pair, shared_database: str) -> Iterator[IO[str]]:  # noqa: ARG001 - it resets first
    """Run the holder in another process; return its standard input."""
    command = [sys.executable, "-c", HOLDER, shared_database]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        assert "held\n" == process.stdout.readline()
        try:
            yield process.stdin
        finally:
            process.kill()


async def test_processes_take_turns(pair: Pair, holder: IO[str]) -> None:
    """A collection or key of a failed task is free for another process at once."""

    async def hold() -> None:
        async with pair.one.hold("pay_col_1"):
            pass

    waiting = asyncio.create_task(hold())
    await asyncio.wait({waiting}, timeout=A_CHANCE)
    async with pair.one.claim(record("a").scope) as claimed:
        assert (False, False) == (waiting.done(), claimed)
    async with pair.one.hold("pay_col_2"), pair.one.claim(record("b").scope) as claimed:
        assert claimed

    holder.write("fail\n")
    holder.flush()

    await waiting
    async with pair.one.claim(record("a").scope) as claimed:
        assert claimed
