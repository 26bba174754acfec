"""`--record` writes the traffic of `proxy` and `serve` to a file, without secrets."""

import base64
import errno
import gc
import gzip
import json
import os
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft7Validator
from tests.conftest import KEY, served
from tests.server.command import running
from tests.server.upstream.conftest import Refused
from tests.server.upstream.raw import upstream
from tests.server.upstream.recorded_stores import RECORDINGS
from tests.server.wire import COLLECTIONS, PROVIDERS, SESSIONS, SYSTEM

from xclade_store_mock import upstream as upstream_package
from xclade_store_mock.app import create_app
from xclade_store_mock.cli import main
from xclade_store_mock.upstream.recording import read_recording

PERSON = {
    "email": "ann.lee@shop.test",
    "phone": "+49 170 5550100",
    "first_name": "Annegret",
    "last_name": "Leeuwenhoek",
    "shipping_address": {
        "address_1": "Rosengasse 7",
        "city": "Tübingen",
        "postal_code": "72070",
        "country_code": "de",
    },
    "billing_details": {"name": "Annegret Leeuwenhoek", "email": "ann.lee@shop.test"},
    "client_secret": "pi_1Xy_secret_Planted1",
    "api_key": "sk_live_Planted2",
    "token": {"value": "Planted3"},
    "note": "write to ann.lee@shop.test, pk_Planted4",
}
HEADERS = {
    "x-publishable-api-key": "pk_Planted5",
    "authorization": "Bearer Planted6.Planted6 Planted12",
    "cookie": "connect.sid=Planted7; theme=Planted8",
    "x-medusa-access-token": "Planted9",
    "user-agent": "Planted10",
    "x-forwarded-for": "203.0.113.77",
    "content-type": "application/json",
}
SECRETS = ("Planted", "Annegret", "Leeuwenhoek", "ann.lee", "5550100", "Rosengasse", "72070")


def record(path: Path, *requests: tuple[str, str, dict[str, Any]], answer: bytes) -> Any:
    """Send requests through a proxy that records everything; return the recording."""
    with (
        upstream(answer) as raw,
        running("proxy", raw.url, "--record", path, "--record-all") as proxy,
    ):
        for method, target, options in requests:
            httpx.request(method, f"{proxy.url}{target}", **options)
        proxy.process.kill()
    return json.loads(path.read_text("utf-8"))


