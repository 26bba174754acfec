"""What `serve` prints: where the server is, what is in the store, and two ways to try it."""

import sys
from collections.abc import Iterable
from itertools import islice

from xclade_store_mock.payments.model import PaymentCollection
from xclade_store_mock.storage import Storage

_SNIPPETS = """
Paste into another terminal, to try it with curl:

curl -X POST {url}/store/payment-collections/{collection}/payment-sessions \\
  -H 'x-publishable-api-key: {key}' \\
  -H 'Content-Type: application/json' \\
  -d '{{"provider_id": "{provider}"}}'

or with the Python client:

{python} - <<'END'
from xclade_store import StoreClient

with StoreClient("{url}", publishable_key="{key}") as store:
    collection = store.initialize_payment_session("{collection}", provider_id="{provider}")
    print(collection.payment_sessions)
END

Press Ctrl+C to stop.
"""

_SHOWN = 5


async def banner(storage: Storage, url: str, *notes: str) -> str:
    """Describe a store that is served at a URL; `notes` are lines more, after the first."""
    settings = await storage.settings()
    carts, cart_count = await storage.carts(_SHOWN)
    collections, collection_count = await storage.collections(_SHOWN)
    keys = [each.token for each in settings.publishable_keys.values() if not each.revoked]
    owed = [f"{each.id} ({each.amount} {each.currency_code})" for each in collections]
    lines = (
        f"Store API    {url}  (reference: {url}/docs)",
        *notes,
        f"Key          {_listed(keys, len(keys))}",
        f"Regions      {_listed(settings.regions, len(settings.regions))}",
        f"Providers    {_listed(settings.payment_providers, len(settings.payment_providers))}",
        f"Carts        {_listed([each.id for each in carts], cart_count)}",
        f"Collections  {_listed(owed, collection_count)}",
    )
    text = "\n".join(lines) + "\n"
    found = await _payable(storage, collections)
    if not keys or found is None:
        return text
    collection, provider = found
    return text + _SNIPPETS.format(
        url=url, key=keys[0], collection=collection, provider=provider, python=sys.executable
    )


async def _payable(
    storage: Storage, collections: Iterable[PaymentCollection]
) -> tuple[str, str] | None:
    """Find a payment collection and a provider that takes it, the manual one if possible."""
    settings = await storage.settings()
    for collection in collections:
        cart = await storage.cart(collection.cart_id or "")
        linked = settings.providers_of(cart.region_id) if cart else []
        installed = [each.id for each in linked if each.installed]
        for provider in sorted(installed, key=lambda each: not each.startswith("pp_system_")):
            return collection.id, provider
    return None


def _listed(names: Iterable[str], count: int) -> str:
    listed = [*islice(names, _SHOWN)]
    more = f" and {count - _SHOWN} more" if count > _SHOWN else ""
    return ", ".join(listed) + more
