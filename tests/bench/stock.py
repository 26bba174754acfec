"""The same operation on plain Connexion: its own middleware and validation."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

import yaml
from connexion import AsyncApp
from connexion.exceptions import BadRequestProblem
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from connexion.resolver import Resolver
from tests.bench.calls import CONTRACT, PUBLISHABLE_KEY

from xclade_store_mock import jsontext
from xclade_store_mock.app import new_ulid, utc_now
from xclade_store_mock.payments.documents import (
    COLLECTION,
    collection_document,
    default_document,
    pick,
    select,
)
from xclade_store_mock.payments.model import Store
from xclade_store_mock.payments.providers import find_provider, installed_providers
from xclade_store_mock.payments.rules import initialize_session, require_enabled
from xclade_store_mock.storage.memory import MemoryStorage


class Operations:
    """The measured operation, which Connexion calls with parameters and body by name."""

    def __init__(self, store: Store) -> None:
        self._storage = MemoryStorage(store)
        self._providers = installed_providers()

    async def initialize_payment_session(
        self, id_: str, body: Mapping[str, Any], fields: str | None = None
    ) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Return the payment collection with a new session."""
        provider_id = body["provider_id"]
        async with self._storage.hold(id_) as held:
            if held.cart:
                require_enabled(provider_id, held.settings.regions[held.cart.region_id])
            collection = await initialize_session(
                held.collection,
                find_provider(self._providers, provider_id),
                provider_id=provider_id,
                data=body.get("data", {}),
                context={},
                session_id=new_ulid("payses_"),
                now=utc_now(),
            )
            await held.keep(collection)
        document = default_document(collection)
        if fields is not None:
            document = pick(collection_document(collection), select(fields, COLLECTION))
        return {"payment_collection": document}, 200, {"Content-Type": "application/json"}


async def check_key(token: str) -> dict[str, str] | None:
    """Return the owner of a key, or None; the contract names this function for Connexion."""
    return {"sub": token} if token == PUBLISHABLE_KEY else None


async def check_customer(token: str) -> dict[str, str]:
    """Accept any token."""
    return {"sub": token}


def make_app(store: Store) -> AsyncApp:
    """Return the application; operations that are not measured return 501."""
    contract = yaml.safe_load(CONTRACT.read_text("utf-8"))
    schemes = contract["components"]["securitySchemes"]
    schemes["publishableKey"]["x-apikeyInfoFunc"] = f"{__name__}.{check_key.__name__}"
    schemes["customerToken"]["x-bearerInfoFunc"] = f"{__name__}.{check_customer.__name__}"
    app = AsyncApp(__name__, pythonic_params=True, validate_responses=True)
    resolver = Resolver(partial(getattr, Operations(store)))
    app.add_api(contract, resolver=resolver, resolver_error=HTTPStatus.NOT_IMPLEMENTED)
    app.add_error_handler(HTTPStatus.UNAUTHORIZED, _unauthorized)
    app.add_error_handler(BadRequestProblem, _invalid)
    return app


async def _unauthorized(_: ConnexionRequest, __: Exception) -> ConnexionResponse:
    return ConnexionResponse(401, content_type="text/plain", body="Unauthorized")


async def _invalid(_: ConnexionRequest, error: BadRequestProblem) -> ConnexionResponse:
    body = jsontext.write({"type": "invalid_data", "message": error.detail})
    return ConnexionResponse(400, content_type="application/json", body=body)
