"""What `serve` prints: where the server is, what is in the store, and two ways to try it."""

import sys
from collections.abc import Iterable

from xclade_store_mock.store import Store

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


def banner(store: Store, url: str) -> str:
    """Describe a store that is served at a URL."""
    keys = [each.token for each in store.settings.publishable_keys.values() if not each.revoked]
    collections = [
        f"{each.id} ({each.amount} {each.currency_code})"
        for each in store.payment_collections.values()
    ]
    lines = (
        f"Store API    {url}  (reference: {url}/docs)",
        f"Key          {_listed(keys)}",
        f"Regions      {_listed(store.settings.regions)}",
        f"Providers    {_listed(store.settings.payment_providers)}",
        f"Carts        {_listed(store.carts)}",
        f"Collections  {_listed(collections)}",
    )
    text = "\n".join(lines) + "\n"
    found = _payable(store)
    if not keys or found is None:
        return text
    collection, provider = found
    return text + _SNIPPETS.format(
        url=url, key=keys[0], collection=collection, provider=provider, python=sys.executable
    )


def _payable(store: Store) -> tuple[str, str] | None:
    """Find a payment collection and a provider that takes it, the manual one if possible."""
    for collection in store.payment_collections.values():
        cart = store.carts.get(collection.cart_id or "")
        linked = store.settings.regions[cart.region_id].payment_providers if cart else ()
        installed = [each for each in linked if store.settings.payment_providers[each].installed]
        for provider in sorted(installed, key=lambda each: not each.startswith("pp_system_")):
            return collection.id, provider
    return None


def _listed(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
