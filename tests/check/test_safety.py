"""What a check does to a backend, and what it never does."""

import gzip
import json
import os
import pty
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import configuration as home
from hypothesis.internal import charmap
from schemathesis.core.rate_limit import build_limiter
from tests.check.backends import Meddle, Meddler, Request, Response
from tests.check.conftest import IDS, Check
from tests.conftest import served

from xclade_store_mock.app import create_app
from xclade_store_mock.check.backend import Backend
from xclade_store_mock.check.calls import Ids
from xclade_store_mock.check.engine import Budget, choose_seed
from xclade_store_mock.check.run import check as check_backend
from xclade_store_mock.check.run import describe_characters
from xclade_store_mock.check.target import is_loopback
from xclade_store_mock.cli import main
from xclade_store_mock.dialects import DIALECTS, DOCUMENTED

COMMAND = Path(sys.executable).with_name("xclade-store-mock")
PATHS = re.compile(r"/store/payment-(providers|collections(/[^/]+/payment-sessions)?)")
CARTS = ["/_mock/carts", "/store/carts/cart_demo"]


@pytest.fixture(scope="module", params=DIALECTS.values(), ids=[*DIALECTS])
def seen(request: pytest.FixtureRequest) -> list[Request]:
    """Check the mock with a third-party provider; return its requests."""
    backend = Meddler(create_app(dialect=request.param))
    options = [*IDS, "--provider-id", "pp_stripe_stripe", "--max-examples", "5", "--seed", "1"]
    with served(backend, is_store=False) as url, redirect_stdout(StringIO()):
        main(["check", url, "--publishable-key", "pk_demo", *options])
    return backend.seen


def test_only_the_three_operations_are_called(seen: list[Request]) -> None:
    """Beside the cart that is read, no other path is called, and not too many calls are made."""
    assert 150 < len(seen) < 500
    assert CARTS == [each.path for each in seen if not PATHS.fullmatch(each.path)]
    methods = {(each.method, each.path.endswith("-providers")) for each in seen}
    assert {
        ("GET", True),
        ("OPTIONS", True),
        ("POST", False),
        ("GET", False),
        ("OPTIONS", False),
    } == methods


def test_only_the_given_provider_is_called(seen: list[Request]) -> None:
    """No other provider starts a payment, whatever examples or responses contain."""
    called = [each.document.get("provider_id") for each in seen]

    assert {"pp_stripe_stripe"} == {each for each in called if isinstance(each, str)}


def test_every_call_carries_the_key(seen: list[Request]) -> None:
    """All but those that test whether it is required."""
    keys = Counter(each.headers.get("x-publishable-api-key") for each in seen)

    with_key = keys.pop("pk_demo")
    assert sum(keys.values()) < with_key / 2
    assert {None, "pk_unknown_in_this_store", "SCHEMATHESIS-INVALID-VALUE"} >= keys.keys()


def test_every_call_has_a_connection_of_its_own(seen: list[Request]) -> None:
    """So no call is lost when the backend closes an idle connection."""
    calls = Counter(each.connection for each in seen)

    assert {1} == {*calls.values()}


def test_idempotency_keys_are_new(seen: list[Request]) -> None:
    """No call gets the response of another one, except where that is tested."""
    used = Counter(
        each.headers["idempotency-key"]
        for each in seen
        if each.headers.get("idempotency-key", "").startswith("check-")
        and each.headers.get("x-publishable-api-key") == "pk_demo"
    )

    assert len(used) > 20
    assert [2, 2] == [count for count in used.values() if count > 1]


def test_redirects_are_not_followed(check: Check) -> None:
    """A redirect to the same or another host is a finding."""
    backend = Meddler(create_app())

    def redirect(request: Request, response: Response) -> None:
        if request.path.endswith("-collections"):
            response.status = 307
            port = request.headers["host"].partition(":")[2]
            places = ["/elsewhere", f"http://localhost:{port}/elsewhere"]
            response.headers["location"] = places[len(backend.seen) % 2]

    backend.meddle = redirect
    with served(backend, is_store=False) as url:
        outcome = check(url, *IDS)

    assert 1 == outcome.code
    assert "   received  307 application/json" in outcome.out
    assert [] == [each.path for each in backend.seen if each.path == "/elsewhere"]


