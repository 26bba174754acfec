"""One check, from the first call to the reports."""

import argparse
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event

from hypothesis.configuration import set_hypothesis_home_dir
from schemathesis.core.rate_limit import build_limiter

from xclade_store_mock.check import CANNOT, INTERRUPTED
from xclade_store_mock.check.backend import Backend
from xclade_store_mock.check.discovery import Contact, Ids, make_contact
from xclade_store_mock.check.engine import Budget, Engine
from xclade_store_mock.check.findings import DefaultFields, Judge
from xclade_store_mock.check.report import HTML, JUNIT, TEXT, Report, render
from xclade_store_mock.check.showing import say
from xclade_store_mock.check.signs import Known
from xclade_store_mock.check.situations import SITUATIONS
from xclade_store_mock.check.target import Target
from xclade_store_mock.contract import load_contract
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.web.dialect import Dialect

_NOTHING_FOUND, _FOUND = 0, 1


def run_check(target: Target, options: argparse.Namespace, stop: Event) -> int:
    """Check a backend as the options say; answer the exit code, or raise Unusable."""
    seed = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    pace = f"at most {target.rate}" if target.rate else "as fast as it answers"
    say(f"Checking {target.url} ({options.dialect} dialect, seed {seed}, {pace}) ...\n\n")
    budget = Budget(seed, options.max_examples, options.time_limit)
    given = Ids(options.region_id, options.cart_id, options.collection_id, options.provider_id)
    limiter = build_limiter(target.rate) if target.rate else None
    with Backend(target.url, target.key, limiter, options.timeout) as backend:
        report = check(backend, given, budget, DIALECTS[options.dialect], stop)
    say(render(report, TEXT))
    if options.junit:
        options.junit.write_text(render(report, JUNIT), "utf-8")
    if options.html:
        options.html.write_text(render(report, HTML), "utf-8")
    if report.is_interrupted:
        return INTERRUPTED
    if report.judge.findings:
        return _FOUND
    return CANNOT if report.troubles else _NOTHING_FOUND


def check(backend: Backend, given: Ids, budget: Budget, dialect: Dialect, stop: Event) -> Report:
    """Hold a backend against the contract; raise Unusable if that cannot be done."""
    started = datetime.now().astimezone()
    contract = load_contract("store.yaml")
    contact = make_contact(backend, given)
    known = Known(backend.key, contact.collections, contract)
    judge = Judge(dialect, known, DefaultFields.of(contract))
    engine = Engine(backend, contract, contact.ids, budget, stop)
    is_interrupted = False
    try:
        _judge_situations(judge, backend, contact)
        with _no_traces():
            for call in engine:
                judge.judge_call(call)
        judge.require_success()
    except KeyboardInterrupt:
        is_interrupted = True
        engine.not_tested["the rest"] = "interrupted"
    not_tested = contact.not_tested | engine.not_tested
    return Report(
        backend.url, budget.seed, started, judge, not_tested, engine.troubles, is_interrupted
    )


def _judge_situations(judge: Judge, backend: Backend, contact: Contact) -> None:
    """Judge the first calls, and provoke each situation that can be."""
    tested = contact.ids.tested
    for exchange in contact.exchanges:
        if exchange.operation in tested:
            judge.note(exchange)
    for situation in SITUATIONS:
        if situation.calls and (situation.needs or tested[0]) in tested:
            *before, last = [backend.send(call) for call in situation.calls(contact.ids)]
            for exchange in before:
                judge.note(exchange)
            judge.judge_situation(situation, last)


@contextmanager
def _no_traces() -> Iterator[None]:
    """Let Hypothesis keep nothing in the folder where one happens to be."""
    with tempfile.TemporaryDirectory() as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)
