"""An SQLite file that another process recovers after a crash."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from xclade_store_mock.payments.model import Cart
from xclade_store_mock.payments.seed import demo_store
from xclade_store_mock.storage import open_storage, prepare_storage

RECOVER = """
import fcntl, sys
with open(sys.argv[1], "r+b", buffering=0) as index:
    for lock in (120, 122):  # WAL_WRITE_LOCK and WAL_RECOVER_LOCK, www.sqlite.org/walformat.html
        fcntl.lockf(index, fcntl.LOCK_EX, 1, lock)
    index.write(bytes(96))  # a writer died before it wrote the header
    print(flush=True)
    sys.stdin.read()
"""


def test_waits_for_a_recovery(tmp_path: Path) -> None:
    """Opening the file waits for the recovery to end."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    store = demo_store(datetime.now(UTC))
    with asyncio.Runner() as runner:
        runner.run(prepare_storage(url, store))
        storage = open_storage(url)
        runner.run(storage.cart("cart_demo"))
        with subprocess.Popen(
            [sys.executable, "-c", RECOVER, tmp_path / "store.db-shm"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as recovery:
            assert recovery.stdout
            recovery.stdout.readline()

            async def read() -> tuple[bool, Cart | None]:
                reading = asyncio.create_task(storage.cart("cart_demo"))
                await asyncio.sleep(0)
                answered_at_once = reading.done()
                recovery.communicate()
                return answered_at_once, await reading

            answer = runner.run(read())
        runner.run(storage.close())

    assert (False, store.carts["cart_demo"]) == answer
