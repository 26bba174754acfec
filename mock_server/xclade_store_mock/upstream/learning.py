"""What the mock learns of a backend's store: publishable keys, carts and a region's providers.

It learns from the responses to other requests, and asks the backend itself when in doubt.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote

import httpx
import msgspec
from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from xclade_store_mock.errors import UpstreamUnreachable
from xclade_store_mock.payments.model import Cart, PaymentProvider, PublishableKey, Region, Settings
from xclade_store_mock.storage import Storage
from xclade_store_mock.upstream import KEY, NO_CURRENCY
from xclade_store_mock.web import Call, read_header
from xclade_store_mock.web.endpoints import Document, Handler, check_publishable_key

MOST_KNOWN = 1_000
"""How many keys, regions and changes of carts are kept; an older key or region is asked for."""

_REFUSED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class _ProviderPage(Struct):
    payment_providers: list[PaymentProvider]
    count: int = 0


class _CartAnswer(Struct):
    cart: msgspec.Raw


class Backend(Protocol):
    """An ASGI application that stands for a real store."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    def reset(self) -> None:
        """Start again, if the state is its own."""

    async def aclose(self) -> None:
        """Close connections."""


class Learner:
    """Keeps in the mock's storage what a backend's store is known to contain.

    `added_providers` are added to every region.
    """

    def __init__(
        self,
        backend: Backend,
        storage: Storage,
        clock: Callable[[], datetime],
        added_providers: Sequence[str] = (),
    ) -> None:
        self.backend = backend
        self.storage = storage
        self._transport = httpx.ASGITransport(backend)
        self._clock = clock
        self._added = added_providers
        self._asking: dict[Hashable, asyncio.Task[None]] = {}
        self._count = 0
        self._start()

    def forget(self) -> None:
        """Forget everything, because the storage was reset; the backend starts again, too."""
        self.backend.reset()
        self._start()

    def _start(self) -> None:
        self._keys = _Latest()
        self._regions = _Latest()
        self._doubted: set[str] = set()
        self._changed: dict[str, int] = {}
        self._forgotten = 0  # the latest change that is no longer in `_changed`

    @property
    def moment(self) -> int:
        """How many changes of carts have been noticed."""
        return self._count

    async def check_key(self, scope: Scope) -> None:
        """Raise PublishableKeyMissing or PublishableKeyInvalid, asking about an unknown key."""
        key = read_header(scope, KEY)
        if key and not await self._knows_key(key):
            await self._once(("key", key), partial(self._ask_for_key, key))
        await check_publishable_key(self.storage, scope)

    def inform(self, find_handler: Callable[[str], Handler]) -> Callable[[str], Handler]:
        """Return a function that finds handlers which first learn what their operation needs."""

        def find(operation_id: str) -> Handler:
            handler = find_handler(operation_id)

            async def handle(call: Call) -> Document | Response | None:
                await self._prepare(operation_id, call)
                return await handler(call)

            return handle

        return find

    async def learn_key(self, key: str) -> None:
        """Keep a key that the backend accepted; one in the store stays as it is."""
        if not await self._knows_key(key):
            forgotten = self._keys.add(key, is_new=True)
            await self.storage.change_settings(partial(_with_key, key, forgotten))

    async def learn_cart(self, content: bytes | msgspec.Raw, moment: int) -> None:
        """Keep a cart of a response to a request of that moment, if it has all that payments need.

        A response to a request before the latest change is ignored.
        """
        try:
            cart = msgspec.json.decode(content, type=Cart)
        except msgspec.DecodeError:
            return
        if self._changed.get(cart.id, self._forgotten) > moment:
            return
        if cart != await self.storage.cart(cart.id):
            await self.storage.put_cart(cart, self._clock())
        self._doubted.discard(cart.id)

    async def doubt_cart(self, cart_id: str) -> int:
        """Note that a cart may have been changed; return the moment."""
        self._count += 1
        moment = self._count
        self._changed.pop(cart_id, None)
        self._changed[cart_id] = moment
        if len(self._changed) > MOST_KNOWN:
            self._forgotten = self._changed.pop(next(iter(self._changed)))
        self._doubted.add(cart_id)
        if await self.storage.cart(cart_id) is None:
            self._doubted.discard(cart_id)  # an unknown cart is asked for anyway
        return moment

    async def _prepare(self, operation_id: str, call: Call) -> None:
        key = call.header(KEY) or ""
        match operation_id:
            case "list_payment_providers":
                await self._know_region(call.query["region_id"], key, NO_CURRENCY)
            case "create_payment_collection":
                await self._know_cart(call.body["cart_id"], key)
            case "initialize_payment_session":
                collection = await self.storage.collection(call.path["id"])
                if collection.cart_id is not None:
                    cart = await self._know_cart(collection.cart_id, key)
                    if cart is not None:
                        await self._know_region(cart.region_id, key, cart.currency_code)

    async def _knows_key(self, key: str) -> bool:
        return key in (await self.storage.settings()).publishable_keys

    async def _ask_for_key(self, key: str) -> None:
        response = await self._ask(key, "/store/regions", {"limit": "1"})
        # Medusa checks the key before the path, so it has accepted the key of a 404.
        if response.status_code not in _REFUSED:
            await self.learn_key(key)

    async def _know_cart(self, cart_id: str, key: str) -> Cart | None:
        cart = await self.storage.cart(cart_id)
        if cart is not None and cart_id not in self._doubted:
            return cart
        await self._once(("cart", cart_id), partial(self._ask_for_cart, cart_id, key))
        return await self.storage.cart(cart_id)

    async def _ask_for_cart(self, cart_id: str, key: str) -> None:
        moment = self.moment
        path = f"/store/carts/{quote(cart_id, safe='', errors='replace')}"
        answer = _decode(await self._ask(key, path), _CartAnswer)
        if answer is not None:
            await self.learn_cart(answer.cart, moment)

    async def _know_region(self, region_id: str, key: str, currency_code: str) -> None:
        if region_id not in self._regions:
            ask = partial(self._ask_for_providers, region_id, key, currency_code)
            await self._once(("region", region_id), ask)

    async def _ask_for_providers(self, region_id: str, key: str, currency_code: str) -> None:
        providers: list[PaymentProvider] = []
        page: _ProviderPage | None = None
        while page is None or (page.payment_providers and len(providers) < page.count):
            query = {"region_id": region_id, **({"offset": str(len(providers))} if page else {})}
            response = await self._ask(key, "/store/payment-providers", query)
            page = _decode(response, _ProviderPage)
            if page is None:
                return
            providers += page.payment_providers
        region = Region(region_id, currency_code, ())
        is_new = region_id not in (await self.storage.settings()).regions
        forgotten = self._regions.add(region_id, is_new=is_new)
        await self.storage.change_settings(
            lambda settings: _without_region(
                settings.with_region(region, providers, self._added), forgotten
            )
        )

    async def _ask(
        self, key: str, path: str, query: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send a request of the mock's own. Raises UpstreamUnreachable for an unusual status."""
        headers = [(b"accept", b"application/json"), (KEY.encode(), key.encode("latin-1"))]
        request = httpx.Request("GET", f"http://upstream{path}", params=query, headers=headers)
        response = await self._transport.handle_async_request(request)
        await response.aread()
        if not (response.is_success or response.status_code in {*_REFUSED, HTTPStatus.NOT_FOUND}):
            raise UpstreamUnreachable(f"The upstream returned {response.status_code} for {path}.")
        return response

    async def _once(self, question: Hashable, ask: Callable[[], Awaitable[None]]) -> None:
        """Ask a question, or wait for the response if it is being asked already."""
        task = self._asking.get(question)
        if task is None:
            task = self._asking[question] = asyncio.ensure_future(ask())
            task.add_done_callback(partial(self._finish, question))
        # A client that disconnects does not cancel it for the others.
        await asyncio.shield(task)

    def _finish(self, question: Hashable, task: asyncio.Task[None]) -> None:
        del self._asking[question]
        if not task.cancelled():
            task.exception()  # or asyncio would log it, if all who asked have disconnected


class _Latest(dict[str, bool]):
    """The latest keys or regions that were learned, and whether the mock's store had none such."""

    def add(self, id_: str, *, is_new: bool) -> str | None:
        """Add one; return one to remove from the mock's store, if there are too many."""
        self[id_] = is_new
        if len(self) <= MOST_KNOWN:
            return None
        oldest = next(iter(self))
        return oldest if self.pop(oldest) else None


def _with_key(key: str, forgotten: str | None, settings: Settings) -> Settings:
    keys = {**settings.publishable_keys, key: PublishableKey(key)}
    keys.pop(forgotten or "", None)
    return replace(settings, publishable_keys=keys)


def _without_region(settings: Settings, forgotten: str | None) -> Settings:
    regions = {id_: each for id_, each in settings.regions.items() if id_ != forgotten}
    return replace(settings, regions=regions)


def _decode(response: httpx.Response, type_: type[Any]) -> Any:
    """Return the document of a successful response, or None. Raises UpstreamUnreachable."""
    if not response.is_success:
        return None
    try:
        return msgspec.json.decode(response.content, type=type_)
    except msgspec.DecodeError as error:
        raise UpstreamUnreachable(f"The upstream's response is not as expected: {error}") from error
