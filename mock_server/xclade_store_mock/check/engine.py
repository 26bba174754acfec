"""Schemathesis, driven as a library: it makes the calls and runs the checks, and decides nothing.

Its engine is used below its command line, because that would first probe paths which the contract
does not have, and would repeat and shrink what fails. Here each call is made once, and what a check
complains of is kept and told.
"""

import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any
from uuid import uuid4

import requests
from schemathesis import Case, HookContext, Response, openapi
from schemathesis.config import SchemathesisConfig
from schemathesis.core.curl import get_excluded_headers
from schemathesis.core.failures import Failure
from schemathesis.core.transport import is_event_stream
from schemathesis.engine import StopReason, events, run
from schemathesis.engine.context import EngineContext
from schemathesis.engine.errors import (
    ServerUnavailable,
    UnhealthyAPIError,
    UnresponsiveOperationError,
)
from schemathesis.engine.recorder import Request, ScenarioRecorder
from schemathesis.engine.run import TESTING_PHASES, UNIT_PHASES, Phase

from xclade_store_mock.check import KEY_HEADER
from xclade_store_mock.check.backend import Answer, Backend, Exchange, explain_failure
from xclade_store_mock.check.discovery import INITIALIZE, OPERATIONS, Ids
from xclade_store_mock.contract import Contract

# Whether an operation asks for the key does not depend on what else it is sent.
_KEY_KNOWN_TO_BE_ASKED_FOR = {"ignored_auth": {"enabled": False}}

_MEANINGLESS = ("object_level_authorization", "use_after_free")


@dataclass(frozen=True, slots=True)
class Budget:
    """How much is tried; the same seed makes the same calls."""

    seed: int
    max_examples: int
    time_limit: int | None = None


def make_config(backend: Backend, ids: Ids, budget: Budget) -> SchemathesisConfig:
    """Set Schemathesis."""
    text = resources.files(__package__).joinpath("schemathesis.toml").read_text("utf-8")
    settings: dict[str, Any] = tomllib.loads(text)
    settings |= {
        # A dollar and a brace would name an environment variable.
        "headers": {KEY_HEADER: backend.key.replace("${", "$${")},
        "seed": budget.seed,
        "max-redirects": 0,
        "request-timeout": backend.timeout,
        "continue-on-failure": True,
        "suppress-health-check": ["all"],
        "phases": _phases(budget.max_examples),
        "dictionaries": _dictionaries(ids),
    }
    # They are about deleted resources and other users, of which the contract has none.
    settings["checks"] = {name: {"enabled": False} for name in _MEANINGLESS}
    settings["generation"]["max-examples"] = budget.max_examples
    settings["operations"] += [
        {"include-operation-id": operation, "enabled": False}
        for operation in OPERATIONS
        if operation not in ids.tested
    ]
    return SchemathesisConfig.from_dict(settings)


def _phases(max_examples: int) -> dict[str, Any]:
    return {
        # Methods that HTTP calls safe: no others are tried on somebody's backend.
        "coverage": {"unexpected-methods": ["GET", "OPTIONS"]},
        "fuzzing": {"checks": _KEY_KNOWN_TO_BE_ASKED_FOR},
        "stateful": {
            "generation": {"max-examples": max_examples},
            "inference": {"algorithms": []},
            "link-calibration": False,
            "checks": _KEY_KNOWN_TO_BE_ASKED_FOR,
        },
    }


def _dictionaries(ids: Ids) -> dict[str, Any]:
    """Name the ids; the operations of those that are None are not called."""
    known = {
        "collections": ids.collection,
        "carts": ids.cart,
        "regions": ids.region,
        "providers": ids.provider,
    }
    return {name: {"values": [value or "none"]} for name, value in known.items()}