def response(content: bytes, *headers: str) -> bytes:
    """Return a response of the upstream."""
    lines = ["HTTP/1.1 200 OK", *headers, f"Content-Length: {len(content)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_no_secret_is_in_the_file(tmp_path: Path, coding: str) -> None:
    """Wherever it was sent; the same value has the same placeholder."""
    path = tmp_path / "shop.json"
    text = json.dumps(PERSON, ensure_ascii=False)
    compressed = [f"Content-Encoding: {coding}"] if coding else []
    content = gzip.compress(text.encode()) if coding else text.encode()
    coded = HEADERS | ({"content-encoding": coding} if coding else {})
    query = "email=ann.lee%40shop.test&token=Planted11"
    form = {"email": PERSON["email"], "data[password]": "Planted12"}
    recording = record(
        path,
        (
            "POST",
            f"/store/customers/ann.lee%40shop.test?{query}",
            {"headers": coded, "content": content},
        ),
        ("POST", "/store/x", {"headers": HEADERS, "content": text.encode("utf-16")}),
        ("POST", "/store/x", {"headers": HEADERS, "content": f"{text},".encode()}),
        ("POST", "/auth", {"headers": {"cookie": HEADERS["cookie"]}, "data": form}),
        answer=response(
            content,
            "Set-Cookie: connect.sid=Planted7; Path=/",
            "Location: /login?token=Planted13",
            "X-Session: Planted14",
            "Content-Type: application/json",
            *compressed,
        ),
    )

    written = path.read_text("utf-8")
    first, second, _, fourth = recording["cases"]
    written += base64.b64decode(second["request"]["body_base64"]).decode("utf-16")
    assert [] == [secret for secret in SECRETS if secret in written]
    sent, received = (json.loads(first[part]["body"]) for part in ("request", "response"))
    assert sent == received
    assert sent["email"] == sent["billing_details"]["email"]
    assert sent["email"] in sent["note"]
    assert sent["email"].replace("@", "%40") in first["request"]["target"]
    assert f"{sent['first_name']} {sent['last_name']}" == sent["billing_details"]["name"]
    assert sent["client_secret"].startswith("pi_1Xy_secret_")
    assert "de" == sent["shipping_address"]["country_code"]
    cookies = {dict(each["request"]["headers"])["cookie"] for each in (first, second, fourth)}
    assert 1 == len(cookies)
    assert ["content-type", "location", "set-cookie"] == sorted(
        name for name, _ in first["response"]["headers"]
    )


def test_other_bodies_are_not_changed(tmp_path: Path) -> None:
    """What has no secret keeps its bytes: text as text, the rest as base64."""
    bodies = [b'{ "amount": 1.10e1, "amount": "\\u00e4" }', b"\x89PNG\0\xff", b"", "ä".encode()]
    for body in bodies:
        recording = record(
            tmp_path / "bodies.json", ("POST", "/x", {"content": body}), answer=response(body)
        )
        for message in (recording["cases"][0]["request"], recording["cases"][0]["response"]):
            found = message.get("body", "").encode() or base64.b64decode(
                message.get("body_base64", "")
            )
            assert body == found


def test_every_answered_call_is_in_the_file_of_a_killed_proxy(tmp_path: Path) -> None:
    """The file is one JSON document after each response, and reveals the store before them."""
    path = tmp_path / "killed.json"
    with (
        served(create_app()) as url,
        running("proxy", url, "--record", path) as proxy,
        httpx.Client(base_url=proxy.url, headers=KEY) as client,
    ):
        assert [] == json.loads(path.read_text("utf-8"))["cases"]
        client.get(PROVIDERS, params={"region_id": "reg_demo"})
        client.head(PROVIDERS, params={"region_id": "reg_demo"})
        client.get("/store/regions")
        client.post(SESSIONS, json=SYSTEM)
        client.post(COLLECTIONS, json={"cart_id": "cart_new"})
        proxy.process.kill()
        proxy.process.wait()

    recording = read_recording(path, datetime.now(UTC))
    assert ["GET", "HEAD", "POST", "POST"] == [each.request.method for each in recording.cases]
    store, settings = recording.store, recording.store.settings
    assert ["pk_recorded_1"] == [*settings.publishable_keys]
    assert ("pp_stripe_stripe", "pp_system_default") == (
        settings.regions["reg_demo"].payment_providers
    )
    assert "cart_new" in store.carts
    assert ["pay_col_demo"] == [*store.payment_collections]

    text = path.read_text("utf-8")
    path.write_text(text[: text.index('"0004"')], "utf-8")
    cut = read_recording(path, datetime.now(UTC))
    assert (True, 3) == (cut.is_truncated, len(cut.cases))
    assert settings.regions == cut.store.settings.regions


def test_killed_mock_leaves_what_it_simulated_and_forwarded(tmp_path: Path) -> None:
    """Whole and without planned faults; only what it simulated has the mock's CORS headers."""
    path = tmp_path / "serve.json"
    page = {"Origin": "http://shop.test", "If-None-Match": "x", "Range": "bytes=0-1"}
    with (
        upstream() as raw,
        running("--upstream", raw.url, "--record", path, "--record-all") as mock,
    ):
        httpx.post(f"{mock.url}/_mock/faults", json={"answer": {"status": 503}})
        for target in ("/store/a", "/store/b", f"{PROVIDERS}?region_id=x"):
            httpx.get(f"{mock.url}{target}", headers=page)
        mock.process.kill()
        mock.process.wait()
        assert {b"if-none-match", b"range"}.isdisjoint(raw.last.headers)

    cases = json.loads(path.read_text("utf-8"))["cases"]
    assert [("/store/b", 200), (f"{PROVIDERS}?region_id=x", 401)] == [
        (each["request"]["target"], each["response"]["status"]) for each in cases
    ]
    forwarded, simulated = ({*dict(each["request"]["headers"])} for each in cases)
    assert {"if-none-match"} == simulated - forwarded
    assert [] == cases[0]["response"]["headers"]
    assert "access-control-allow-origin" in dict(cases[1]["response"]["headers"])


def test_recording_of_a_page_can_be_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is forwarded is recorded without CORS headers, which does not exclude the page."""
    path = tmp_path / "page.json"
    page = {**KEY, "Origin": "http://localhost:8000"}
    with (
        upstream(response(b"{}", "Content-Type: application/json")) as raw,
        running("--upstream", raw.url, "--record", path, "--record-all") as mock,
        httpx.Client(base_url=mock.url, headers=page) as client,
    ):
        for target in (PROVIDERS, "/store/carts/cart_1"):
            assert "access-control-allow-origin" in client.get(target).headers

    assert "cors_origins" not in json.loads(path.read_text("utf-8"))["store"]
    assert 0 == main(["replay", str(path), "--dialect", "documented"])
    skipped = "page.json: 0002: skipped, outside of the contract"
    assert [skipped, "1 passed, 0 failed, 1 skipped"] == capsys.readouterr().out.splitlines()


def test_schema_describes_every_recording(tmp_path: Path) -> None:
    """Recordings of this repository and a proxy are valid; without a response, they are not."""
    text = resources.files(upstream_package).joinpath("recording.schema.json").read_text("utf-8")
    schema = Draft7Validator(json.loads(text))
    ours = record(tmp_path / "x.json", ("POST", "/x", {"content": b"\xff"}), answer=response(b"ok"))
    recordings = [ours, *(json.loads(each.read_text("utf-8")) for each in RECORDINGS.iterdir())]

    assert [] == [error for each in recordings for error in schema.iter_errors(each)]
    del ours["cases"][0]["response"]
    assert not schema.is_valid(ours)


@pytest.mark.parametrize("command", [["serve"], ["proxy", "http://127.0.0.1:9"]])
@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--record", "no/such/folder/x.json"], "cannot write no/such/folder/x.json: No such"),
        (["--record-all"], "--record-all needs --record FILE"),
    ],
)
def test_what_cannot_be_recorded_is_refused(
    refused: Refused, command: list[str], options: list[str], problem: str
) -> None:
    """One sentence, and the exit code is 2."""
    assert problem in refused(*command, *options)


def test_full_disk_is_named(tmp_path: Path, refused: Refused) -> None:
    """Even if a part of the beginning could be written; the file is closed."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    path = tmp_path / "full.json"
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        problem = refused("serve", "--record", path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert f"cannot write {path}: {os.strerror(errno.ENOSPC)}" in problem
    gc.collect()  # warns of a file that is still open, which fails a test


@pytest.mark.parametrize("option", ["--seed", "--recording", "--ssl-certfile", "--ssl-keyfile"])
def test_a_file_of_another_option_is_not_overwritten(
    tmp_path: Path, refused: Refused, option: str
) -> None:
    """Under another name neither; and nothing else is written."""
    path, link = tmp_path / "shop.json", tmp_path / "link.json"
    path.write_text("to keep", "utf-8")
    link.symlink_to(path)
    storage = f"sqlite:///{tmp_path / 'new.db'}"

    problem = refused("serve", option, path, "--record", link, "--storage", storage)

    assert f"is also the file of {option}" in problem
    assert "to keep" == path.read_text("utf-8")
    assert {path, link} == {*tmp_path.iterdir()}


@pytest.mark.parametrize(
    "command",
    [
        ("serve", "--storage", "sqlite:///{}"),
        ("proxy", "http://127.0.0.1:1", "--junit", "{}"),
        ("proxy", "http://127.0.0.1:1", "--html", "{}"),
    ],
)
def test_a_file_is_written_by_one_option(
    tmp_path: Path, refused: Refused, command: tuple[str, ...]
) -> None:
    """A recording does not overwrite a database, and no report a recording."""
    path = tmp_path / "new"

    problem = refused(*(each.format(path) for each in command), "--record", path)

    assert f"--record {path} is also the file of {command[-2]}" in problem
    assert not path.exists()
