"""What `serve` prints: where the server is, what the store contains, and two examples to try."""

import asyncio
import logging
import logging.config
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice

from xclade_store_mock.control.scenarios import CART_ID, COLLECTION_ID, EXAMPLE
from xclade_store_mock.payments.model import PaymentCollection
from xclade_store_mock.serving import Service
from xclade_store_mock.serving.logs import logging_configuration
from xclade_store_mock.storage import Storage
from xclade_store_mock.storage.memory import MemoryStorage

_log = logging.getLogger("xclade_store_mock")

_SNIPPETS = """
Try it from another terminal, with curl:

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
"""
_END = "\nPress Ctrl+C to stop.\n"

_SHOWN = 5


def announce(service: Service, url: str) -> None:
    """Print the banner of a service; with JSON logs, write a log line with its URL instead.

    Raises StorageError.
    """
    logging.config.dictConfig(logging_configuration(service.log_format))
    if service.log_format == "json":
        access = service.access
        console = {} if access is None else {"console": access.logged_console_url(url)}
        _log.info("Serving at %s", url, extra=console)
    else:
        sys.stdout.write(asyncio.run(_describe(service, url)))
        sys.stdout.flush()


async def _describe(service: Service, url: str) -> str:
    notes = _notes(service, url)
    if service.scenario is not None:
        # It replaces the store that the storage still contains.
        store = service.scenario.store(service.store, datetime.now(UTC))
        return await banner(MemoryStorage(store), url, *notes, example=EXAMPLE)
    if service.storage_url is None:
        return await banner(MemoryStorage(service.store), url, *notes)
    # Imported late: not needed to keep the state in memory.
    from xclade_store_mock.storage import opened  # noqa: PLC0415

    async with opened(service.storage_url) as storage:
        return await banner(storage, url, *notes)


def _notes(service: Service, url: str) -> Iterator[str]:
    if service.access is not None:
        yield f"Console      {service.access.console_url(url)}  (control API: {url}/_mock/)"
    else:
        yield "Console      off: it needs a single worker"
    if service.backend is not None:
        yield f"Backend      {service.backend[1]}"
    if service.scenario is not None:
        yield f"Scenario     {service.scenario.name}, with {CART_ID} and {COLLECTION_ID}"
        yield f"Problem      {service.scenario.trouble}"
        yield f"What to do   {service.scenario.remedy}"


async def banner(
    storage: Storage, url: str, *notes: str, example: tuple[str, str] | None = None
) -> str:
    """Describe the store that is served at a URL; `notes` follow the first line.

    `example` is the payment collection and the provider to try, if not any that work.
    """
    settings = await storage.settings()
    carts, cart_count = await storage.carts(_SHOWN)
    collections, collection_count = await storage.collections(_SHOWN)
    keys = [each.token for each in settings.publishable_keys.values() if not each.revoked]
    owed = [f"{each.id} ({each.amount} {each.currency_code})" for each in collections]
    contents = {
        "Key": _listed(keys, len(keys)),
        "Regions": _listed(settings.regions, len(settings.regions)),
        "Providers": _listed(settings.payment_providers, len(settings.payment_providers)),
        "Carts": _listed([each.id for each in carts], cart_count),
        "Collections": _listed(owed, collection_count),
    }
    lines = (
        f"Store API    {url}  (reference: {url}/docs)",
        *notes,
        *(f"{name:13}{listed}" for name, listed in contents.items() if listed),
    )
    text = "\n".join(lines) + "\n"
    found = example or await _payable(storage, collections)
    if not keys or found is None:
        return text + _END
    collection, provider = found
    snippets = _SNIPPETS.format(
        url=url, key=keys[0], collection=collection, provider=provider, python=sys.executable
    )
    return text + snippets + _END


async def _payable(
    storage: Storage, collections: Iterable[PaymentCollection]
) -> tuple[str, str] | None:
    """Return a payment collection and a provider for it, preferably a system provider."""
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
