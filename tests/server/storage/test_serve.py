"""`serve --storage`: what it prints, and what a restart keeps."""

from pathlib import Path

import httpx
import pytest
from tests.conftest import KEY
from tests.databases import MEMORY
from tests.server.command import Running, running, starting
from tests.server.wire import PROVIDERS, SESSIONS, STRIPE, SYSTEM, read_collection, session_of

from xclade_store_mock.cli import main

OTHER_STORE = """
publishable_keys: [{token: pk_other}]
payment_providers: []
regions: []
"""


@pytest.fixture
def other_store(tmp_path: Path) -> str:
    """Return the path of a store file."""
    path = tmp_path / "other.yaml"
    path.write_text(OTHER_STORE, "utf-8")
    return str(path)


def client_of(server: Running) -> httpx.Client:
    """Return a client of a server's demo store."""
    return httpx.Client(base_url=server.url, headers=KEY)


def test_workers_cannot_share_a_memory(capsys: pytest.CaptureFixture[str]) -> None:
    """Several workers without a database are refused; the error says what to do."""
    code = main(["serve", "--port", "0", "--storage", MEMORY, "--workers", "2"])

    out, err = capsys.readouterr()
    assert (1, "") == (code, out)
    assert (
        "xclade-store-mock: several workers cannot share a memory:"
        " choose --storage sqlite:///FILE or --storage postgresql://USER:PASSWORD@HOST/DATABASE,"
        " or one worker\n"
    ) == err


def test_state_outlasts_the_server(database_url: str, other_store: str) -> None:
    """A restart keeps sessions and recorded responses, and does not read another seed."""
    idempotency = {"Idempotency-Key": "once"}
    with running("--storage", database_url) as server, client_of(server) as client:
        first = client.post(SESSIONS, json=STRIPE, headers=idempotency)
        refused = client.post(SESSIONS, json=SYSTEM, headers=idempotency)
        assert [] == server.stop()

    late = ("--storage", database_url, "--seed", other_store)
    with running(*late) as server, client_of(server) as client:
        assert [session_of(first)] == read_collection(client)["payment_sessions"]
        replayed = client.post(SESSIONS, json=STRIPE, headers=idempotency)
        refused_again = client.post(SESSIONS, json=SYSTEM, headers=idempotency)
        complaints = server.stop()

    assert (200, first.content) == (replayed.status_code, replayed.content)
    assert "true" == replayed.headers["Idempotent-Replayed"]
    assert 422 == refused.status_code == refused_again.status_code
    message = f"{other_store} is ignored: the database already contains a store"
    assert [message] == complaints


def test_one_of_two_servers_seeds(database_url: str, other_store: str) -> None:
    """Two servers that start on an empty database seed it once, and both serve it."""
    options = ("--storage", database_url, "--seed", other_store)
    with starting(*options) as one, starting(*options) as other:
        servers = [one(), other()]
        key = {"x-publishable-api-key": "pk_other"}
        statuses = [
            httpx.get(f"{each.url}{PROVIDERS}?region_id=reg_x", headers=key).status_code
            for each in servers
        ]
        complaints = [line for each in servers for line in each.stop()]

    assert [200, 200] == statuses
    assert 1 == len(complaints)
    assert "is ignored: the database already contains a store" in complaints[0]