@pytest.fixture
def other_machine() -> Iterator[tuple[Meddler, str]]:
    """Serve a backend here, at an address that is not a loopback address."""
    backend = Meddler(create_app())
    with served(backend, is_store=False) as url:
        yield backend, url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - as a target


def run_in_terminal(url: str, folder: Path, typed: str) -> tuple[int, str]:
    """Run the command in a terminal, type; return the exit code and the output."""
    command: list[str | Path] = [
        *(COMMAND, "check", url, "--publishable-key", "pk_demo"),
        *("--region-id", "reg_demo", "--max-examples", "1"),
    ]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        os.write(ours, typed.encode())
        shown = b""
        try:
            while part := os.read(ours, 10_000):
                shown += part
        except OSError:
            # The other end was closed: the command has ended.
            pass
    os.close(ours)
    return process.returncode, shown.decode()


def test_other_machine_needs_confirmation(check: Check, other_machine: tuple[Meddler, str]) -> None:
    """Without a terminal to ask in and without --yes, nothing is called."""
    backend, url = other_machine

    outcome = check(url, *IDS)

    message = f"{url} is another machine: pass --yes to check it"
    assert (2, f"xclade-store-mock: {message}\n") == (outcome.code, outcome.err)
    assert [] == backend.seen


@pytest.mark.parametrize(("typed", "code", "called"), [("n\n", 2, False), ("y\n", 3, True)])
def test_other_machine_is_confirmed(
    other_machine: tuple[Meddler, str], tmp_path: Path, typed: str, code: int, *, called: bool
) -> None:
    """In a terminal, the command says what it will do, and asks.

    It neither writes to the current folder nor reads settings from it.
    """
    backend, url = other_machine
    (tmp_path / "schemathesis.toml").write_text("no = settings", "utf-8")

    result, shown = run_in_terminal(url, tmp_path, typed)

    assert code == result, shown
    assert f"several hundred calls to {url}, at most 20/s,\r\nand creates payment sessions" in shown
    assert called == bool(backend.seen)
    assert ["schemathesis.toml"] == [each.name for each in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("options", "pace"), [((), "at most 20/s"), (("--rate", "9999/m"), "at most 9999/m")]
)
def test_other_machine_is_not_called_too_fast(
    check: Check, options: tuple[str, ...], pace: str
) -> None:
    """The rate has a default limit; --rate replaces it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    outcome = check(f"http://0.0.0.0:{port}", "--region-id", "reg_demo", "--yes", *options)

    assert f"(documented dialect, seed 1, {pace})" in outcome.out


def test_every_call_counts_against_the_rate() -> None:
    """The rate covers discovery, situations, Schemathesis and its checks."""
    limiter = build_limiter("99999/h")
    backend = Meddler(create_app())
    with served(backend, is_store=False) as url:
        check_backend(
            Backend(url, "pk_demo", limiter, 10),
            Ids("reg_demo", "cart_demo"),
            Budget(1, 1),
            DOCUMENTED,
            threading.Event(),
        )

    (bucket,) = limiter.buckets()
    assert len(backend.seen) == bucket.count()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:4010", True),
        ("http://127.1.2.3", True),
        ("https://[::1]:9000/shop", True),
        ("http://LOCALHOST", True),
        ("http://shop.localhost:9000", True),
        ("http://0.0.0.0:4010", False),
        ("http://192.168.0.1", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://2130706433", False),
    ],
)
def test_loopback_urls(url: str, *, expected: bool) -> None:
    """Only a URL that certainly names this machine needs no confirmation."""
    assert expected == is_loopback(url)


def seen_calls(check: Check, seed: str) -> list[Request]:
    """Check a fresh mock; return its requests, without what is new in every run."""
    backend = Meddler(create_app())
    with served(backend, is_store=False) as url:
        check(url, *IDS, "--max-examples", "2", "--seed", seed)
    for request in backend.seen:
        request.connection = None
        for name in ("host", "x-schemathesis-testcaseid"):
            request.headers.pop(name, None)
        if request.headers.get("idempotency-key", "").startswith("check-"):
            request.headers["idempotency-key"] = "new"
    return backend.seen


def test_a_seed_repeats_the_calls(check: Check) -> None:
    """Two runs with the same seed make the same calls; another seed makes others."""
    first, second, other = (seen_calls(check, seed) for seed in ("5", "5", "6"))

    assert first == second
    assert first != other


@pytest.mark.parametrize(("variable", "expected"), [("true", 1), ("", 2)])
def test_ci_has_a_fixed_seed(monkeypatch: pytest.MonkeyPatch, variable: str, expected: int) -> None:
    """In CI, the seed is always the same unless one is given; elsewhere it is random."""
    monkeypatch.setenv("CI", variable)

    assert expected == len({choose_seed(None), choose_seed(None)})
    assert 7 == choose_seed(7)


def test_responses_do_not_change_calls(check: Check) -> None:
    """Hints in error responses and ids in lists do not change the calls."""

    def refuse(error: dict[str, Any]) -> Meddle:
        def meddle(request: Request, response: Response) -> None:
            if request.path.endswith("-sessions") and b"fields=" in request.query:
                response.status, response.body = 400, json.dumps(error).encode()
            elif b'"payment_providers"' in response.body and "detail" in error:
                response.edit(
                    lambda document: document.update(payment_providers=[{"id": "pp_acme_acme"}])
                )

        return meddle

    fault = {"type": "missing", "loc": ["body", "data"], "msg": "Field required"}
    ids = ("--region-id", "reg_demo", "--collection-id", "pay_col_demo")
    runs: list[list[tuple[str, str, bytes, bytes]]] = []
    for error in ({"message": "No."}, {"detail": [fault]}):
        backend = Meddler(create_app(), refuse(error))
        with served(backend, is_store=False) as url:
            check(url, *ids, "--provider-id", "pp_system_default", "--max-examples", "3")
        runs.append([(each.method, each.path, each.query, each.body) for each in backend.seen])

    assert runs[0] == runs[1]


def test_characters_are_not_computed(tmp_path: Path) -> None:
    """Hypothesis reads the table that a check gives it, and would compute the same one."""
    read_table = charmap.intervals_from_codec.__wrapped__
    home.set_hypothesis_home_dir(tmp_path)
    try:
        computed, _ = read_table("utf-8")
        shutil.rmtree(tmp_path)
        describe_characters(tmp_path)
        read, changing = read_table("utf-8")
        (table,) = tmp_path.glob("unicode_data/*/*")
        table.write_bytes(gzip.compress(b"[[[65, 65]], []]"))
        assert "A" == "".join(map(chr, read_table("utf-8")[0]))
    finally:
        home.set_hypothesis_home_dir(None)

    assert (computed.intervals, ()) == (read.intervals, changing.intervals)


@pytest.mark.parametrize(("options", "code"), [((), 3), (("--allow-untested",), 0)])
def test_time_limit_ends_the_calls(check: Check, options: tuple[str, ...], code: int) -> None:
    """Operations for which no time was left are listed, and fail the check unless allowed."""
    backend = Meddler(create_app())
    # From the first generated call on, each takes longer than there is time.
    backend.delay = lambda request: 1.1 if request.headers["user-agent"].startswith("sch") else 0
    with served(backend, is_store=False) as url:
        outcome = check(url, *IDS, "--time-limit", "1", *options)

    assert code == outcome.code, outcome.out
    assert "   the rest: stopped by --time-limit 1\n" in outcome.out
    assert "   initialize_payment_session: stopped by --time-limit 1\n" in outcome.out
