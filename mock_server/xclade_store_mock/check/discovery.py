"""The first calls: is this a Store API, does it accept the key, and which ids can be tested with.

Calls use only ids that were given or found here, and bodies as in the contract's own examples.
"""

from dataclasses import dataclass, field, replace

from xclade_store_mock.check.backend import Backend
from xclade_store_mock.check.calls import (
    CREATE,
    INITIALIZE,
    LIST,
    MANUAL_PROVIDER,
    PROVIDERS,
    Ids,
    Interaction,
    Request,
    Response,
)
from xclade_store_mock.check.target import CannotCheck

_SHOWN = 200


@dataclass(slots=True)
class Discovery:
    """What the first calls found.

    `not_tested` maps what cannot be tested to the reason. `collections` are all that are known;
    those in `free_collections` have an amount of 0.
    """

    backend: Backend
    ids: Ids
    not_tested: dict[str, str] = field(default_factory=dict)
    interactions: list[Interaction] = field(default_factory=list)
    collections: set[str] = field(default_factory=set)
    free_collections: set[str] = field(default_factory=set)

    def find_provider(self, response: Response) -> None:
        """Choose a provider out of those that are listed."""
        providers = response.member("payment_providers")
        if self.ids.region is None:
            self.not_tested[LIST] = "needs a region, --region-id"
        elif providers == []:
            raise CannotCheck(
                f"the backend lists no payment provider for the region {self.ids.region}:"
                " is its id right?"
            )
        members = providers if isinstance(providers, list) else []
        ids = [each.get("id") for each in members if isinstance(each, dict)]
        listed = [each for each in ids if isinstance(each, str)]
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
            self.not_tested[CREATE] = "needs a cart, --cart-id"
        else:
            created = self.send(self.ids.create_collection()).member("payment_collection")
            found = created.get("id") if isinstance(created, dict) else None
            if isinstance(found, str) and found:
                self.ids = replace(self.ids, collection=self.ids.collection or found)
                self.collections.add(found)
                if created.get("amount") == 0:
                    self.free_collections.add(found)
        if self.ids.collection:
            self.collections.add(self.ids.collection)
        else:
            self.not_tested[INITIALIZE] = (
                "needs a payment collection, --collection-id, or --cart-id"
            )
        if not {CREATE, INITIALIZE} <= {*self.ids.tested}:
            self.not_tested[f"the link from {CREATE} to {INITIALIZE}"] = "needs both"

    def send(self, request: Request) -> Response:
        """Send a request; raise CannotCheck if there is no response, or it refuses the ids."""
        interaction = self.backend.send(request)
        self.interactions.append(interaction)
        response = interaction.response
        if response is None:
            raise CannotCheck(f"{self.backend.url}: {interaction.error}")
        if request.operation != LIST and response.status in {400, 404, 422}:
            raise CannotCheck(
                f"the backend refuses {request.method} {request.path} with"
                f" {request.content.decode()}: {_summarize(response).rstrip('.')}."
                " Are the ids right?"
            )
        return response


def discover(backend: Backend, given: Ids) -> Discovery:
    """Find the ids that were not given.

    Raises:
        CannotCheck: If this is not a Store API, or it refuses the key or an id.
    """
    discovery = Discovery(backend, given)
    providers = discovery.send(given.list_providers())
    _require_store_api(backend.url, providers)
    discovery.find_provider(providers)
    discovery.find_collection()
    if INITIALIZE in discovery.ids.tested:
        discovery.send(discovery.ids.initialize_session())
    if not discovery.ids.tested:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in discovery.not_tested.items())
        raise CannotCheck(f"there is nothing to test: {reasons}")
    return discovery


def _require_store_api(url: str, response: Response) -> None:
    summary, status = _summarize(response), response.status
    if status in range(300, 400):
        target = response.headers.get("location", "nowhere")
        message = f"{url} redirects to {target}, which is not followed: check that URL instead"
    elif status in {502, 503, 504}:
        message = f"{url}: a gateway responds, not the backend: {summary}"
    elif status in {401, 403} or (status, response.member("type")) == (400, "not_allowed"):
        message = f"{url} refuses the publishable key: {summary}"
    elif status in {404, 405} or (status in range(500) and not isinstance(response.document, dict)):
        message = (
            f"{url} is not a Store API: GET {PROVIDERS} returns {status} {response.media_type}"
        )
        if url.endswith("/store"):
            message += "; give the URL without /store"
    else:
        return
    raise CannotCheck(message)


def _summarize(response: Response) -> str:
    message = response.member("message")
    if message is not None:
        return f"{response.status} {response.member('type')}: {message}"
    return f"{response.status} {response.body[:_SHOWN].decode(errors='replace').strip()}"
