"""`scripts/differ` finds nothing between two equal servers, and whatever is planted in one."""

import json
import subprocess
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tests.conftest import served
from tests.contract.differ import Differ, Difference, write_recording

from xclade_store_mock.app import create_app, utc_now
from xclade_store_mock.cli import main
from xclade_store_mock.control.access import Access
from xclade_store_mock.dialects import MEDUSA
from xclade_store_mock.upstream.recording import read_recording

ROOT = Path(__file__).parents[2]
RECORDING = ROOT / "tests/contract/recordings/medusa-2.21.2.json"
STORE = read_recording(RECORDING, utc_now()).store

Change = Callable[[str, MutableMapping[str, Any]], None]


@dataclass(frozen=True)
class Planted:
    """An application whose response messages are changed, given the request's path."""

    app: ASGIApp
    change: Change

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application."""

        async def send_changed(message: Message) -> None:
            self.change(scope["path"], message)
            await send(message)

        await self.app(scope, receive, send_changed)


def change_currency(path: str, message: MutableMapping[str, Any]) -> None:
    """Return another currency for a new session."""
    if "body" in message and path.endswith("/payment-sessions"):
        message["body"] = message["body"].replace(
            b'"currency_code":"eur"', b'"currency_code":"usd"'
        )


def change_status_of_stored_sessions(path: str, message: MutableMapping[str, Any]) -> None:
    """Return a status for the sessions of an existing collection that they do not have."""
    if "body" in message and path == "/store/payment-collections":
        message["body"] = message["body"].replace(b'"status":"pending"', b'"status":"expired"')


def drop_allowed_origin(_path: str, message: MutableMapping[str, Any]) -> None:
    """Return no allowed origin."""
    if "headers" in message:
        message["headers"] = [
            each for each in message["headers"] if each[0] != b"access-control-allow-origin"
        ]


def differences(
    calls: int, *, real: Change | None = None, mock: Change | None = None
) -> Iterator[Difference]:
    """Yield the differences between two mocks with these faults."""
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(served(Planted(app, change) if change else app))
            for change in (real, mock)
            for app in [create_app(store=STORE, dialect=MEDUSA, control=Access())]
        )
        yield from Differ(first, second, STORE).find(7, calls)


def test_no_difference_between_equal_servers(tmp_path: Path) -> None:
    """The script finds nothing, writes nothing, and exits with 0."""
    output = tmp_path / "differences.json"
    with served(create_app(store=STORE, dialect=MEDUSA)) as url:
        result = subprocess.run(
            [
                *(ROOT / "scripts/differ", "--real", url, "--store", RECORDING),
                *("--seed", "20261130", "--calls", "200", "--output", output),
            ],
            capture_output=True,
            text=True,
            check=False,
        )

    assert (0, "0 differences\n", "") == (result.returncode, result.stdout, result.stderr)
    assert not output.exists()


def test_unreachable_backend_is_no_difference() -> None:
    """A backend that cannot be reached has an exit code of its own."""
    result = subprocess.run(
        [ROOT / "scripts/differ", "--real", "http://127.0.0.1:1", "--store", RECORDING],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (2, "") == (result.returncode, result.stdout)
    assert "cannot reach http://127.0.0.1:1: " in result.stderr


@pytest.mark.parametrize(
    ("side", "change", "place", "requests", "headers"),
    [
        ("real", change_currency, "body.payment_collection.currency_code", 1, 2),
        (
            "mock",
            change_status_of_stored_sessions,
            "body.payment_collection.payment_sessions[].status",
            2,
            2,
        ),
        ("real", drop_allowed_origin, "access-control-allow-origin", 1, 1),
        ("mock", drop_allowed_origin, "access-control-allow-origin", 1, 1),
    ],
)
def test_planted_fault_is_found_and_minimized(
    side: str,
    change: Change,
    place: str,
    requests: int,
    headers: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The first difference is the fault, with the requests and headers that it takes."""
    found = next(differences(500, **{side: change}))

    assert place == found.cause
    assert requests == len(found.requests)
    assert headers == len(found.requests[-1].headers)
    assert "?" not in found.requests[-1].target
    path = tmp_path / "recording.json"
    write_recording(path, json.loads(RECORDING.read_text("utf-8"))["store"], found.cases("planted"))
    # The written responses are the real backend's.
    failed = 1 if side == "real" else 0
    assert failed == main(["replay", str(path)])
    assert f"{requests - failed} passed, {failed} failed, " in capsys.readouterr().out


def test_differences_are_grouped_by_cause() -> None:
    """A fault that many requests meet is one difference."""
    assert 1 == len([*differences(200, mock=drop_allowed_origin)])
