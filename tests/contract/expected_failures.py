"""Which of Schemathesis's failures the deviations of the medusa dialect explain.

The dialect breaks the contract on purpose, as docs/deviations.md lists. `check` knows which calls
run into which deviation; this adds what is known of the demo store.
"""

import re
from typing import Any

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.engine.recorder import Request
from schemathesis.openapi.checks import IgnoredAuth

from xclade_store_mock import errors
from xclade_store_mock.check.backend import read_interaction
from xclade_store_mock.check.findings import BODY_FAILURES
from xclade_store_mock.check.signs import Evidence
from xclade_store_mock.check.situations import explain
from xclade_store_mock.contract import load_contract
from xclade_store_mock.dialects import MEDUSA

COMMON = (
    errors.PublishableKeyMissing.__name__,
    errors.MethodNotAllowed.__name__,
    errors.CollectionNotFound.__name__,
    errors.ProviderRefused.__name__,
    "paging",
    "idempotency-key",
)
"""The ids of deviations that even a short run meets."""


class Collections:
    """The ids of the demo store's payment collections, and of those created since."""

    def __contains__(self, collection: object) -> bool:
        return re.fullmatch(r"pay_col_(demo|free|[0-9A-Z]{26})", str(collection)) is not None


EVIDENCE = Evidence(
    "pk_demo", Collections(), load_contract("store.yaml"), frozenset({"pay_col_free"})
)


def explain_failure(
    failure: Failure, case: schemathesis.Case[Any], response: schemathesis.Response
) -> set[str]:
    """Return the ids of the deviations that explain a failure."""
    if isinstance(failure, BODY_FAILURES):
        return set()
    if isinstance(failure, IgnoredAuth):
        # Schemathesis repeats the call without the key, and passes that response only in words.
        status = MEDUSA.replies[errors.PublishableKeyMissing].status
        is_refused = f"got `{status} " in failure.message
        return {errors.PublishableKeyMissing.__name__} if is_refused else set()
    operation = case.operation.definition.raw["operationId"]
    call = read_interaction(operation, Request.from_prepared_request(response.request), response)
    return {situation.id for situation in explain(call, EVIDENCE)}