def tailor(document: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
    """Answer the contract with these ids in its examples and links."""
    in_bodies = {"cart_id": ids.cart, "provider_id": ids.provider}
    in_parameters = {"id": ids.collection, "region_id": ids.region}

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(each) for each in node]
        if not isinstance(node, dict):
            return node
        walked = {name: walk(value) for name, value in node.items()}
        for name, value in in_bodies.items():
            if isinstance(walked.get(name), str):
                walked[name] = value
        if walked.get("name") in in_parameters and "examples" in walked:
            walked["examples"] = {"known": {"value": in_parameters[walked["name"]]}}
        return walked

    tailored: dict[str, Any] = walk(document)
    return tailored


_IDEMPOTENCY_KEY = "Idempotency-Key"
_NO_ANSWER = (UnhealthyAPIError, UnresponsiveOperationError)


class _Run(EngineContext):
    """A run that earlier answers teach neither what to call, nor how long to wait."""

    extra_data_source = None
    error_feedback = None

    def get_session(self, *, operation: Any = None) -> requests.Session:
        """Answer the session; an answer that breaks off in it names its request."""
        session = super().get_session(operation=operation)
        session.hooks["response"] = [_read]
        return session

    def get_transport_kwargs(self, operation: Any = None) -> dict[str, Any]:
        """Answer how to call an operation: patiently, even if it kept us waiting before."""
        kwargs = super().get_transport_kwargs(operation)
        return kwargs | {"timeout": self.config.request_timeout_for(operation=operation)}


@dataclass(frozen=True, slots=True)
class Tested:
    """A call, the checks that were run on its answer, and what they complained of."""

    exchange: Exchange
    checks: tuple[str, ...]
    failures: tuple[Failure, ...]


