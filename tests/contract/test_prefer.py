"""The mock hears preferences as Prism does, but for the differences in the one table."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from tests.conftest import served
from tests.contract.conftest import served_by_prism
from tests.contract.prefer_cases import (
    INITIALIZE,
    OPERATIONS,
    Case,
    ask,
    documented_answers,
    preferences,
)
from tests.contract.prism_differences import Difference, render
from tests.contract.refused_cases import REFUSALS, UNANSWERED

from xclade_store_mock.app import create_app
from xclade_store_mock.contract import load_contract
from xclade_store_mock.dialects import DIALECTS, DOCUMENTED, MEDUSA
from xclade_store_mock.web.dialect import Dialect

PAGE = Path(__file__).parents[2] / "docs/mock-server.md"
VALID = [*documented_answers(), *preferences()]
PATIENCE = 60
"""How many seconds to wait for an answer that is sure to come."""
CONTRACT = load_contract("store.yaml")
ANSWERS = [
    (name, code, media_type)
    for name, operation in CONTRACT.operations.items()
    for code, media_type in operation.responses
]


class Answer(NamedTuple):
    """What is compared of an answer; without one there is nothing."""

    status: int | None = None
    media_type: str | None = None
    body: Any = None
    violations: object = ()
    words: object = ()
    replayed: str | None = None


def send(client: httpx.Client, request: Mapping[str, Any]) -> Answer:
    """Send a request, and read what is compared of its answer."""
    response = client.request(**request)
    is_json = "json" in response.headers["content-type"] and response.content
    return Answer(
        response.status_code,
        response.headers["content-type"],
        response.json() if is_json else response.text,
        *read_violations(response.headers.get("sl-violations", "[]")),
        response.headers.get("idempotent-replayed"),
    )


def read_violations(header: str) -> tuple[object, object]:
    """Answer the violations, in any order, and their words; or a header that is not JSON."""
    try:
        violations = json.loads(header)
    except json.JSONDecodeError:
        return header, header
    for each in violations:
        assert {"location", "severity", "code", "message"} == each.keys()
    return (
        tuple(
            sorted((each["location"], each["severity"], str(each["code"])) for each in violations)
        ),
        tuple(sorted(each["message"] for each in violations)),
    )


@pytest.fixture(scope="module")
def prism(prism_url: str) -> Iterator[httpx.Client]:
    """Answer a client of Prism."""
    with httpx.Client(base_url=prism_url, timeout=PATIENCE) as client:
        yield client


@pytest.fixture(scope="module")
def mocks() -> Iterator[Mapping[Dialect, httpx.Client]]:
    """Serve the demo store in either dialect; answer a client of each."""
    with ExitStack() as stack:
        urls = {
            each: stack.enter_context(served(create_app(dialect=each)))
            for each in DIALECTS.values()
        }
        yield {each: stack.enter_context(httpx.Client(base_url=url)) for each, url in urls.items()}


def compare(case: Case, theirs: Answer, ours: Answer) -> None:
    """Expect the answers to differ in what the case says, and in nothing else."""
    differing = {
        part for part, their, our in zip(Answer._fields, theirs, ours, strict=True) if their != our
    }
    assert case.differs.keys() == differing, (theirs, ours)
    if case.statuses:
        assert case.statuses == (theirs.status, ours.status)


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.name)
def test_valid_requests(
    prism: httpx.Client, mocks: Mapping[Dialect, httpx.Client], case: Case
) -> None:
    """Valid requests are answered alike in both dialects, which only name JSON differently."""
    theirs = send(prism, case.request)

    compare(case, theirs, send(mocks[DOCUMENTED], case.request))
    if theirs.media_type == "application/json":
        case = case._replace(differs={**case.differs, "media_type": Difference.CHARSET})
    compare(case, theirs, send(mocks[MEDUSA], case.request))


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.name)
def test_refused_requests(
    prism: httpx.Client, mocks: Mapping[Dialect, httpx.Client], case: Case
) -> None:
    """What a request lacks comes before what it prefers."""
    documented = mocks[DOCUMENTED]

    compare(case, send(prism, case.request), send(documented, case.request))


@pytest.mark.parametrize("case", UNANSWERED, ids=lambda case: case.name)
def test_unanswered_requests(mocks: Mapping[Dialect, httpx.Client], case: Case) -> None:
    """What Prism does not answer, or does not survive, the mock does."""
    theirs = Answer()
    with (
        served_by_prism() as url,
        httpx.Client(base_url=url, timeout=1) as prism,
        suppress(httpx.TransportError),
    ):
        theirs = send(prism, case.request)

    compare(case, theirs, send(mocks[DOCUMENTED], case.request))


@pytest.mark.parametrize(("operation", "code", "media_type"), ANSWERS)
def test_dynamic_answers(
    prism: httpx.Client,
    mocks: Mapping[Dialect, httpx.Client],
    operation: str,
    code: int,
    media_type: str,
) -> None:
    """Both make answers up: ours are valid, the same for a seed, and others for another."""
    mock = mocks[DOCUMENTED]
    validator = CONTRACT.operations[operation].responses[code, media_type].validator
    request = OPERATIONS[operation]
    seeds = ("0", "1", "a", "b")

    made = [send(mock, ask(request, f"code={code}, dynamic=true, seed={seed}")) for seed in seeds]
    again = [
        send(mock, ask(request, query=f"__code={code}&__dynamic=true&__seed={seed}"))
        for seed in seeds
    ]
    seedless = [send(mock, ask(request, f"code={code}, dynamic=true")) for _ in range(2)]

    theirs = send(prism, ask(request, f"code={code}, dynamic=true, seed=0"))
    case = Case("", {}, {"body": Difference.DYNAMIC})
    compare(case, theirs._replace(replayed=None), made[0])
    for answer in (*made, *seedless):
        validator.validate(answer.body)
    assert made == again
    assert len(seeds) == len({json.dumps(answer.body) for answer in made})
    assert seedless[0] != seedless[1]


def test_seed_holds_elsewhere(demo_url: str, mocks: Mapping[Dialect, httpx.Client]) -> None:
    """A seed means the same to a server in another process."""
    request = ask(INITIALIZE, "dynamic=true, seed=here and there")
    with httpx.Client(base_url=demo_url, timeout=PATIENCE) as elsewhere:
        assert send(elsewhere, request) == send(mocks[DOCUMENTED], request)


def test_every_difference_is_met() -> None:
    """The table has no row that no request shows."""
    met = {
        difference
        for case in (*VALID, *REFUSALS, *UNANSWERED)
        for difference in case.differs.values()
    }

    assert set(Difference) == met | {Difference.CHARSET, Difference.DYNAMIC}


def test_documentation_has_the_table() -> None:
    """docs/mock-server.md tells all differences, and no others."""
    assert render() in PAGE.read_text("utf-8")
