"""Check the mock in either dialect: it shows no deviations but those that the table lists."""

import re

from tests.check.backends import Meddler, Request, Response
from tests.check.conftest import IDS, Check
from tests.conftest import Serve, served

from xclade_store_mock.app import create_app
from xclade_store_mock.check.calls import OPERATIONS
from xclade_store_mock.check.invariants import INVARIANTS
from xclade_store_mock.check.situations import NAMES, SITUATIONS
from xclade_store_mock.dialects import MEDUSA

PROVOKED = {each.name for each in SITUATIONS if each.requests and each.deviates} | {
    NAMES[each.row] for each in INVARIANTS if each.row
}


def lines_under(title: str, out: str) -> list[str]:
    """Return the lines of a section of the report, up to their colons."""
    _, _, section = out.partition(f"{title}:\n")
    return [line.strip().partition(":")[0] for line in section.partition("\n\n")[0].splitlines()]


def test_documented_mock_keeps_the_contract(check: Check, serve: Serve) -> None:
    """There are no findings, and nothing is left untested."""
    outcome = check(serve(), *IDS, "--max-examples", "5")

    assert (0, "") == (outcome.code, outcome.err)
    assert re.search(r"^No findings in \d+ s; --seed 1 ", outcome.out, re.MULTILINE)
    assert "Not tested" not in outcome.out
    for operation in OPERATIONS:
        assert re.search(rf"^{operation} +[1-9]\d+ +[1-9]\d\d+ +0$", outcome.out, re.MULTILINE)


def test_medusa_mock_has_exactly_the_listed_deviations(check: Check, serve: Serve) -> None:
    """Each row that can be provoked shows, and nothing else does."""
    outcome = check(serve(dialect=MEDUSA), *IDS, "--dialect", "medusa")

    assert (0, "") == (outcome.code, outcome.err)
    assert sorted(PROVOKED) == sorted(
        lines_under("Known and expected of Medusa 2.21.2", outcome.out)
    )
    assert "but not seen" not in outcome.out
    assert {NAMES[row] for row in MEDUSA.deviations} - {*PROVOKED} == {
        *lines_under("Known, but not provoked", outcome.out)
    }


def test_medusa_mock_deviates_from_the_documentation(check: Check, serve: Serve) -> None:
    """In the default dialect each deviation is a finding that names its row."""
    outcome = check(serve(dialect=MEDUSA), *IDS)

    assert (1, "") == (outcome.code, outcome.err)
    known = re.findall(
        r"^   known     Medusa 2.21.2 does this \((.+?): ", outcome.out, re.MULTILINE
    )
    titles = re.findall(r"^\d+\. [\w, ]+: (.+)$", outcome.out, re.MULTILINE)
    assert len(known) == len(titles), outcome.out
    # What is known of Medusa is what is shown, where it is a status.
    pattern = r"   received  (\d+).*\n(?:   (?:also|calls) .+\n)+   known .+: (\d+).*\): --dialect"
    statuses = re.findall(pattern, outcome.out)
    assert len(statuses) > len(known) // 2
    assert [] == [pair for pair in statuses if pair[0] != pair[1]]
    advice = (
        f"\nAll {len(known)} findings are known behavior of Medusa 2.21.2: try --dialect medusa.\n"
    )
    assert advice in outcome.out
    assert {
        "publishable key missing or blank",
        "publishable key unknown, revoked or sent twice",
        "wrong method",
        "payment collection not found",
        "same `Idempotency-Key`, other request",
    } <= {*known}


def test_other_deviations_are_found(check: Check) -> None:
    """A failure that is not listed, and a status other than the listed one, are findings."""

    def fail(request: Request, response: Response) -> None:
        plain = b"fields=" in request.query and not request.document.get("data")
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
    explained = lines_under("Known and expected of Medusa 2.21.2", outcome.out)
    assert not {"publishable key missing or blank", "provider refuses"} & {*explained}
    assert "   known     " not in outcome.out


def test_deviation_hides_no_broken_body(check: Check) -> None:
    """An invalid body is a finding even in a response that the table lists."""

    def miscount(request: Request, response: Response) -> None:
        paging = re.search(rb"(?:^|&)limit=([^&]*)", request.query)
        if paging and not paging[1].isdigit() and b'"count"' in response.body:
            response.edit(lambda document: document.update(count="two"))

    with served(Meddler(create_app(dialect=MEDUSA), miscount), is_store=False) as url:
        outcome = check(url, *IDS, "--dialect", "medusa")

    assert 1 == outcome.code
    titles = re.findall(r"^\d+\. list_payment_providers: (.+)$", outcome.out, re.MULTILINE)
    assert ['`count`: "two" is not of type "integer"'] == titles
    assert NAMES["paging"] in lines_under("Known and expected of Medusa 2.21.2", outcome.out)


def test_documented_mock_lacks_the_listed_deviations(check: Check, serve: Serve) -> None:
    """A listed deviation that does not show is reported, but not as a finding."""
    outcome = check(serve(), *IDS, "--dialect", "medusa")

    assert (0, "") == (outcome.code, outcome.err)
    assert sorted(PROVOKED) == sorted(lines_under("Known, but not seen when provoked", outcome.out))
    assert "Known and expected" not in outcome.out