@dataclass(slots=True)
class Engine:
    """One run; iterate over it once. Raises KeyboardInterrupt soon after `stop` was set.

    `not_tested` tells then what was not tried, and `troubles` what could not be.
    """

    backend: Backend
    contract: Contract
    ids: Ids
    budget: Budget
    stop: threading.Event
    not_tested: dict[str, str] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    _complaints: list[tuple[str, Failure]] = field(default_factory=list)
    _unanswered: list[Exchange] = field(default_factory=list)

    def __iter__(self) -> Iterator[Tested]:
        """Make the calls, phase by phase."""
        config = make_config(self.backend, self.ids, self.budget)
        schema = openapi.from_dict(tailor(self.contract.document, self.ids), config=config)
        schema.config.update(base_url=self.backend.url)
        schema.config.rate_limit = self.backend.limiter
        schema.hooks.register_hook_with_name(self._prepare, "map_case")
        schema.hooks.register_hook_with_name(self._keep_complaint, "filter_failure")
        schema.hooks.register_hook_with_name(self._keep_unanswered, "after_network_error")
        engine = _Run(schema=schema, stop_event=self.stop, max_time=self.budget.time_limit)
        try:
            yield from self._make_calls(engine)
        finally:
            engine.stop()

    def _make_calls(self, engine: _Run) -> Iterator[Tested]:
        phases = TESTING_PHASES if INITIALIZE in self.ids.tested else UNIT_PHASES
        for left, phase in reversed(list(enumerate(reversed(phases)))):
            if engine.has_to_stop:
                break
            # So that the first phases do not take all the time there is.
            engine.reserve_time((engine.control.remaining_time or 0) * left / (left + 1))
            for event in run.execute(engine, Phase(phase)):
                yield from self._read(event)
        # Schemathesis loses an interrupt that comes while it waits for the end of a phase.
        if engine.stop_reason is StopReason.INTERRUPTED:
            raise KeyboardInterrupt
        if engine.stop_reason is StopReason.MAX_TIME:
            limit = f"the time limit of {self.budget.time_limit} s"
            self.not_tested["the rest"] = f"{limit} ended it early"
        if engine.stop_reason is StopReason.SERVER_UNAVAILABLE:
            self.not_tested["the rest"] = "the backend stopped answering"

    def _read(self, event: events.EngineEvent) -> Iterator[Tested]:
        """Answer what a scenario did, and note what kept one from being done."""
        if isinstance(event, events.NonFatalError):
            self._note(event)
        if isinstance(event, events.ScenarioFinished):
            unanswered, self._unanswered = self._unanswered, []
            yield from (Tested(exchange, (), ()) for exchange in unanswered)
            yield from self._read_answers(event.recorder)
        if isinstance(event, events.Interrupted):
            raise KeyboardInterrupt

    def _read_answers(self, recorder: ScenarioRecorder) -> Iterator[Tested]:
        complaints, self._complaints = self._complaints, []
        for case_id, interaction in recorder.interactions.items():
            if interaction.response is not None:
                operation = self._operation(recorder.cases[case_id].value)
                yield Tested(
                    _exchange(operation, interaction.request, interaction.response),
                    tuple(node.name for node in recorder.checks.get(case_id, ())),
                    tuple(failure for about, failure in complaints if about == case_id),
                )

    def _note(self, event: events.NonFatalError) -> None:
        """Note why a test ended before its time; the call itself is told where it was made."""
        error = event.value
        is_told = isinstance(error, requests.RequestException) and error.request is not None
        if is_told or isinstance(error, _NO_ANSWER):
            method, _, path = event.label.partition(" ")
            operation = self.contract.document["paths"].get(path, {}).get(method.lower(), {})
            name = operation.get("operationId", "the scenarios")
            self.not_tested[f"the rest of {name}"] = "a call got no answer"
        elif not isinstance(error, ServerUnavailable):
            self.troubles.append(f"{event.label}: {event.info.title}: {event.info.message}")

    def _keep_unanswered(
        self,
        context: HookContext,  # noqa: ARG002 - Schemathesis' signature
        case: Case[Any],
        request: requests.PreparedRequest,
    ) -> None:
        """Keep a call that got no answer, whoever made it."""
        # Schemathesis calls this while it handles the error, but does not name it.
        trouble = explain_failure(sys.exception(), self.backend.timeout)
        sent = Request.from_prepared_request(request)
        self._unanswered.append(_exchange(self._operation(case), sent, None, trouble))

    def _keep_complaint(
        self,
        context: HookContext,  # noqa: ARG002 - Schemathesis' signature
        failure: Failure,
        case: Case[Any],
        response: Response,  # noqa: ARG002
    ) -> bool:
        """Keep a check's complaint, and let the call pass."""
        self._complaints.append((failure.case_id or case.id, failure))
        return False

    def _prepare(self, context: HookContext, case: Case[Any]) -> Case[Any]:  # noqa: ARG002
        """Let no call get the answer that was meant for another one."""
        key = case.headers.get(_IDEMPOTENCY_KEY)
        operation = self.contract.operations[self._operation(case)]
        if key is not None and operation.header.is_valid({_IDEMPOTENCY_KEY: key}):
            case.headers[_IDEMPOTENCY_KEY] = f"check-{uuid4()}"
        return case

    def _operation(self, case: Case[Any]) -> str:
        """Name the operation that a case is of, whatever its method."""
        path = self.contract.document["paths"][case.operation.path]
        name: str = path[case.operation.method.lower()]["operationId"]
        return name


def _read(response: requests.Response, **_: object) -> None:
    """Read an answer whole; whoever tells that it breaks off knows then what was sent."""
    # One that may have no end is left to Schemathesis.
    if is_event_stream(response.headers.get("content-type")):
        return
    try:
        response.content  # noqa: B018 - reads
    except requests.RequestException as error:
        error.request = response.request
        raise
    # On a connection that is used again, Schemathesis would repeat a call whose answer is lost.
    response.connection.close()


def _exchange(
    operation: str, request: Request, response: Response | None, trouble: str = ""
) -> Exchange:
    hidden = get_excluded_headers()
    sent = {name: values[0] for name, values in request.headers.items() if name not in hidden}
    answer = None
    if response is not None:
        headers = {name: ", ".join(values) for name, values in response.headers.items()}
        answer = Answer(response.status_code, headers, response.content)
    return Exchange(
        operation, request.method, request.uri, sent, request.body or b"", answer, trouble
    )
