"""Who may call: the publishable API key, and a customer's token beside it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from connexion.lifecycle import ConnexionRequest
from connexion.security import AbstractSecurityHandler

from xclade_store_mock.errors import Unauthorized
from xclade_store_mock.guard import read_header
from xclade_store_mock.storage.memory import MemoryStorage

Verify = Callable[[ConnexionRequest], Awaitable[Mapping[str, Any]]]


class PublishableKeyCheck(AbstractSecurityHandler):
    """Asks the store for the key; a key sent twice is no key."""

    def __init__(self, storage: MemoryStorage) -> None:
        self._storage = storage

    def get_fn(
        self,
        security_scheme: Mapping[str, Any],
        required_scopes: object,  # noqa: ARG002 - Connexion's signature
    ) -> Verify:
        """Answer the check of a request against the scheme."""
        header = security_scheme["name"]

        async def verify(request: ConnexionRequest) -> Mapping[str, Any]:
            token = read_header(request.scope, header) or ""
            key = await self._storage.publishable_key(token)
            if key is None or key.revoked:
                raise Unauthorized
            return {"sub": token}

        return verify


class CustomerTokenCheck(AbstractSecurityHandler):
    """Takes every token: the publishable key has been checked, and a bad token makes a guest.

    Recorded: a backend ignores a customer's token that it does not know.
    """

    def get_fn(self, security_scheme: object, required_scopes: object) -> Verify:  # noqa: ARG002
        """Answer the check of a request against the scheme."""

        async def verify(request: ConnexionRequest) -> Mapping[str, Any]:  # noqa: ARG001
            return {}

        return verify
