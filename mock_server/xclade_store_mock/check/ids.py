"""The ids that calls are made with, and the calls: what is in the contract's own examples."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from xclade_store_mock.check.exchange import Call

LIST = "list_payment_providers"
CREATE = "create_payment_collection"
INITIALIZE = "initialize_payment_session"
OPERATIONS = (LIST, CREATE, INITIALIZE)

NOBODYS = "of_nobody_in_this_store"
"""An id that nothing has."""

_COLLECTIONS = "/store/payment-collections"


@dataclass(frozen=True, slots=True)
class Ids:
    """What exists in the backend's store; None where nothing is known to."""

    region: str | None = None
    cart: str | None = None
    collection: str | None = None
    provider: str | None = None

    @property
    def tested(self) -> tuple[str, ...]:
        """The operations that can be called with success."""
        known = {
            LIST: self.region,
            CREATE: self.cart,
            INITIALIZE: self.collection and self.provider,
        }
        return tuple(operation for operation in OPERATIONS if known[operation])

    def any_call(self) -> Call:
        """Make a call of the first operation that is tested."""
        if LIST in self.tested:
            return self.list_providers()
        return self.create_collection() if CREATE in self.tested else self.initialize_session()

    def list_providers(self, **query: str) -> Call:
        """List the region's payment providers."""
        region = {"region_id": self.region or NOBODYS}
        return Call(LIST, "GET", "/store/payment-providers", region | query)

    def create_collection(self, cart: str | None = None) -> Call:
        """Create the payment collection of the cart, or of another one."""
        return Call(CREATE, "POST", _COLLECTIONS, content=_json({"cart_id": cart or self.cart}))

    def initialize_session(
        self, data: Mapping[str, Any] | None = None, collection: str | None = None
    ) -> Call:
        """Initialize a session of the provider for the collection, or for another one."""
        path = f"{_COLLECTIONS}/{quote(collection or self.collection or '', safe='')}"
        body = {"provider_id": self.provider} | ({} if data is None else {"data": data})
        return Call(INITIALIZE, "POST", f"{path}/payment-sessions", content=_json(body))


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode()
