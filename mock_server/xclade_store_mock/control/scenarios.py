"""Scenarios: troubles that storefronts really had, ready to be played.

They are written into docs/mock-server.md by scripts/generate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from xclade_store_mock.control.control import Control, ControlClock
from xclade_store_mock.control.errors import ScenarioNotFound
from xclade_store_mock.control.faults import Break, FaultPlan, Moment
from xclade_store_mock.payments.idempotency import LIFETIME
from xclade_store_mock.payments.model import (
    Cart,
    PaymentCollection,
    PaymentProvider,
    Region,
    Settings,
    Store,
)
from xclade_store_mock.storage import Storage

REGION_ID = "reg_scenario"
CART_ID = "cart_scenario"
COLLECTION_ID = "pay_col_scenario"

_SYSTEM = "pp_system_default"
_STRIPE = "pp_stripe_stripe"
_TOTAL = Decimal("25.5")
_DEARER = Decimal(40)
_LATE = 10_000  # milliseconds: time for a person to tap again


@dataclass(frozen=True, slots=True)
class Scenario:
    """A trouble, and what a storefront should do about it; both texts are Markdown.

    `plan` makes the fault that brings the trouble, where the store alone does not.
    """

    name: str
    trouble: str
    remedy: str
    total: Decimal = _TOTAL
    plan: Callable[[Storage, ControlClock], FaultPlan] | None = None

    async def start(self, control: Control) -> None:
        """Reset the control's store, and start the scenario there."""
        await control.restart(self.store(control.store, control.clock()), self.name)
        if self.plan is not None:
            control.faults.plan(self.plan(control.storage, control.clock))

    @property
    def cast(self) -> str:
        """Name what it is played with."""
        return f"{CART_ID} and {COLLECTION_ID}"

    def store(self, store: Store, now: datetime) -> Store:
        """Answer the store with the region, the cart and the collection that it is played with.

        Everything else is as it was, so that the storefront's own key works.
        """
        cart = Cart(CART_ID, REGION_ID, "usd", self.total)
        collection = PaymentCollection(COLLECTION_ID, CART_ID, "usd", self.total, now, now)
        return Store(
            _with_region(store.settings, (_SYSTEM, _STRIPE)),
            carts={**store.carts, CART_ID: cart},
            payment_collections={**store.payment_collections, COLLECTION_ID: collection},
        )


def _with_region(settings: Settings, provider_ids: tuple[str, ...]) -> Settings:
    providers = {each: PaymentProvider(each) for each in provider_ids}
    region = Region(REGION_ID, "usd", provider_ids)
    return replace(
        settings,
        payment_providers={**settings.payment_providers, **providers},
        regions={**settings.regions, REGION_ID: region},
    )


def _answer_late(_: Storage, __: ControlClock) -> FaultPlan:
    return FaultPlan(payment_collection_id=COLLECTION_ID, when=Moment.AFTER, delay=_LATE)


def _lose_answer(_: Storage, __: ControlClock) -> FaultPlan:
    return FaultPlan(payment_collection_id=COLLECTION_ID, when=Moment.AFTER, broken=Break.DROPPED)


def _change_cart(storage: Storage, clock: ControlClock) -> FaultPlan:
    async def change() -> None:
        await storage.put_cart(Cart(CART_ID, REGION_ID, "usd", _DEARER), clock())

    return FaultPlan(
        payment_collection_id=COLLECTION_ID, then=change, note=f"The cart costs {_DEARER} then."
    )


def _remove_provider(storage: Storage, _: ControlClock) -> FaultPlan:
    async def remove() -> None:
        await storage.change_settings(lambda settings: _with_region(settings, (_SYSTEM,)))

    return FaultPlan(
        operation_id="list_payment_providers",
        then=remove,
        note="The region has no Stripe then.",
    )


def _let_day_pass(_: Storage, clock: ControlClock) -> FaultPlan:
    async def pass_day() -> None:
        clock.advance(LIFETIME)

    return FaultPlan(
        payment_collection_id=COLLECTION_ID, then=pass_day, note="A day has passed then."
    )


SCENARIOS = (
    Scenario(
        "double-tap",
        f"The customer taps *Pay* twice. The first answer is held for {_LATE // 1000} seconds: it"
        " comes last, with a session that the second tap has replaced.",
        "Use one idempotency key for one attempt to pay: both taps get the same session.",
        plan=_answer_late,
    ),
    Scenario(
        "stale-collection",
        "While the customer fills in the payment form, the cart changes in another tab: the amount"
        " is another, and the session is gone.",
        "Create the payment collection again before the customer confirms; if its amount or its"
        " session is not what was shown, show the new amount and initialize again.",
        plan=_change_cart,
    ),
    Scenario(
        "zero-amount",
        "A voucher pays for the whole cart: its total is 0, which Stripe refuses.",
        "Initialize `pp_system_default` when there is nothing to pay.",
        total=Decimal(0),
    ),
    Scenario(
        "provider-removed",
        "Stripe is removed from the region just after the storefront has listed its providers.",
        "When initializing is answered 400, list the providers again and let the customer choose.",
        plan=_remove_provider,
    ),
    Scenario(
        "expired-key",
        "The storefront tries again a day later with the same idempotency key, which has expired:"
        " a new session replaces the one that the customer may have paid.",
        "Create the payment collection again first, and go on with the session that it has.",
        plan=_let_day_pass,
    ),
    Scenario(
        "lost-answer",
        "The session is initialized, but the connection breaks before its answer arrives. Trying"
        " again makes a second session.",
        "Try again with the same idempotency key, as `StoreClient` does by itself: the answer is"
        " the first session.",
        plan=_lose_answer,
    ),
)


def find_scenario(name: str) -> Scenario:
    """Find a scenario by its name. Raises ScenarioNotFound."""
    for scenario in SCENARIOS:
        if scenario.name == name:
            return scenario
    raise ScenarioNotFound(name)


def render() -> str:
    """Write what docs/mock-server.md tells of the scenarios."""
    providers = " and ".join(f"`{each}`" for each in (_SYSTEM, _STRIPE))
    cast = (
        f"They are played with the cart `{CART_ID}` and its collection `{COLLECTION_ID}`, over\n"
        f"{_TOTAL} usd if nothing else is told, in the region `{REGION_ID}`, which has\n"
        f"{providers}.\n"
    )
    head = (("scenario", "trouble", "what to do"), ("---",) * 3)
    named = ((f"`{each.name}`", each.trouble, each.remedy) for each in SCENARIOS)
    return cast + "\n" + "".join(f"| {' | '.join(row)} |\n" for row in (*head, *named))
