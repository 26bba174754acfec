"""The calls that the servers are measured with, and the statuses expected for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

CONTRACT = Path(__file__).parents[2] / "openapi/store.yaml"
TEMPLATE = "/store/payment-collections/{id}/payment-sessions"
DEMO = TEMPLATE.format(id="pay_col_demo")
PUBLISHABLE_KEY = "pk_demo"
_KEY = {"x-publishable-api-key": PUBLISHABLE_KEY}


@dataclass(frozen=True, slots=True)
class Call:
    """A way to call initialize_payment_session."""

    title: str
    statuses: frozenset[int]
    body: Mapping[str, Any] = field(default_factory=lambda: {"provider_id": "pp_system_default"})
    headers: Mapping[str, str] = field(default_factory=lambda: _KEY)
    idempotent: bool = False
    """Whether each call has a new Idempotency-Key."""

    @property
    def is_error(self) -> bool:
        """Return whether the expected response is an error."""
        return min(self.statuses) >= HTTPStatus.BAD_REQUEST


INITIALIZE = Call("initialize_payment_session", frozenset({200}))
IDEMPOTENT = Call("with an idempotency key", frozenset({200}), idempotent=True)
# The contract documents both; Prism returns 422, the mock 400.
INVALID = Call("body breaks the contract", frozenset({400, 422}), body={})
KEYLESS = Call("no publishable key", frozenset({401}), headers={})
CALLS = (INITIALIZE, IDEMPOTENT, INVALID, KEYLESS)
