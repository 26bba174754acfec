"""The mock handles preferences as Prism does, except for the differences in the table."""

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
    documented_responses,
    preferences,
)
from tests.contract.prism_differences import Difference, render
from tests.contract.refused_cases import CRASHING, REFUSALS
from tests.server.command import running

from xclade_store_mock.app import create_app
from xclade_store_mock.contract import load_contract
from xclade_store_mock.dialects import DIALECTS, DOCUMENTED, MEDUSA
from xclade_store_mock.web.dialect import Dialect

PAGE = Path(__file__).parents[2] / "docs/prefer.md"
VALID = [*documented_responses(), *preferences()]
CONTRACT = load_contract("store.yaml")
RESPONSES = [
    (name, code, media_type)
    for name, operation in CONTRACT.operations.items()
    for code, media_type in operation.responses
]


class Summary(NamedTuple):
    """The compared parts of a response; the defaults stand for no response."""

    status: int | None = None
    media_type: str | None = None
    body: Any = None
    violations: object = ()
    words: object = ()
    replayed: str | None = None


def send(client: httpx.Client, request: Mapping[str, Any]) -> Summary:
    """Send a request, and return the compared parts of its response."""
    response = client.request(**request)
    is_json = "json" in response.headers["content-type"] and response.content
    return Summary(
        response.status_code,
        response.headers["content-type"],
        response.json() if is_json else response.text,
        *read_violations(response.headers.get("sl-violations", "[]")),
        response.headers.get("idempotent-replayed"),
    )


def read_violations(header: str) -> tuple[object, object]:
    """Return the sorted violations and their messages, or a header that is not JSON."""
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
    """Yield an HTTP client for Prism."""
    with httpx.Client(base_url=prism_url) as client:
        yield client


@pytest.fixture(scope="module")
def mocks() -> Iterator[Mapping[Dialect, httpx.Client]]:
    """Serve the demo store in each dialect, and yield an HTTP client for each."""
    with ExitStack() as stack:
        urls = {
            each: stack.enter_context(served(create_app(dialect=each)))
            for each in DIALECTS.values()
        }
        yield {each: stack.enter_context(httpx.Client(base_url=url)) for each, url in urls.items()}


def compare(case: Case, theirs: Summary, ours: Summary) -> None:
    """Check that the responses differ in the parts that the case lists, and in no others."""
    differing = {
        part for part, their, our in zip(Summary._fields, theirs, ours, strict=True) if their != our
    }
    assert case.differs.keys() == differing, (theirs, ours)
    if case.statuses:
        assert case.statuses == (theirs.status, ours.status)


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.name)
def test_valid_requests(
    prism: httpx.Client, mocks: Mapping[Dialect, httpx.Client], case: Case
) -> None:
    """The responses to valid requests are the same in both dialects, except for the charset."""
    theirs = send(prism, case.request)

    compare(case, theirs, send(mocks[DOCUMENTED], case.request))
    if theirs.media_type == "application/json":
        case = case._replace(differs={**case.differs, "media_type": Difference.CHARSET})
    compare(case, theirs, send(mocks[MEDUSA], case.request))


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.name)
def test_refused_requests(
    prism: httpx.Client, mocks: Mapping[Dialect, httpx.Client], case: Case
) -> None:
    """An invalid request is refused regardless of its preferences."""
    documented = mocks[DOCUMENTED]

    compare(case, send(prism, case.request), send(documented, case.request))


@pytest.mark.parametrize("case", CRASHING, ids=lambda case: case.name)
def test_requests_that_crash_prism(mocks: Mapping[Dialect, httpx.Client], case: Case) -> None:
    """The mock responds to requests that Prism does not respond to or crashes on."""
    theirs = Summary()
    with (
        served_by_prism() as url,
        httpx.Client(base_url=url, timeout=1) as prism,
        suppress(httpx.TransportError),
    ):
        theirs = send(prism, case.request)

    compare(case, theirs, send(mocks[DOCUMENTED], case.request))


@pytest.mark.parametrize(("operation", "code", "media_type"), RESPONSES)
def test_dynamic_responses(
    prism: httpx.Client,
    mocks: Mapping[Dialect, httpx.Client],
    operation: str,
    code: int,
    media_type: str,
) -> None:
    """Generated responses are valid, the same for the same seed, and different for another."""
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
    for response in (*made, *seedless):
        validator.validate(response.body)
    assert made == again
    assert len(seeds) == len({json.dumps(response.body) for response in made})
    assert seedless[0] != seedless[1]


def test_seed_works_across_processes(mocks: Mapping[Dialect, httpx.Client]) -> None:
    """A server in another process generates the same response from the same seed."""
    request = ask(INITIALIZE, "dynamic=true, seed=here and there")
    with running() as mock, httpx.Client(base_url=mock.url) as elsewhere:
        assert send(elsewhere, request) == send(mocks[DOCUMENTED], request)


def test_every_difference_occurs() -> None:
    """Some test case shows each difference of the table."""
    met = {
        difference
        for case in (*VALID, *REFUSALS, *CRASHING)
        for difference in case.differs.values()
    }

    assert set(Difference) == met | {Difference.CHARSET, Difference.DYNAMIC}


def test_documentation_has_the_table() -> None:
    """docs/prefer.md contains the table of differences."""
    assert render() in PAGE.read_text("utf-8")
