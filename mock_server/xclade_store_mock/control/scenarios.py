"""Scenarios: problems that real storefronts had, ready to be reproduced.

They are described in scenarios.yaml; scripts/generate writes them into docs/failures.md.
"""

from datetime import datetime
from decimal import Decimal
from functools import partial
from importlib import resources

import msgspec
from msgspec.structs import replace

from xclade_store_mock.control.control import Control
from xclade_store_mock.control.errors import NotFound
from xclade_store_mock.control.faults import FaultPlan
from xclade_store_mock.control.outcomes import Outcome
from xclade_store_mock.payments import model
from xclade_store_mock.payments.idempotency import LIFETIME
from xclade_store_mock.web.endpoints import Document

REGION_ID = "reg_scenario"
CART_ID = "cart_scenario"
COLLECTION_ID = "pay_col_scenario"

SYSTEM = "pp_system_default"
STRIPE = "pp_stripe_stripe"
EXAMPLE = (COLLECTION_ID, STRIPE)
"""The payment collection and the provider with which a session meets the problem."""

TOTAL = Decimal("25.5")
_NEW_TOTAL = Decimal(40)


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A problem, and what a storefront should do about it.

    `plan` is the fault that causes the problem, unless the store alone does. Where initializations
    have no lock, as in Medusa, it is `slow`, the outcome of a provider's next calls.
    """

    name: str
    trouble: str
    remedy: str
    total: Decimal = TOTAL
    plan: FaultPlan | None = None
    then: str | None = None
    slow: Outcome | None = None

    async def start(self, control: Control) -> None:
        """Reset the store, add what the scenario needs, and plan its fault."""
        await control.restart(self.store(control.store, control.clock()), self.name)
        if self.slow is not None and not control.has_locks:
            for provider_id in (SYSTEM, STRIPE):
                control.outcomes.plan(provider_id, self.slow)
        elif self.plan is not None:
            then = partial(_STEPS[self.then], control) if self.then else None
            control.plan_fault(replace(self.plan, then=then))

    def store(self, store: model.Store, now: datetime) -> model.Store:
        """Return the store with the scenario's region, cart and collection added.

        Everything else stays, so that the storefront's own key works.
        """
        cart = model.Cart(CART_ID, REGION_ID, "usd", self.total)
        collection = model.PaymentCollection(COLLECTION_ID, CART_ID, "usd", self.total, now, now)
        return model.Store(
            _with_region(store.settings, (STRIPE, SYSTEM)),
            carts={**store.carts, CART_ID: cart},
            payment_collections={**store.payment_collections, COLLECTION_ID: collection},
        )

    def document(self, current: str | None) -> Document:
        """Return the scenario as JSON; `current` is the name of the one that is on."""
        return {
            "name": self.name,
            "trouble": self.trouble,
            "remedy": self.remedy,
            "cart_id": CART_ID,
            "payment_collection_id": COLLECTION_ID,
            "region_id": REGION_ID,
            "is_on": self.name == current,
        }


def _with_region(settings: model.Settings, provider_ids: tuple[str, ...]) -> model.Settings:
    providers = {each: model.PaymentProvider(each) for each in provider_ids}
    region = model.Region(REGION_ID, "usd", provider_ids)
    return replace(
        settings,
        payment_providers={**settings.payment_providers, **providers},
        regions={**settings.regions, REGION_ID: region},
    )


async def _change_cart(control: Control) -> None:
    await control.put_cart(model.Cart(CART_ID, REGION_ID, "usd", _NEW_TOTAL))


async def _remove_provider(control: Control) -> None:
    await control.storage.change_settings(lambda settings: _with_region(settings, (SYSTEM,)))
    control.store_changed()


async def _expire_keys(control: Control) -> None:
    control.clock.advance(LIFETIME)


_STEPS = {
    "change_cart": _change_cart,
    "remove_provider": _remove_provider,
    "expire_keys": _expire_keys,
}
SCENARIOS = msgspec.yaml.decode(
    resources.files(__package__).joinpath("scenarios.yaml").read_text("utf-8"),
    type=tuple[Scenario, ...],
)


def find_scenario(name: str) -> Scenario:
    """Return a scenario. Raises NotFound, which names them all."""
    for scenario in SCENARIOS:
        if scenario.name == name:
            return scenario
    raise NotFound(kind="scenario", id_=name, known=[each.name for each in SCENARIOS])
