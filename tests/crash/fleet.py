"""The command, serving with several processes that can be killed and started again."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from tests.conftest import KEY, PATIENCE
from tests.crash.ledger import Call, read_calls

COMMAND = Path(sys.executable).with_name("xclade-store-mock")
COLLECTIONS = "/store/payment-collections"
ACME = "pp_acme_default"
AMOUNT = 25.5
WORKERS = 2
PROBE = "pay_col_probe"
EACH_BY_ITS_OWN = {**KEY, "Connection": "close"}
"""Headers for one connection per request: any worker may accept it, and none idles.

Limiting the pool is not enough: it may close a connection that a thread has just received,
https://github.com/encode/httpcore/issues/1110.
"""


def sessions_of(collection_id: str) -> str:
    """Return the path at which a collection's sessions are initialized."""
    return f"{COLLECTIONS}/{collection_id}/payment-sessions"


class Fleet:
    """A parent process and its workers, which share a store with the payment provider Acme."""

    def __init__(self, folder: Path, storage_url: str, carts: int) -> None:
        self.folder = folder
        self._storage_url = storage_url
        self._port = 0
        self._carts = count()
        self._workers: set[int] = set()
        self._killed: set[int] = set()
        _install_acme(folder)
        (folder / "store.json").write_text(json.dumps(_store(carts)), "utf-8")

    def new_cart(self) -> str:
        """Return a cart without a payment collection."""
        return f"cart_{next(self._carts)}"

    def calls(self) -> list[Call]:
        """Return the provider's calls."""
        return read_calls(self.folder / "ledger")

    def calls_of(self, collection_ids: set[str]) -> list[Call]:
        """Return the provider's calls for these collections."""
        return [call for call in self.calls() if call.collection_id in collection_ids]

    def wait_for_calls(self, collection_ids: set[str]) -> None:
        """Wait until the provider has been called for each collection."""
        end = time.monotonic() + PATIENCE
        while not collection_ids <= {call.collection_id for call in self.calls()}:
            assert time.monotonic() < end, self.log()
            time.sleep(0.01)

    def signal(self, name: str) -> None:
        """Give the signal that the provider waits for."""
        (self.folder / name).touch()

    @property
    def url(self) -> str:
        """Return the URL of the store."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start on the same port as before."""
        options = {
            "--port": str(self._port),
            "--workers": str(WORKERS),
            "--storage": self._storage_url,
            "--seed": str(self.folder / "store.json"),
        }
        path = os.pathsep.join([str(self.folder), os.environ.get("PYTHONPATH", "")])
        with (self.folder / "log").open("ab") as log:
            self._parent = subprocess.Popen(
                [COMMAND, "serve", *(word for option in options.items() for word in option)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONPATH": path, "ACME_FOLDER": str(self.folder)},
                # One signal reaches all processes of a session.
                start_new_session=True,
            )
        assert self._parent.stdout
        found = re.search(r"http://\S+:(\d+)", self._parent.stdout.readline())
        assert found, self.log()
        self._port = int(found.group(1))

    def wait(self) -> None:
        """Wait until all workers serve."""
        found: set[int] = set()
        end = time.monotonic() + PATIENCE
        body = {"provider_id": ACME, "data": {"collection": PROBE}}
        with httpx.Client(base_url=self.url, headers=EACH_BY_ITS_OWN, timeout=PATIENCE) as client:
            while len(found) < WORKERS:
                assert time.monotonic() < end, self.log()
                response = client.post(sessions_of(PROBE), json=body).raise_for_status()
                (session,) = response.json()["payment_collection"]["payment_sessions"]
                found |= {session["data"]["worker"]} - self._killed
                time.sleep(0.01)
        self._workers = found

    def kill_worker(self) -> None:
        """Kill the oldest worker."""
        oldest = min(self._workers)
        self._killed.add(oldest)
        os.kill(oldest, signal.SIGKILL)

    def kill(self) -> None:
        """Kill the parent and all workers at once."""
        self._killed |= self._workers
        os.killpg(self._parent.pid, signal.SIGKILL)
        self._reap()

    def stop(self) -> None:
        """Stop the parent, which stops its workers."""
        self._parent.terminate()
        self._reap()

    def _reap(self) -> None:
        assert self._parent.stdout
        self._parent.stdout.close()
        self._parent.wait(PATIENCE)

    def log(self) -> str:
        """Return what the processes logged."""
        return (self.folder / "log").read_text("utf-8")


@contextmanager
def running_fleet(folder: Path, storage_url: str, *, carts: int) -> Iterator[Fleet]:
    """Run the command on an empty database, with a folder for its files."""
    fleet = Fleet(folder, storage_url, carts)
    fleet.start()
    try:
        yield fleet
    finally:
        fleet.stop()


def _install_acme(folder: Path) -> None:
    """Write the files that installing a provider's distribution would write."""
    shutil.copy(Path(__file__).with_name("acme.py"), folder)
    installed = folder / "acme-1.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n", "utf-8")
    entry_point = "[xclade_store_mock.providers]\nacme = acme:Acme\n"
    (installed / "entry_points.txt").write_text(entry_point, "utf-8")
    (folder / "ledger").touch()


def _store(carts: int) -> dict[str, Any]:
    cart = {"region_id": "reg", "currency_code": "usd", "total": AMOUNT}
    return {
        "publishable_keys": [{"token": KEY["x-publishable-api-key"]}],
        "payment_providers": [{"id": ACME}],
        "regions": [{"id": "reg", "currency_code": "usd", "payment_providers": [ACME]}],
        "carts": [{"id": f"cart_{number}", **cart} for number in range(carts)],
        "payment_collections": [{"id": PROBE, "currency_code": "usd", "amount": AMOUNT}],
    }
