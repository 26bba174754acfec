"""One check, from the first call to the reports."""

import gzip
import tempfile
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from threading import Event
from unicodedata import unidata_version

from hypothesis.configuration import set_hypothesis_home_dir
from schemathesis.core.rate_limit import build_limiter

from xclade_store_mock.check import CANNOT_CHECK, INTERRUPTED, NOT_TESTED, Secrets, print_safely
from xclade_store_mock.check.backend import Backend, settled_environment
from xclade_store_mock.check.calls import OPERATIONS, Ids
from xclade_store_mock.check.discovery import Discovery, discover
from xclade_store_mock.check.engine import Budget, Engine, choose_seed
from xclade_store_mock.check.findings import Judge
from xclade_store_mock.check.invariants import INVARIANTS
from xclade_store_mock.check.report import GITHUB, HTML, JUNIT, TEXT, Report, render
from xclade_store_mock.check.signs import Evidence
from xclade_store_mock.check.situations import REFUSED, SITUATIONS, comparisons
from xclade_store_mock.check.target import CheckOptions
from xclade_store_mock.contract import load_contract
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.web.dialect import Dialect

_NO_FINDINGS, _FINDINGS = 0, 1


def run_check(options: CheckOptions, stop: Event) -> int:
    """Check a backend, write the reports and return the exit code; raise CannotCheck."""
    seed = choose_seed(options.seed)
    pace = f"at most {options.rate}" if options.rate else "no rate limit"
    print_safely(f"Checking {options.url} ({options.dialect} dialect, seed {seed}, {pace}) ...\n\n")
    budget = Budget(seed, options.max_examples, options.time_limit)
    given = Ids(options.region_id, options.cart_id, options.collection_id, options.provider_id)
    limiter = build_limiter(options.rate) if options.rate else None
    with settled_environment(options.url) as proxy:
        backend = Backend(
            options.url, options.publishable_key, limiter, options.timeout, options.headers, proxy
        )
        dialect = DIALECTS[options.dialect]
        report = check(backend, given, budget, dialect, stop, create_cart=options.create_cart)
    print_safely(render(report, TEXT))
    if options.github:
        print_safely(render(report, GITHUB))
    for path, template in ((options.junit, JUNIT), (options.html, HTML)):
        if path is not None:
            path.write_text(render(report, template), "utf-8")
    if report.is_interrupted:
        return INTERRUPTED
    if report.causes:
        return _FINDINGS
    if report.errors:
        return CANNOT_CHECK
    return NOT_TESTED if report.untested and not options.allow_untested else _NO_FINDINGS


def check(
    backend: Backend,
    given: Ids,
    budget: Budget,
    dialect: Dialect,
    stop: Event,
    *,
    create_cart: bool = False,
) -> Report:
    """Check a backend against the contract; raise CannotCheck if that is impossible."""
    started = datetime.now().astimezone()
    contract = load_contract("store.yaml")
    discovery = discover(backend, given, create_cart=create_cart)
    evidence = Evidence(backend.key, discovery.collections, contract, discovery.free_collections)
    judge = Judge(dialect, evidence)
    engine = Engine(backend, contract, discovery.ids, budget, stop)
    is_interrupted = not _make_calls(backend, discovery, judge, engine)
    not_tested = discovery.not_tested | engine.not_tested
    for operation in OPERATIONS:
        if not judge.is_tested(operation):
            not_tested.setdefault(operation, not_tested.get("the rest", "no call could be made"))
    return Report(
        title="Contract check",
        url=backend.url,
        properties={"dialect": dialect.name, "seed": str(budget.seed)},
        started=started,
        secrets=Secrets(backend.key, backend.given_headers),
        tallies=judge.tallies,
        causes=[*judge.causes.values()],
        deviations=[*judge.deviations.values()],
        absent=judge.absent,
        unprovoked=judge.unprovoked,
        not_tested=not_tested,
        errors=engine.errors,
        descriptions={each.name: each.title for each in INVARIANTS},
        is_interrupted=is_interrupted,
    )


def _make_calls(backend: Backend, discovery: Discovery, judge: Judge, engine: Engine) -> bool:
    """Make and judge all calls; return whether they were not interrupted."""
    try:
        provoke(judge, backend, discovery)
        # Otherwise Hypothesis would write to the current folder.
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            set_hypothesis_home_dir(folder)
            describe_characters(Path(folder))
            stack.callback(set_hypothesis_home_dir, None)
            for tested in engine:
                judge.judge_call(tested)
    except KeyboardInterrupt:
        engine.not_tested["the rest"] = "interrupted"
        return False
    judge.require_success(discovery.ids.tested)
    return True


def describe_characters(home: Path) -> None:
    """Write the table of UTF-8's characters, which Hypothesis takes a second to compute.

    Hypothesis keeps it in its home folder, and computes it if it does not find it there.
    """
    path = home / "unicode_data" / unidata_version / "codec-v2-utf-8.json.gz"
    path.parent.mkdir(parents=True)
    # All but the surrogates; the second list is of those that do not survive a round trip.
    path.write_bytes(gzip.compress(b"[[[0, 55295], [57344, 1114111]], []]"))


def provoke(judge: Judge, backend: Backend, discovery: Discovery) -> None:
    """Judge the first calls, and make the calls that situations and invariants need."""
    tested = discovery.ids.tested
    if discovery.refused is not None:
        judge.judge_situation(REFUSED, discovery.refused)
    for call in discovery.interactions:
        if call.operation in tested:
            judge.note(call)
        else:
            judge.learn(call)
    for situation in SITUATIONS:
        requests = situation.requests(discovery.ids) if situation.requests else ()
        if requests and requests[0].operation in tested:
            *before, last = [backend.send(each) for each in requests]
            for call in before:
                judge.note(call)
            judge.judge_situation(situation, last)
    for request in comparisons(discovery.ids):
        judge.note(backend.send(request))
