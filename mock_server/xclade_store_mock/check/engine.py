"""Schemathesis, driven as a library: it makes the calls and runs the checks, and decides nothing.

Its engine is used below its command line, because that would first probe paths which the contract
does not have, and would repeat and shrink what fails. Here each call is made once, and what a check
complains of is kept and told.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from schemathesis import Case, HookContext, Response, openapi
from schemathesis.core.curl import get_excluded_headers
from schemathesis.core.failures import Failure
from schemathesis.engine import StopReason, events, run
from schemathesis.engine.context import EngineContext
from schemathesis.engine.errors import (
    ServerUnavailable,
    UnhealthyAPIError,
    UnresponsiveOperationError,
)
from schemathesis.engine.recorder import Interaction
from schemathesis.engine.run import TESTING_PHASES, UNIT_PHASES, Phase

from xclade_store_mock.check.backend import Backend
from xclade_store_mock.check.exchange import Answer, Exchange
from xclade_store_mock.check.ids import INITIALIZE, Ids
from xclade_store_mock.check.settings import Budget, make_config, tailor
from xclade_store_mock.contract import Contract

_IDEMPOTENCY_KEY = "Idempotency-Key"
_NO_ANSWER = (OSError, ServerUnavailable, UnhealthyAPIError, UnresponsiveOperationError)


class _Run(EngineContext):
    """A run that makes no calls with what earlier answers told."""

    extra_data_source = None
    error_feedback = None


@dataclass(frozen=True, slots=True)
class Tested:
    """A call, the checks that were run on its answer, and what they complained of."""

    exchange: Exchange
    checks: tuple[str, ...]
    failures: tuple[Failure, ...]


@dataclass(slots=True)
class Engine:
    """One run; iterate over it once.

    `troubles` tells then what could not be tried, and `out_of_time` whether all was.
    """

    backend: Backend
    contract: Contract
    ids: Ids
    budget: Budget
    troubles: list[str] = field(default_factory=list)
    out_of_time: bool = False
    _complaints: list[tuple[str, Failure]] = field(default_factory=list)

    def __iter__(self) -> Iterator[Tested]:
        """Make the calls, phase by phase."""
        config = make_config(self.backend, self.ids, self.budget)
        schema = openapi.from_dict(tailor(self.contract.document, self.ids), config=config)
        schema.config.update(base_url=self.backend.url)
        schema.config.rate_limit = self.backend.limiter
        schema.hooks.register_hook_with_name(self._prepare, "map_case")
        schema.hooks.register_hook_with_name(self._keep_complaint, "filter_failure")
        engine = _Run(schema=schema, stop_event=threading.Event(), max_time=self.budget.time_limit)
        phases = TESTING_PHASES if INITIALIZE in self.ids.tested else UNIT_PHASES
        for left, phase in reversed(list(enumerate(reversed(phases)))):
            if engine.has_to_stop:
                break
            # So that the first phases do not take all the time there is.
            engine.reserve_time((engine.control.remaining_time or 0) * left / (left + 1))
            for event in run.execute(engine, Phase(phase)):
                yield from self._read(event)
        self.out_of_time = engine.stop_reason is StopReason.MAX_TIME

    def _read(self, event: events.EngineEvent) -> Iterator[Tested]:
        """Answer what a scenario did, and note what kept one from being done."""
        if isinstance(event, events.Interrupted):
            raise KeyboardInterrupt
        if isinstance(event, events.NonFatalError) and not isinstance(event.value, _NO_ANSWER):
            self.troubles.append(f"{event.label}: {event.info.title}: {event.info.message}")
        if not isinstance(event, events.ScenarioFinished):
            return
        complaints, self._complaints = self._complaints, []
        for case_id, interaction in event.recorder.interactions.items():
            case = event.recorder.cases[case_id].value
            yield Tested(
                _exchange(self._operation(case), interaction, self.backend.timeout),
                tuple(node.name for node in event.recorder.checks.get(case_id, ())),
                tuple(failure for about, failure in complaints if about == case_id),
            )

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


def _exchange(operation: str, interaction: Interaction, timeout: int) -> Exchange:
    request, response = interaction.request, interaction.response
    hidden = get_excluded_headers()
    sent = {name: values[0] for name, values in request.headers.items() if name not in hidden}
    answer = None
    if response is not None:
        headers = {name: ", ".join(values) for name, values in response.headers.items()}
        answer = Answer(response.status_code, headers, response.content)
    trouble = "" if answer else f"no answer within {timeout} s, or the connection broke"
    return Exchange(
        operation, request.method, request.uri, sent, request.body or b"", answer, trouble
    )
