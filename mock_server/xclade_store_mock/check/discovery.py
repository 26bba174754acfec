"""The first calls: is this a Store API, does it accept the key, and which ids can be tested with.

Calls use only ids that were given or found here, and bodies as in the contract's own examples.
"""

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlsplit

from xclade_store_mock import errors
from xclade_store_mock.check.backend import Backend
from xclade_store_mock.check.calls import (
    CREATE,
    INITIALIZE,
    LIST,
    MANUAL_PROVIDER,
    PROVIDERS,
    UNKNOWN_ID,
    Ids,
    Interaction,
    Request,
    Response,
)
from xclade_store_mock.check.target import AUTHORIZATION, CannotCheck
from xclade_store_mock.dialects import DIALECTS, MEDUSA
from xclade_store_mock.web.dialect import Reply

_CARTS = "/store/carts"
_SHOWN = 200
_MOST_REGIONS = 10

_LOGIN = re.compile(r"log-?in|sign-?in|sso|oauth", re.IGNORECASE)
_TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{0,200})", re.IGNORECASE)
_PASSWORD = re.compile(r"""type=["']?password""", re.IGNORECASE)
_CREDENTIALS = "pass user:password@ in the URL, or a header that lets you in with -H 'Name: value'"
_READ = 20_000


@dataclass(slots=True)
class Discovery:
    """What the first calls found.

    `not_tested` maps what cannot be tested to the reason. `collections` are all that exist; those
    in `free_collections` have an amount of 0. `refused` is the call that the provider refused.
    """

    backend: Backend
    ids: Ids
    not_tested: dict[str, str] = field(default_factory=dict)
    interactions: list[Interaction] = field(default_factory=list)
    collections: set[str] = field(default_factory=set)
    free_collections: set[str] = field(default_factory=set)
    refused: Interaction | None = None

    def find_ids(self) -> None:
        """Find a region and a cart that were not given, as far as the backend lists them.

        The mock lists both in its control API, other backends their regions in the Store API. A
        given cart is read, too: its total shows whether amounts are right.
        """
        given = self.ids
        carts = self._list("/_mock/carts", "carts")
        if given.cart and not carts:
            carts = self._list(f"{_CARTS}/{quote(given.cart, safe='')}", "cart")
        for cart in carts:
            known = Ids(region=_text(cart, "region_id"), cart=_text(cart, "id"))
            if given.region in {None, known.region} and given.cart in {None, known.cart}:
                self.ids = replace(given, region=known.region, cart=known.cart)
                return
        if given.region is None:
            self._choose_region()

    def create_cart(self) -> None:
        """Create a cart in the region; raise CannotCheck if that fails."""
        if self.ids.region is None:
            raise CannotCheck("--create-cart needs a region, --region-id")
        content = json.dumps({"region_id": self.ids.region}).encode()
        call = self._send_other(Request("", "POST", _CARTS, content=content))
        cart = call.response.member("cart") if call.response else None
        self.ids = replace(self.ids, cart=_text(cart, "id"))
        if self.ids.cart is None:
            result = _summarize(call.response) if call.response else call.error
            message = f"cannot create a cart: POST {_CARTS} with {content.decode()}: {result}"
            raise CannotCheck(message)

    def _choose_region(self) -> None:
        """Choose the first region with the manual provider, or else the first."""
        regions = self._list("/_mock/state", "regions") or self._list("/store/regions", "regions")
        ids = [each for each in (_text(region, "id") for region in regions) if each]
        for region in ids[:_MOST_REGIONS]:
            found = replace(self.ids, region=region)
            listed = self.send(found.list_providers()).member("payment_providers")
            if any(each.startswith(MANUAL_PROVIDER) for each in _ids(listed)):
                self.ids = found
                return
        self.ids = replace(self.ids, region=next(iter(ids), None))

    def _list(self, path: str, member: str) -> list[Any]:
        """Return what the backend has at a path outside the contract; nothing if it lacks that."""
        response = self._send_other(Request("", "GET", path)).response
        found = response.member(member) if response is not None else None
        return found if isinstance(found, list) else [found] if found else []

    def _send_other(self, request: Request) -> Interaction:
        """Send a request outside the contract."""
        interaction = self.backend.send(request)
        self.interactions.append(interaction)
        return interaction

    def find_provider(self, response: Response) -> None:
        """Choose a provider out of those that are listed."""
        providers = response.member("payment_providers")
        if self.ids.region is None:
            self.not_tested[LIST] = "needs a region, --region-id"
        elif providers == []:
            message = (
                f"the backend lists no payment provider for the region {self.ids.region}:"
                " is its id right?"
            )
            raise CannotCheck(message)
        listed = _ids(providers)
        # Any other provider may be a third party, where each session costs or counts.
        manual = (each for each in listed if each.startswith(MANUAL_PROVIDER))
        self.ids = replace(self.ids, provider=self.ids.provider or next(manual, None))
        if self.ids.provider is None:
            self.not_tested[INITIALIZE] = (
                f"needs a provider, --provider-id; the region has {', '.join(listed)}"
                if listed
                else "needs a provider, --provider-id, or a region with the manual one, --region-id"
            )

    def find_collection(self) -> None:
        """Create the cart's payment collection, and choose one for payment sessions."""
        if self.ids.cart is None:
            self.not_tested[CREATE] = "needs a cart, --cart-id or --create-cart"
        else:
            created = self.send(self.ids.create_collection()).member("payment_collection")
            if found := _text(created, "id"):
                self.ids = replace(self.ids, collection=self.ids.collection or found)
                self.collections.add(found)
                if created.get("amount") == 0:
                    self.free_collections.add(found)
        if not self.ids.collection:
            self.not_tested[INITIALIZE] = (
                "needs a payment collection, --collection-id, or --cart-id"
            )

    def try_provider(self) -> None:
        """Initialize a session; if the provider refuses, sessions are not tested."""
        response = self.send(self.ids.initialize_session())
        if _is_provider_refusal(response):
            self.refused = self.interactions.pop()
            if self.ids.collection not in self.collections:
                self._require_collection(self.refused, response)
            self.not_tested[INITIALIZE] = (
                f"the provider {self.ids.provider} refuses, or is not installed:"
                f" {_summarize(response)}"
            )
            self.ids = replace(self.ids, provider=None)
        elif self.ids.collection:
            self.collections.add(self.ids.collection)

    def _require_collection(self, call: Interaction, response: Response) -> None:
        """Raise CannotCheck if the collection may be unknown, of which Medusa says no more.

        It also refuses a provider that nobody knows, but in other words if it knows the collection.
        """
        if _is(response, MEDUSA.replies[errors.CollectionNotFound]):
            unknown = replace(self.ids, provider=UNKNOWN_ID)
            again = self.backend.send(unknown.initialize_session()).response
            if again is None or _is_provider_refusal(again):
                raise _refusal(call, response)

    def send(self, request: Request) -> Response:
        """Send a request; raise CannotCheck if there is no response, or it refuses the ids."""
        interaction = self.backend.send(request)
        self.interactions.append(interaction)
        response = interaction.response
        if response is None:
            raise CannotCheck(f"{self.backend.url}: {interaction.error}")
        is_refused = response.status in {400, 404, 422} and not _is_provider_refusal(response)
        if request.operation != LIST and is_refused:
            raise _refusal(interaction, response)
        return response


