"""Schemathesis, used as a library: makes the calls and runs its checks, without judging them.

Its engine is used below its command line, which would first probe paths that the contract lacks,
and would repeat and shrink failures. Here each call is made once, and each failed check is kept.
"""

import os
import random
import sys
import threading
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources
from typing import Any
from uuid import uuid4

import requests
import schemathesis
from schemathesis import Case, HookContext, openapi
from schemathesis.config import SchemathesisConfig
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

from xclade_store_mock.check import IDEMPOTENCY_KEY
from xclade_store_mock.check.backend import Backend, read_interaction
from xclade_store_mock.check.calls import INITIALIZE, OPERATIONS, Ids, Interaction
from xclade_store_mock.contract import Contract

_NO_RESPONSE = (UnhealthyAPIError, UnresponsiveOperationError)


@dataclass(frozen=True, slots=True)
class Budget:
    """How much to try, `time_limit` in seconds; the same seed makes the same calls."""

    seed: int
    max_examples: int
    time_limit: int | None = None


def choose_seed(given: int | None) -> int:
    """Return the given seed; without one, a random one, or in CI always the same."""
    if given is not None:
        return given
    # So that a pipeline does not fail by chance.
    return 1 if os.environ.get("CI") == "true" else random.SystemRandom().getrandbits(32)


@dataclass(frozen=True, slots=True)
class Tested:
    """A call, the names of the checks of its response, and the failures that they found."""

    interaction: Interaction
    checks: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(slots=True)
class Engine:
    """One run; iterate over it once. Raises KeyboardInterrupt soon after `stop` is set.

    Afterwards `not_tested` maps what was skipped to the reason, and `errors` lists Schemathesis'
    own.
    """

    backend: Backend
    contract: Contract
    ids: Ids
    budget: Budget
    stop: threading.Event
    not_tested: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    _failures: dict[str, list[Failure]] = field(default_factory=dict)
    _unanswered: list[Interaction] = field(default_factory=list)

    def __iter__(self) -> Iterator[Tested]:
        """Make the calls, phase by phase."""
        config = _make_config(self.backend, self.ids, self.budget)
        schema = openapi.from_dict(_insert_ids(self.contract.document, self.ids), config=config)
        schema.config.update(base_url=self.backend.url)
        schema.config.rate_limit = self.backend.limiter
        schema.hooks.register_hook_with_name(self._renew_idempotency_key, "map_case")
        schema.hooks.register_hook_with_name(self._keep_failure, "filter_failure")
        schema.hooks.register_hook_with_name(self._keep_unanswered, "after_network_error")
        engine = _Run(schema=schema, stop_event=self.stop, max_time=self.budget.time_limit)
        try:
            yield from self._make_calls(engine)
        finally:
            engine.stop()

    def _make_calls(self, engine: "_Run") -> Iterator[Tested]:
        phases = TESTING_PHASES if INITIALIZE in self.ids.tested else UNIT_PHASES
        for left, phase in reversed(list(enumerate(reversed(phases)))):
            if engine.has_to_stop:
                break
            # Otherwise the first phases could use up the whole time limit.
            engine.reserve_time((engine.control.remaining_time or 0) * left / (left + 1))
            for event in run.execute(engine, Phase(phase)):
                yield from self._read(event)
        # Schemathesis loses an interrupt that arrives while it waits for the end of a phase.
        if engine.stop_reason is StopReason.INTERRUPTED:
            raise KeyboardInterrupt
        if engine.stop_reason is StopReason.MAX_TIME:
            self.not_tested["the rest"] = f"stopped by --time-limit {self.budget.time_limit}"
        if engine.stop_reason is StopReason.SERVER_UNAVAILABLE:
            self.not_tested["the rest"] = "the backend stopped responding"
            # Calls that Schemathesis' checks make are lost if they get no response.
            yield Tested(self.backend.send(self.ids.any_request()))

    def _read(self, event: events.EngineEvent) -> Iterator[Tested]:
        """Yield the calls of a finished scenario; note what ended one early."""
        if isinstance(event, events.Interrupted):
            raise KeyboardInterrupt
        if isinstance(event, events.NonFatalError):
            self._note(event)
        if isinstance(event, events.ScenarioFinished):
            unanswered, self._unanswered = self._unanswered, []
            yield from map(Tested, unanswered)
            yield from self._read_recorder(event.recorder)

    def _read_recorder(self, recorder: ScenarioRecorder) -> Iterator[Tested]:
        for case_id, made in recorder.interactions.items():
            if made.response is not None:
                operation = self._operation(recorder.cases[case_id].value.operation.label)
                yield Tested(
                    read_interaction(operation, made.request, made.response),
                    tuple(node.name for node in recorder.checks.get(case_id, ())),
                    tuple(self._failures.pop(case_id, ())),
                )

    def _note(self, event: events.NonFatalError) -> None:
        """Note why a test ended early; a call without a response is reported by its hook."""
        error = event.value
        is_reported = isinstance(error, requests.RequestException) and error.request is not None
        if is_reported or isinstance(error, _NO_RESPONSE):
            self.not_tested[f"the rest of {self._operation(event.label)}"] = (
                "a call got no response"
            )
        elif not isinstance(error, ServerUnavailable):
            self.errors.append(f"{event.label}: {event.info.title}: {event.info.message}")

    def _keep_unanswered(
        self,
        context: HookContext,  # noqa: ARG002 - Schemathesis' signature
        case: Case[Any],
        request: requests.PreparedRequest,
    ) -> None:
        """Keep a call that got no response."""
        # Schemathesis calls this while it handles the error, but does not pass it.
        reason = self.backend.explain_failure(sys.exception())
        sent = Request.from_prepared_request(request)
        operation = self._operation(case.operation.label)
        self._unanswered.append(read_interaction(operation, sent, None, reason))

    def _keep_failure(
        self,
        context: HookContext,  # noqa: ARG002 - Schemathesis' signature
        failure: Failure,
        case: Case[Any],
        response: schemathesis.Response,  # noqa: ARG002
    ) -> bool:
        """Keep a check's failure, and do not let it end the test."""
        self._failures.setdefault(failure.case_id or case.id, []).append(failure)
        return False

    def _renew_idempotency_key(
        self,
        context: HookContext,  # noqa: ARG002 - Schemathesis' signature
        case: Case[Any],
    ) -> Case[Any]:
        """Replace a valid idempotency key by a new one, so that no call gets another's response."""
        key = case.headers.get(IDEMPOTENCY_KEY)
        operation = self.contract.operations[self._operation(case.operation.label)]
        if key is not None and operation.header.validator.is_valid({IDEMPOTENCY_KEY: key}):
            case.headers[IDEMPOTENCY_KEY] = f"check-{uuid4()}"
        return case

    def _operation(self, label: str) -> str:
        """Return the id of the operation with a label such as `GET /store/payment-providers`."""
        ids = {f"{each.method} {each.path}": each.id for each in self.contract.operations.values()}
        return ids.get(label, "the scenarios")


