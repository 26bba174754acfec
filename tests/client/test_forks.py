"""A client that is used before and after a fork: each process has connections of its own."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from tests.client.conftest import Authority
from tests.client.echo import echo_store
from tests.client.wire import Desk, collection, open_store

from xclade_store import HttpClientShared, StoreClient

ROOT = Path(__file__).parents[2]
WORKERS = int(os.environ.get("FORKED_WORKERS", "6"))
"""How many workers each test forks; 200 before a release."""
FORK = multiprocessing.get_context("fork")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_each_forked_worker_gets_its_own_answers(
    authority: Authority, scheme: str, kind: str
) -> None:
    """However it is forked, no two processes use a connection, and the parent's still works."""
    with echo_store(authority.server if scheme == "https" else None) as store:
        command = [sys.executable, "-m", "tests.client.forking", store.url, kind, str(WORKERS)]
        subprocess.run(
            command, cwd=ROOT, check=True, env={**os.environ, "SSL_CERT_FILE": str(authority.path)}
        )
        used = [processes for processes in store.processes if processes]

    assert [] == [processes for processes in used if len(processes) > 1]
    assert len(set().union(*used)) > 1


# Of forking, by Python 3.12 and later: the workers of pytest-xdist have threads.
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("library", [httpx, httpx2])
def test_an_http_client_in_a_forked_process(library: Any) -> None:
    """It is not used in another process than the one that used it first."""
    desk = Desk(collection())
    store = open_store(desk, library=library)
    store.create_payment_collection("cart_demo")

    assert "HttpClientShared" == outcome_in_fork(store)
    store.create_payment_collection("cart_demo")


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_an_http_client_that_only_the_forked_process_uses() -> None:
    """A client that was made before the fork but not used is as good as new."""
    assert "StorePaymentCollection" == outcome_in_fork(open_store(Desk(collection())))


def outcome_in_fork(store: StoreClient) -> str:
    """Return the name of what a call in a forked process returns or raises."""
    outcomes = FORK.SimpleQueue()

    def work() -> None:
        try:
            outcomes.put(type(store.create_payment_collection("cart_demo")).__name__)
        except HttpClientShared as error:
            outcomes.put(type(error).__name__)

    process = FORK.Process(target=work)
    process.start()
    process.join()
    outcome: str = outcomes.get()
    return outcome
