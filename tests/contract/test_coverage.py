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


LISTING = "list_payment_providers"
PAGE = ("payment_providers", "payment_providers[].id", "payment_providers[].is_enabled")


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        (
            "region_id=reg_demo",
            {},
            {
                LISTING,
                *(f"{LISTING} {part}" for part in ("security publishableKey", "query region_id")),
                *(f"{LISTING} {part}" for part in ("200", "200 application/json")),
                *(f"{LISTING} 200.{field}" for field in (*PAGE, "count", "offset", "limit")),
            },
        ),
        (
            "limit=-1",
            {},
            {f"{LISTING} 400{part}" for part in ("", " application/json", ".type", ".message")},
        ),
        ("region_id=reg_demo", {"Prefer": "code=500"}, set()),
    ],
    ids=["successful", "refused", "generated"],
)
def test_call_covers_its_parts(
    folder: Path, query: str, headers: dict[str, str], expected: set[str]
) -> None:
    """A successful call covers request and response, a refused one its response, others nothing."""
    app = RecordingApp(create_app(), Recorder("server"))
    with served(app, is_store=False) as url:
        httpx.get(f"{url}{PROVIDERS}?{query}", headers={**KEY, **headers})

    assert expected == covered(folder)


def test_invalid_response_covers_nothing(folder: Path) -> None:
    """A response with an invalid body or an undocumented status is not recorded."""
    recorder = Recorder("client")
    for status, body in ((200, b'{"count": 1}'), (418, b"{}")):
        recorder.response(
            "list_payment_providers", status, {"content-type": "application/json"}, body
        )

    assert set() == covered(folder)


@pytest.mark.parametrize("body", [b"provider_id=pp_system_default", b"\x1f\x8b\xff"])
def test_body_of_another_kind_covers_no_part_of_a_body(folder: Path, body: bytes) -> None:
    """The server, which may accept it, goes on."""
    Recorder("server").request("initialize_payment_session", "", {}, body)

    assert "initialize_payment_session" in covered(folder)
    assert not any(" body" in part for part in covered(folder))


def test_gaps_are_reported() -> None:
    """Each uncovered part is reported, and each reason for a covered part, or for no part."""
    reasons = (OutOfReach("pay 200.*", "it is hard"), OutOfReach("refund.*", "it is not there"))

    assert [
        "No test covers pay 500 on the server.",
        "The server covers pay 200: remove it from OUT_OF_REACH.",
        "No part of the server is refund.*: remove it from OUT_OF_REACH.",
    ] == [*replace(SIDE, out_of_reach=reasons).gaps()]


def test_table_counts_parts_out_of_reach_separately() -> None:
    """Parts out of reach are counted separately."""
    side = replace(SIDE, out_of_reach=(OutOfReach(".*id", "it is hard"),))

    assert ["pay", "1/2", "1"] == [*table([side])][1].split()
