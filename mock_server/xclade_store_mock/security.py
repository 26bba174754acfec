"""Who may call: the publishable API key, and a customer's token beside it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from connexion.lifecycle import ConnexionRequest
from connexion.security import AbstractSecurityHandler
from starlette.types import Scope

from xclade_store_mock.errors import PublishableKeyInvalid, PublishableKeyMissing
from xclade_store_mock.guard import read_header
from xclade_store_mock.storage import Storage

Verify = Callable[[ConnexionRequest], Awaitable[Mapping[str, Any]]]


async def check_publishable_key(scope: Scope, storage: Storage) -> str:
    """Answer the publishable key; raise PublishableKeyMissing or PublishableKeyInvalid."""
    token = read_header(scope, "x-publishable-api-key")
    if not token:
        raise PublishableKeyMissing
    key = (await storage.settings()).publishable_keys.get(token)
    if key is None or key.revoked:
        raise PublishableKeyInvalid
    return token


class PublishableKeyCheck(AbstractSecurityHandler):
    """Asks the store for the key; a key sent twice is no key."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def get_fn(self, security_scheme: object, required_scopes: object) -> Verify:  # noqa: ARG002 - Connexion's signature
        """Answer the check of a request against the scheme."""

        async def verify(request: ConnexionRequest) -> Mapping[str, Any]:
            return {"sub": await check_publishable_key(request.scope, self._storage)}

        return verify


class CustomerTokenCheck(AbstractSecurityHandler):
    """Takes every token: one that is not known makes a guest, as in the recorded backend."""

    def get_fn(self, security_scheme: object, required_scopes: object) -> Verify:  # noqa: ARG002 - Connexion's signature
        """Answer the check of a request against the scheme."""

        async def verify(request: ConnexionRequest) -> Mapping[str, Any]:  # noqa: ARG001
            return {}

        return verify
