"""A store that can be steered, and how a test reads what it says."""

from typing import Any, NamedTuple

import httpx
from tests.server.wire import COLLECTIONS, SESSIONS, STRIPE, session_of

PATIENCE = 60
"""How many seconds to wait for what should happen at once, on a machine that has much to do."""


class Served(NamedTuple):
    """A served store: its URL, a client with its key, and one of its control API."""

    url: str
    store: httpx.Client
    control: httpx.Client

    def plan_fault(self, **fault: Any) -> str:
        """Plan a fault; answer its id."""
        planned = self.control.post("/faults", json=fault).raise_for_status()
        id_: str = planned.json()["id"]
        return id_

    def faults(self) -> Any:
        """Read the faults."""
        return self.control.get("/faults").raise_for_status().json()["faults"]

    def journal(self, **query: Any) -> Any:
        """Read the journal's entries."""
        return self.control.get("/journal", params=query).raise_for_status().json()["entries"]

    def collection(self, id_: str = "pay_col_demo") -> Any:
        """Read a payment collection by the control API."""
        return self.control.get(f"/payment-collections/{id_}").raise_for_status().json()

    def read(self, fields: str) -> Any:
        """Read the demo collection by the Store API."""
        response = self.store.post(
            COLLECTIONS, params={"fields": fields}, json={"cart_id": "cart_demo"}
        )
        return response.raise_for_status().json()["payment_collection"]

    def initialize(self, provider: dict[str, str] = STRIPE) -> Any:
        """Initialize a session of the demo collection; answer the session."""
        return session_of(self.store.post(SESSIONS, json=provider))
