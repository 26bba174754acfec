"""Hooks that Schemathesis loads for the medusa dialect.

They drop the failures that are expected. An explanation that nothing needs is a failure itself.
"""

from typing import Any

import schemathesis
from schemathesis.core.failures import Failure
from tests.contract.expected_failures import EXPECTED, Exchange, Expected

from xclade_store_mock.contract import load_contract


def expect(expected: tuple[Expected, ...]) -> None:
    """Register the hooks."""
    operations = load_contract("store.yaml").operations
    seen: set[Expected] = set()

    @schemathesis.hook
    def filter_failure(
        context: schemathesis.HookContext,  # noqa: ARG001 - Schemathesis's signature
        failure: Failure,
        case: schemathesis.Case[Any],
        response: schemathesis.Response,
    ) -> bool:
        operation_id = case.operation.definition.raw["operationId"]
        exchange = Exchange(operation_id, operations[operation_id], response.request, response)
        explanations = {
            each
            for each in expected
            if isinstance(failure, each.failures) and each.explains(failure, exchange)
        }
        seen.update(explanations)
        return not explanations

    @schemathesis.check
    class EveryExpectedFailureHappens:
        def after_run(self, ctx: schemathesis.CheckContext) -> None:  # noqa: ARG002 - the same
            vanished = [each.deviation for each in expected if not each.rare and each not in seen]
            assert not vanished, f"expected, but never seen: {', '.join(vanished)}"


expect(EXPECTED)
