"""A served store with its control API, and how tests read it."""

from typing import Any, NamedTuple

import httpx
from tests.server.wire import COLLECTIONS, SESSIONS, STRIPE, session_of


class Served(NamedTuple):
    """A served store: its URL, a client with its key, and one of its control API."""

    url: str
    store: httpx.Client
    control: httpx.Client

    def plan_fault(self, **fault: Any) -> str:
        """Plan a fault and return its id."""
        planned = self.control.post("/faults", json=fault).raise_for_status()
        id_: str = planned.json()["id"]
        return id_

    def faults(self) -> Any:
        """Return the faults."""
        return self.control.get("/faults").raise_for_status().json()["faults"]

    def journal(self, **query: Any) -> Any:
        """Return the journal's entries."""
        return self.control.get("/journal", params=query).raise_for_status().json()["entries"]

    def collection(self, id_: str = "pay_col_demo") -> Any:
        """Return a payment collection as the control API shows it."""
        return self.control.get(f"/payment-collections/{id_}").raise_for_status().json()

    def read(self, fields: str) -> Any:
        """Return the demo collection as the Store API shows it."""
        response = self.store.post(
            COLLECTIONS, params={"fields": fields}, json={"cart_id": "cart_demo"}
        )
        return response.raise_for_status().json()["payment_collection"]

    def initialize(self, provider: dict[str, str] = STRIPE) -> Any:
        """Initialize a session of the demo collection and return it."""
        return session_of(self.store.post(SESSIONS, json=provider))
