"""What tells which parts of the contract are touched tells the truth."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.conftest import KEY, served
from tests.contract.contract_coverage import FOLDER, Observed, Recorder, contract_parts
from tests.contract.coverage_report import OutOfReach, Side, table

from xclade_store_mock.app import create_app

SIDE = Side("server", ("pay 200", "pay 200.id", "pay 500"), frozenset({"pay 200"}), ())
PROVIDERS = "/store/payment-providers"
SESSIONS = "/store/payment-collections/pay_col_demo/payment-sessions"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have everything recorded in a folder."""
    monkeypatch.setenv(FOLDER, str(tmp_path))
    return tmp_path


def touched(folder: Path) -> set[str]:
    """Read what was recorded."""
    return {line for path in folder.iterdir() for line in path.read_text("utf-8").splitlines()}


def test_contract_has_parts_of_every_kind() -> None:
    """Operations, keys, parameters, bodies, statuses, headers, media types, fields and nulls."""
    parts = [*contract_parts()]

    for part in (
        "list_payment_providers",
        "list_payment_providers security customerToken",
        "list_payment_providers query limit",
        "initialize_payment_session path id",
        "initialize_payment_session header idempotency-key",
        "initialize_payment_session body.data",
        "initialize_payment_session 409",
        "initialize_payment_session 422 header idempotent-replayed",
        "initialize_payment_session 401 text/plain",
        "create_payment_collection 200.payment_collection.payments[].refunds[].refund_reason.code",
        "create_payment_collection 200.payment_collection.payment_sessions[].payment = null",
    ):
        assert part in parts


def test_what_the_server_does_is_recorded(folder: Path) -> None:
    """A call touches what it says and what it is answered, and no more."""
    app = Observed(create_app(), Recorder("server"))
    with served(app, is_store=False) as url:
        httpx.get(f"{url}{PROVIDERS}", params={"region_id": "reg_demo"}, headers=KEY)

    name = "list_payment_providers"
    fields = ("payment_providers", "payment_providers[].id", "payment_providers[].is_enabled")
    assert {
        name,
        f"{name} security publishableKey",
        f"{name} query region_id",
        f"{name} 200",
        f"{name} 200 application/json",
        *(f"{name} 200.{field}" for field in (*fields, "count", "offset", "limit")),
    } == touched(folder)


def test_what_is_refused_touches_only_its_answer(folder: Path) -> None:
    """A parameter that was refused was not used."""
    app = Observed(create_app(), Recorder("server"))
    with served(app, is_store=False) as url:
        httpx.get(f"{url}{PROVIDERS}", params={"limit": "-1"}, headers=KEY)

    name = "list_payment_providers 400"
    answer = {name, f"{name} application/json", f"{name}.type", f"{name}.message"}
    assert answer == touched(folder)


def test_what_was_made_up_touches_nothing(folder: Path) -> None:
    """An answer that a request preferred proves nothing of the server."""
    app = Observed(create_app(), Recorder("server"))
    with served(app, is_store=False) as url:
        headers = {**KEY, "Prefer": "code=409"}
        httpx.post(f"{url}{SESSIONS}", json={"provider_id": "pp"}, headers=headers)

    assert set() == touched(folder)


def test_what_breaks_the_contract_touches_nothing(folder: Path) -> None:
    """Neither an answer of another shape nor one of another status counts."""
    recorder = Recorder("client")
    for status, body in ((200, b'{"count": 1}'), (418, b"{}")):
        recorder.answer(
            "list_payment_providers", status, {"content-type": "application/json"}, body
        )

    assert set() == touched(folder)


def test_gaps_are_told() -> None:
    """What nothing touched needs a reason."""
    assert [
        "No test has the server touch pay 200.id.",
        "No test has the server touch pay 500.",
    ] == [*SIDE.gaps()]


def test_reasons_have_to_hold() -> None:
    """A reason for what is touched, or for nothing, is a gap itself."""
    reasons = (OutOfReach(".*", "it is hard"), OutOfReach("refund.*", "it is not there"))

    assert [
        "The server reaches pay 200 after all.",
        "Nothing is out of the server's reach as refund.*.",
    ] == [*replace(SIDE, out_of_reach=reasons).gaps()]


def test_table_counts_what_is_within_reach() -> None:
    """What is out of reach is counted apart."""
    side = replace(SIDE, out_of_reach=(OutOfReach(".*id", "it is hard"),))

    assert ["pay", "1/2", "1"] == [*table([side])][1].split()