def discover(backend: Backend, given: Ids, *, create_cart: bool = False) -> Discovery:
    """Find the ids that were not given.

    Raises:
        CannotCheck: If this is not a Store API, or it refuses the key or an id.
    """
    discovery = Discovery(backend, given)
    providers = discovery.send(given.list_providers())
    _require_store_api(backend, providers)
    discovery.find_ids()
    if create_cart:
        discovery.create_cart()
    if discovery.ids.region != given.region:
        providers = discovery.send(discovery.ids.list_providers())
    discovery.find_provider(providers)
    discovery.find_collection()
    if INITIALIZE in discovery.ids.tested:
        discovery.try_provider()
    if not discovery.ids.tested:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in discovery.not_tested.items())
        raise CannotCheck(f"there is nothing to test: {reasons}")
    if not {CREATE, INITIALIZE} <= {*discovery.ids.tested}:
        discovery.not_tested[f"the link from {CREATE} to {INITIALIZE}"] = "needs both"
    return discovery


def _refusal(call: Interaction, response: Response) -> CannotCheck:
    return CannotCheck(
        f"the backend refuses {call.method} {urlsplit(call.url).path} with {call.body.decode()}:"
        f" {_summarize(response).rstrip('.')}. Are the ids right?"
    )


def _is_provider_refusal(response: Response) -> bool:
    """Return whether a provider may have refused: that is a reply of one of the dialects."""
    replies = (dialect.replies[errors.ProviderRefused] for dialect in DIALECTS.values())
    return any(_is(response, reply) for reply in replies)


