"""The medusa dialect responds as a real backend did, and scripts/replay finds differences."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from tests.conftest import KEY, served
from tests.server.command import running as command
from tests.server.wire import COLLECTIONS, PROVIDERS, SESSIONS, SYSTEM

from xclade_store_mock.app import create_app
from xclade_store_mock.cli import main
from xclade_store_mock.dialects import DIALECTS

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / "tests/contract/recordings"
RECORDING = RECORDINGS / "medusa-2.21.2.json"


class Replayed(NamedTuple):
    """The exit code and the output of a replay."""

    returncode: int
    stdout: str
    stderr: str


Replay = Callable[..., Replayed]


@pytest.fixture
def replay(capsys: pytest.CaptureFixture[str]) -> Replay:
    """Return a function that runs the command `replay`."""
    return lambda *arguments: Replayed(main(["replay", *map(str, arguments)]), *capsys.readouterr())


def excerpt(folder: Path, *names: str) -> tuple[Path, dict[str, Any]]:
    """Write a recording of a few cases, and return its path and content."""
    recording = json.loads(RECORDING.read_text("utf-8"))
    recording["cases"] = [case for case in recording["cases"] if case["name"] in names]
    path = folder / "excerpt.json"
    path.write_text(json.dumps(recording), "utf-8")
    return path, recording


def test_every_recorded_case_passes() -> None:
    """All cases of the contract's operations pass; the others are skipped."""
    command = (ROOT / "scripts/replay", RECORDING, RECORDINGS / "medusa-2.21.2-more.json")
    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert 0 == result.returncode, result.stdout[-5000:]
    assert "369 passed, 0 failed, 4 skipped" == result.stdout.splitlines()[-1]


def test_one_changed_byte_is_found(replay: Replay, tmp_path: Path) -> None:
    """A changed response fails, with the name of the case and the path of the difference."""
    path, recording = excerpt(tmp_path, "body/data-empty", "key/missing")
    response = recording["cases"][0]["response"]
    response["body"] = response["body"].replace('"amount":10,', '"amount":11,', 1)
    path.write_text(json.dumps(recording), "utf-8")

    result = replay(path)

    assert 1 == result.returncode
    assert (
        "excerpt.json: body/data-empty: body.payment_collection.amount: expected 11, got 10"
        in result.stdout
    )
    assert result.stdout.endswith("1 passed, 1 failed, 0 skipped\n")


def test_ids_match_one_to_one(replay: Replay, tmp_path: Path) -> None:
    """A generated id that is recorded twice does not match two different ids."""
    path, recording = excerpt(tmp_path, "repeat/1-system", "repeat/2-system-again")
    first, second = (case["response"] for case in recording["cases"])
    second["body"] = first["body"]
    path.write_text(json.dumps(recording), "utf-8")

    assert "payment_sessions[0].id: expected 'payses_" in replay(path).stdout


def test_documented_dialect_differs(replay: Replay, tmp_path: Path) -> None:
    """With --dialect documented, the mock responds as documented."""
    path, _ = excerpt(tmp_path, "key/missing")

    assert "expected 400, got 401" in replay(path, "--dialect", "documented").stdout


def test_invalid_recording_is_refused(replay: Replay, tmp_path: Path) -> None:
    """A file that is not a recording has a different exit code from a difference."""
    path = tmp_path / "other.json"
    path.write_text("{}", "utf-8")

    result = replay(path)

    assert (2, "") == (result.returncode, result.stdout)
    assert "cannot replay" in result.stderr


@pytest.mark.parametrize("dialect", DIALECTS)
def test_recorded_traffic_replays_without_a_difference(
    replay: Replay, tmp_path: Path, dialect: str
) -> None:
    """What `proxy` or `serve` recorded of a mock, against a fresh one and against the mock."""
    path = tmp_path / "shop.json"
    with (
        served(create_app(dialect=DIALECTS[dialect])) as url,
        command("proxy", url, "--dialect", dialect, "--record", path) as proxy,
        command("--dialect", dialect, "--record", tmp_path / "serve.json") as serve,
    ):
        shop(proxy.url)
        shop(serve.url)
        report = tmp_path / "report.xml"
        results = [replay(each, "--dialect", dialect) for each in (path, tmp_path / "serve.json")]
        key = ("--publishable-key", "pk_demo", "--junit", report)
        results.append(replay(path, f"{url}/", *key))

    recorded = len(json.loads(path.read_text("utf-8"))["cases"])
    assert 10 == recorded
    assert [f"{recorded} passed, 0 failed, 0 skipped"] * 2 == [
        each.stdout.splitlines()[-1] for each in results[:2]
    ]
    # Its store is not what it was before: only collections of carts differ.
    assert f'tests="{recorded}"' in report.read_text("utf-8")


def shop(url: str) -> None:
    """Make calls that succeed and calls that fail."""
    with httpx.Client(base_url=url, headers=KEY) as client:
        client.get(PROVIDERS, params={"region_id": "reg_demo"})
        client.get(PROVIDERS, params={"region_id": "reg_demo", "limit": "1"})
        client.get(PROVIDERS)
        client.post(SESSIONS, json=SYSTEM)
        new = client.post(COLLECTIONS, json={"cart_id": "cart_new"}).json()
        sessions = f"{COLLECTIONS}/{new['payment_collection']['id']}/payment-sessions"
        stripe = {"provider_id": "pp_stripe_stripe", "data": {"email": "ann@shop.test"}}
        client.post(sessions, json=stripe, headers={"authorization": "Bearer customer_demo"})
        client.post(sessions, json={"provider_id": "pp_none"})
        client.post(sessions, json=SYSTEM, headers={"x-publishable-api-key": "pk_unknown"})
        client.post(COLLECTIONS, json={"cart_id": "cart_unknown"})
        client.post(COLLECTIONS, content=b"{")


def test_unreachable_backend_is_refused(replay: Replay) -> None:
    """One sentence, exit code 2."""
    result = replay(RECORDING, "http://127.0.0.1:9")

    assert (2, "", 1) == (result.returncode, result.stdout, result.stderr.count("\n"))
    assert "http://127.0.0.1:9 does not respond" in result.stderr
