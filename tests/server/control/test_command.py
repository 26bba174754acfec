"""The control API of the installed command, in a process of its own."""

import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from tests.conftest import KEY, PATIENCE
from tests.server.command import running
from tests.server.test_serve_command import run_curl
from tests.server.wire import SESSIONS, STRIPE

from xclade_store_mock.cli import main
from xclade_store_mock.cli.serve import TOKEN_VARIABLE
from xclade_store_mock.payments.seed import demo_store
from xclade_store_mock.serving import Service

OPEN = ("--host", "0.0.0.0")  # noqa: S104 - that is the point


@pytest.mark.parametrize(
    ("options", "variable", "token"),
    [
        (OPEN, "", r"[\w-]{20,}"),
        (OPEN, "f/rom", "f%2From"),
        ((*OPEN, "--control-token", "t0ken"), "f/rom", "t0ken"),
        (("--control-token", "t0ken"), "", "t0ken"),
    ],
    ids=["random", "environment", "option", "loopback"],
)
def test_link_has_the_token(options: tuple[str, ...], variable: str, token: str) -> None:
    """The banner's link has the token that the control API requires; elsewhere it is made up."""
    environment = {**os.environ, TOKEN_VARIABLE: variable}
    with running(*options, environment=environment) as mock:
        link = re.search(rf"Console      {mock.url}/#token=({token})  ", mock.banner)
        assert link
        state = f"{mock.url}/_mock/state"
        bearer = {"Authorization": f"Bearer {unquote(link[1])}"}

        assert (401, 200) == tuple(
            httpx.get(state, headers=headers).status_code for headers in ({}, bearer)
        )


def test_starts_in_a_scenario(tmp_path: Path) -> None:
    """The banner describes the scenario, and its command meets it; stored state is reset."""
    storage = f"sqlite:///{tmp_path / 'store.db'}"
    with running("--scenario", "zero-amount", "--storage", storage) as mock:
        assert "Scenario     zero-amount, with cart_scenario and pay_col_scenario" in mock.banner
        assert "Problem      A voucher pays for the whole cart: its total is 0" in mock.banner
        assert "What to do   Initialize `pp_system_default` when there is nothing" in mock.banner
        assert "pay_col_scenario (0 usd)" in mock.banner
        assert 422 == run_curl(mock.banner).status_code
        assert "zero-amount" == httpx.get(f"{mock.url}/_mock/state").json()["scenario"]


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        (("--workers", "2", "--scenario", "lost-answer"), "leave them out, or --workers"),
        (("--workers", "2", "--control-token", "t0ken"), "leave them out, or --workers"),
    ],
)
def test_contradictory_options(
    options: tuple[str, ...], remedy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A scenario needs a control API, and several workers have none."""
    storage = f"sqlite:///{tmp_path / 'store.db'}"

    code = main(["serve", "--port", "0", "--storage", storage, *options])

    out, err = capsys.readouterr()
    assert (1, "") == (code, out)
    assert err.endswith(f"{remedy}\n")


def test_several_workers_have_none() -> None:
    """With several workers there is no control API: each would have its own journal and faults."""
    service = Service(demo_store(datetime.now(UTC)), "documented", "sqlite:///nowhere.db")

    with pytest.raises(LookupError, match="is off"):
        _ = service.application().control


def is_held(control: httpx.Client) -> bool:
    """Return whether the only fault holds a request."""
    return [1] == [each["waiting"] for each in control.get("/faults").json()["faults"]]


def is_taken(control: httpx.Client, provider_id: str) -> bool:
    """Return whether a provider's outcome, planned for one call, has been used."""
    providers = control.get("/state").json()["payment_providers"]
    return [None] == [each["outcome"] for each in providers if each["id"] == provider_id]


def test_stopping_releases_everything() -> None:
    """When the server stops, streams end, and held requests and slow providers are released.

    The control API is there without a word, on a loopback address.
    """
    with running() as mock, ThreadPoolExecutor() as pool:
        process, url = mock.process, mock.url
        console = f"Console      {url}/  (control API: {url}/_mock/)"
        assert console == mock.banner.splitlines()[1]
        control = httpx.Client(base_url=f"{url}/_mock")
        held = {"when": "after", "delay": 600_000, "payment_collection_id": "pay_col_gone"}
        control.post("/faults", json=held)
        slow = {"result": "accepted", "delay": 600_000, "times": 1}
        control.put("/payment-providers/pp_stripe_stripe/outcome", json=slow)
        posted = [
            pool.submit(httpx.post, f"{url}{path}", headers=KEY, json=STRIPE)
            for path in (SESSIONS, SESSIONS.replace("demo", "gone"))
        ]
        with control.stream("GET", "/events") as events:
            lines = events.iter_lines()
            while not (is_held(control) and is_taken(control, "pp_stripe_stripe")):
                assert not all(each.done() for each in posted)
            process.send_signal(signal.SIGINT)
            assert "" == [*lines][-1]

        answers = sorted(each.result().status_code for each in posted)
        control.close()
        assert ([200, 404], ("", ""), 0) == (
            answers,
            process.communicate(timeout=PATIENCE),
            process.returncode,
        )
