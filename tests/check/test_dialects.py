"""The mock, checked in either dialect: nothing is found, or just what the table lists."""

import json
import re

from tests.check.backends import Meddler, Request, Response
from tests.check.conftest import IDS, Check
from tests.conftest import Serve, served

from xclade_store_mock.app import create_app
from xclade_store_mock.check.situations import SITUATIONS, listed_deviations
from xclade_store_mock.dialects import MEDUSA

PROVOKED = [each.name for each in SITUATIONS if each.calls and each.deviates]


def json_body(request: Request) -> dict[str, object]:
    """Read a body that is an object, or none."""
    try:
        document = json.loads(request.body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def lines_under(title: str, out: str) -> list[str]:
    """Read a section of the report: what its lines say before their colon."""
    _, _, section = out.partition(f"{title}:\n")
    return [line.strip().partition(":")[0] for line in section.partition("\n\n")[0].splitlines()]


def test_documented_mock_keeps_the_contract(check: Check, serve: Serve) -> None:
    """Nothing is found, and nothing was left out."""
    outcome = check(serve(), *IDS, "--max-examples", "5")

    assert (0, "") == (outcome.code, outcome.err)
    assert re.search(r"^No findings in \d+ s; --seed 1 ", outcome.out, re.MULTILINE)
    assert "Not tested" not in outcome.out
    for operation in (
        "list_payment_providers",
        "create_payment_collection",
        "initialize_payment_session",
    ):
        assert re.search(rf"^{operation} +[1-9]\d+ +[1-9]\d\d+ +0$", outcome.out, re.MULTILINE)


def test_medusa_mock_has_exactly_the_listed_deviations(check: Check, serve: Serve) -> None:
    """Every row that can be provoked shows, and nothing else does."""
    outcome = check(serve(dialect=MEDUSA), *IDS, "--dialect", "medusa")

    assert (0, "") == (outcome.code, outcome.err)
    assert sorted(PROVOKED) == sorted(
        lines_under("Known of Medusa 2.21.2, and so expected", outcome.out)
    )
    assert "but not seen" not in outcome.out
    assert {*listed_deviations()} - {*PROVOKED} == {
        *lines_under("Known of it, but not provoked", outcome.out)
    }


def test_medusa_mock_deviates_from_the_documentation(check: Check, serve: Serve) -> None:
    """In the default dialect each deviation is a finding that names its row."""
    outcome = check(serve(dialect=MEDUSA), *IDS)

    assert (1, "") == (outcome.code, outcome.err)
    known = re.findall(
        r"^   known     Medusa 2.21.2 answers so \((.+?): ", outcome.out, re.MULTILINE
    )
    titles = re.findall(r"^\d+\. \w+: (.+)$", outcome.out, re.MULTILINE)
    assert len(known) == len(titles), outcome.out
    advice = f"\nAll {len(known)} findings are known of Medusa 2.21.2: try --dialect medusa.\n"
    assert advice in outcome.out
    assert {
        "publishable key missing or blank",
        "publishable key unknown, revoked or sent twice",
        "wrong method",
        "payment collection not found",
        "same `Idempotency-Key`, other request",
    } <= {*known}


def test_what_the_table_does_not_explain_is_found(check: Check) -> None:
    """A failure where none is listed, and another status than the listed one, are findings."""

    def fail(request: Request, response: Response) -> None:
        plain = request.method == "POST" and not json_body(request).get("data")
        if plain and request.path.endswith("-sessions"):
            response.status = 500
            response.body = (
                b'{"code":"unknown_error","type":"unknown_error","message":"An unknown error."}'
            )
        elif "x-publishable-api-key" not in request.headers:
            response.status = 403

    with served(Meddler(create_app(dialect=MEDUSA), fail), is_store=False) as url:
        outcome = check(url, *IDS, "--dialect", "medusa")

    assert 1 == outcome.code
    assert "initialize_payment_session: the backend fails" in outcome.out
    assert "list_payment_providers: publishable key missing or blank" in outcome.out
    explained = lines_under("Known of Medusa 2.21.2, and so expected", outcome.out)
    assert not {"publishable key missing or blank", "provider refuses"} & {*explained}
    assert "   known     " not in outcome.out


def test_documented_mock_lacks_the_listed_deviations(check: Check, serve: Serve) -> None:
    """A deviation that was provoked but did not show is told, and is no finding."""
    outcome = check(serve(), *IDS, "--dialect", "medusa")

    assert (0, "") == (outcome.code, outcome.err)
    assert PROVOKED == lines_under("Known of it and provoked, but not seen", outcome.out)
    assert "and so expected" not in outcome.out
