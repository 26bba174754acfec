"""Hooks that Schemathesis loads for the medusa dialect: they drop the failures that are expected.

An explanation that is no longer needed is a failure itself.
"""

from typing import Any

import schemathesis
from schemathesis.core.failures import Failure
from tests.contract.expected_failures import COMMON, explain_failure


def register() -> None:
    """Register the hooks."""
    seen: set[str] = set()

    @schemathesis.hook
    def filter_failure(
        context: schemathesis.HookContext,  # noqa: ARG001 - Schemathesis's signature
        failure: Failure,
        case: schemathesis.Case[Any],
        response: schemathesis.Response,
    ) -> bool:
        explanations = explain_failure(failure, case, response)
        seen.update(explanations)
        return not explanations

    @schemathesis.check
    class EveryExplanationIsNeeded:
        def after_run(self, ctx: schemathesis.CheckContext) -> None:  # noqa: ARG002 - the same
            vanished = [name for name in COMMON if name not in seen]
            assert not vanished, f"explained, but never seen: {', '.join(vanished)}"


register()
