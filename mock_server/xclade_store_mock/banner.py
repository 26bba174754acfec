"""What `serve` prints: where the server is, what is in the store, and two ways to try it."""

from collections.abc import Iterable

from xclade_store_mock.store import Store

_SNIPPETS = """
Try it with curl:

  curl -X POST {url}/store/payment-collections/{collection}/payment-sessions \\
    -H 'x-publishable-api-key: {key}' \\
    -H 'Content-Type: application/json' \\
    -d '{{"provider_id": "{provider}"}}'

or with Python:

  from xclade_store import StoreClient

  with StoreClient("{url}", publishable_key="{key}") as store:
      collection = store.initialize_payment_session("{collection}", provider_id="{provider}")
      print(collection.payment_sessions)

Press Ctrl+C to stop.
"""

_SHOWN = 5


def banner(store: Store, url: str) -> str:
    """Describe a store that is served at a URL."""
    keys = [each.token for each in store.publishable_keys.values() if not each.revoked]
    collections = [
        f"{each.id} ({each.amount} {each.currency_code})"
        for each in store.payment_collections.values()
    ]
    lines = (
        f"Store API    {url}  (reference: {url}/docs)",
        f"Key          {_listed(keys)}",
        f"Regions      {_listed(store.regions)}",
        f"Providers    {_listed(store.payment_providers)}",
        f"Carts        {_listed(store.carts)}",
        f"Collections  {_listed(collections)}",
    )
    text = "\n".join(lines) + "\n"
    if not (keys and store.payment_collections and store.payment_providers):
        return text
    return text + _SNIPPETS.format(
        url=url,
        key=keys[0],
        collection=next(iter(store.payment_collections)),
        provider=next(iter(store.payment_providers)),
    )


def _listed(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