def _is(response: Response, reply: Reply) -> bool:
    found = response.status, response.member("type"), response.member("code")
    return found == (reply.status, reply.type, reply.code)


def _text(value: Any, member: str) -> str | None:
    """Return a member of a JSON object if it is a text that is not empty."""
    found = value.get(member) if isinstance(value, dict) else None
    return found if isinstance(found, str) and found else None


def _ids(values: Any) -> list[str]:
    """Return the ids of what a response lists."""
    listed = (_text(each, "id") for each in (values if isinstance(values, list) else ()))
    return [each for each in listed if each]


def _require_store_api(backend: Backend, response: Response) -> None:
    """Raise CannotCheck if a response is not one of the Store API to an accepted key."""
    url, status, summary = backend.url, response.status, _summarize(response)
    document = response.document
    if (barrier := _find_barrier(backend, response)) is not None:
        message = f"{url}: {barrier}"
    elif status in range(300, 400):
        target = response.headers.get("location", "nowhere")
        message = f"{url} redirects to {target}, which is not followed: check that URL instead"
    elif status in {502, 503, 504}:
        message = f"{url}: a gateway responds, not the backend: {summary}"
    elif status in {401, 403} or (status, response.member("type")) == (400, "not_allowed"):
        message = f"{url} refuses the publishable key: {summary}"
    elif status in {404, 405} or (status in range(500) and not isinstance(document, dict)):
        message = (
            f"{url} is not a Store API: GET {PROVIDERS} returns {status} {response.media_type}"
        )
        if url.endswith("/store"):
            message += "; give the URL without /store"
    else:
        return
    raise CannotCheck(message)


def _find_barrier(backend: Backend, response: Response) -> str | None:
    """Return what stands in front of the backend and wants a login; None if nothing does."""
    status, location = response.status, response.headers.get("location", "")
    challenge = response.headers.get("www-authenticate")
    text = response.body[:_READ].decode(errors="replace")
    is_page = "html" in response.media_type
    title = " ".join(found[1].split()) if is_page and (found := _TITLE.search(text)) else ""
    if status == 407:  # noqa: PLR2004 - Proxy Authentication Required
        return "the proxy requires a login: put user:password@ into its URL in the environment"
    if status in range(300, 400) and _LOGIN.search(location):
        what = f"redirects to {location}, a login page"
    elif status == 401 and challenge is not None:  # noqa: PLR2004 - Unauthorized
        what = f"requires a login ({status}, WWW-Authenticate: {challenge})"
    elif is_page and (_LOGIN.search(title) or _PASSWORD.search(text)):
        what = f"shows a login page ({status} {title!r})"
    elif is_page and status in {401, 403}:
        what = f"refuses the call with a page ({status} {title!r})"
    else:
        return None
    is_given = AUTHORIZATION in backend.given_headers
    advice = "are the user name and password right?" if is_given else _CREDENTIALS
    return f"something in front of the backend {what}: {advice}"


def _summarize(response: Response) -> str:
    message = response.member("message")
    if message is not None:
        return f"{response.status} {response.member('type')}: {message}"
    return f"{response.status} {response.body[:_SHOWN].decode(errors='replace').strip()}"
