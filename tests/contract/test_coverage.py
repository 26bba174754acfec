"""The coverage of the contract is recorded and reported correctly."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.conftest import KEY, served
from tests.contract.contract_coverage import FOLDER, Recorder, RecordingApp, contract_parts
from tests.contract.coverage_report import OutOfReach, Side, table

from xclade_store_mock.app import create_app

SIDE = Side("server", ("pay 200", "pay 200.id", "pay 500"), frozenset({"pay 200"}), ())
PROVIDERS = "/store/payment-providers"
SESSIONS = "/store/payment-collections/pay_col_demo/payment-sessions"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that recorders write to."""
    monkeypatch.setenv(FOLDER, str(tmp_path))
    return tmp_path


def covered(folder: Path) -> set[str]:
    """Return the recorded parts."""
    return {line for path in folder.iterdir() for line in path.read_text("utf-8").splitlines()}


def test_parts_of_every_kind_are_listed() -> None:
    """Operations, keys, parameters, bodies, statuses, headers, fields and nulls are parts."""
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


def test_request_and_response_are_recorded(folder: Path) -> None:
    """A call covers the parts of its request and its response, and no more."""
    app = RecordingApp(create_app(), Recorder("server"))
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
    } == covered(folder)


def test_refused_request_covers_only_its_response(folder: Path) -> None:
    """A refused request does not cover its parameters."""
    app = RecordingApp(create_app(), Recorder("server"))
    with served(app, is_store=False) as url:
        httpx.get(f"{url}{PROVIDERS}", params={"limit": "-1"}, headers=KEY)

    name = "list_payment_providers 400"
    response = {name, f"{name} application/json", f"{name}.type", f"{name}.message"}
    assert response == covered(folder)


def test_generated_response_covers_nothing(folder: Path) -> None:
    """A response generated for a `Prefer` header is not recorded."""
    app = RecordingApp(create_app(), Recorder("server"))
    with served(app, is_store=False) as url:
        headers = {**KEY, "Prefer": "code=409"}
        httpx.post(f"{url}{SESSIONS}", json={"provider_id": "pp"}, headers=headers)

    assert set() == covered(folder)


def test_invalid_response_covers_nothing(folder: Path) -> None:
    """A response with an invalid body or an undocumented status is not recorded."""
    recorder = Recorder("client")
    for status, body in ((200, b'{"count": 1}'), (418, b"{}")):
        recorder.response(
            "list_payment_providers", status, {"content-type": "application/json"}, body
        )

    assert set() == covered(folder)


def test_gaps_are_reported() -> None:
    """Each uncovered part is reported."""
    assert [
        "No test covers pay 200.id on the server.",
        "No test covers pay 500 on the server.",
    ] == [*SIDE.gaps()]


def test_invalid_reasons_are_reported() -> None:
    """A reason for a covered part, or for no part, is reported."""
    reasons = (OutOfReach(".*", "it is hard"), OutOfReach("refund.*", "it is not there"))

    assert [
        "The server covers pay 200: remove it from OUT_OF_REACH.",
        "No part of the server is refund.*: remove it from OUT_OF_REACH.",
    ] == [*replace(SIDE, out_of_reach=reasons).gaps()]


def test_table_counts_parts_out_of_reach_separately() -> None:
    """Parts out of reach are counted separately."""
    side = replace(SIDE, out_of_reach=(OutOfReach(".*id", "it is hard"),))

    assert ["pay", "1/2", "1"] == [*table([side])][1].split()