class _Run(EngineContext):
    """A run in which earlier responses change neither what is called nor the timeout."""

    extra_data_source = None
    error_feedback = None

    def get_session(self, *, operation: Any = None) -> requests.Session:
        """Return a session that reads each response at once."""
        session = super().get_session(operation=operation)
        session.hooks["response"] = [_read_body]
        return session

    def get_transport_kwargs(self, operation: Any = None) -> dict[str, Any]:
        """Return the transport's arguments, with the same timeout even after a slow response."""
        kwargs = super().get_transport_kwargs(operation)
        return kwargs | {"timeout": self.config.request_timeout_for(operation=operation)}


def _read_body(response: requests.Response, **_: object) -> None:
    """Read a response to its end; if that fails, the error names the request."""
    # An endless one is left to Schemathesis.
    if is_event_stream(response.headers.get("content-type")):
        return
    try:
        response.content  # noqa: B018 - reads
    except requests.RequestException as error:
        error.request = response.request
        raise
    # On a reused connection, Schemathesis would repeat a call whose response is lost.
    response.connection.close()


def _make_config(backend: Backend, ids: Ids, budget: Budget) -> SchemathesisConfig:
    """Return the settings of schemathesis.toml and engine.toml with this backend's key and ids."""
    folder = resources.files(__package__)
    settings: dict[str, Any] = {}
    for name in ("schemathesis.toml", "engine.toml"):
        settings |= tomllib.loads(folder.joinpath(name).read_text("utf-8"))
    known = {
        "collections": ids.collection,
        "carts": ids.cart,
        "regions": ids.region,
        "providers": ids.provider,
    }
    settings |= {
        # Schemathesis would replace ${...} by an environment variable.
        "headers": {name: value.replace("${", "$${") for name, value in backend.headers.items()},
        "seed": budget.seed,
        "request-timeout": backend.timeout,
        # The operations of ids that are None are not called.
        "dictionaries": {name: {"values": [value or "none"]} for name, value in known.items()},
    }
    for part in (settings, settings["phases"]["stateful"]):
        part.setdefault("generation", {})["max-examples"] = budget.max_examples
    settings["operations"] += [
        {"include-operation-id": operation, "enabled": False}
        for operation in OPERATIONS
        if operation not in ids.tested
    ]
    return SchemathesisConfig.from_dict(settings)


def _insert_ids(node: Any, ids: Ids) -> Any:
    """Return the contract, or a part of it, with these ids in its examples."""
    if isinstance(node, list):
        return [_insert_ids(each, ids) for each in node]
    if not isinstance(node, dict):
        return node
    inserted = {name: _insert_ids(value, ids) for name, value in node.items()}
    for name, value in {"cart_id": ids.cart, "provider_id": ids.provider}.items():
        if isinstance(inserted.get(name), str):
            inserted[name] = value
    parameters = {"id": ids.collection, "region_id": ids.region}
    if inserted.get("name") in parameters and "examples" in inserted:
        inserted["examples"] = {"known": {"value": parameters[inserted["name"]]}}
    return inserted
