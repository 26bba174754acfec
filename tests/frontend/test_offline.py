"""The official SDK shops offline: the mock plays a recording of a guest's checkout."""

from collections.abc import Iterator

import pytest
from tests.conftest import served
from tests.frontend.conftest import Evaluate, FetchError, Sdk
from tests.server.upstream.recorded_stores import playing, recorded

from xclade_store_mock.app import create_app

CHECKOUT = """
(async ({ store }) => {
    const { regions } = await store.region.list();
    const region_id = regions.find(({ name }) => name === "Europe").id;
    await store.region.retrieve(region_id);
    const { products } = await store.product.list({ region_id, limit: 5 });
    const [{ id: product_id, variants: [variant] }] = products;
    await store.product.retrieve(product_id, { region_id, fields: "*variants.calculated_price" });
    const { cart: { id } } = await store.cart.create({ region_id });
    const item = { variant_id: variant.id, quantity: 2 };
    const { cart: { items: [{ id: item_id }] } } = await store.cart.createLineItem(id, item);
    await store.cart.updateLineItem(id, item_id, { quantity: 3 });
    await store.cart.update(id, { email: "ada@example.com" });
    const { shipping_options } = await store.fulfillment.listCartOptions({ cart_id: id });
    await store.cart.addShippingMethod(id, { option_id: shipping_options[0].id });
    const { payment_providers } = await store.payment.listPaymentProviders({ region_id });
    const fields = "*payment_collection.payment_sessions";
    const { cart: before } = await store.cart.retrieve(id, { fields });
    const provider_id = "pp_stripe_stripe";
    const started = await store.payment.initiatePaymentSession(before, { provider_id });
    const { cart: after } = await store.cart.retrieve(id, { fields });
    return { payment_providers, before, started, after };
})(sdk)
"""


@pytest.fixture
def url() -> Iterator[str]:
    """Serve the mock in front of the recording, and yield its URL."""
    with served(create_app(**playing(recorded("checkout"), "documented"))) as url:
        yield url


@pytest.mark.parametrize("place", ["node", "chromium"])
def test_guest_checks_out_up_to_the_payment(
    request: pytest.FixtureRequest, url: str, place: str
) -> None:
    """The recorded calls work again up to the payment session, which the mock simulates."""
    evaluate: Evaluate = request.getfixturevalue(f"evaluate_in_{place}")
    sdk = Sdk(evaluate, url)

    shown = sdk(CHECKOUT, publishableKey="pk_of_the_storefront")

    before, after = shown["before"], shown["after"]
    collection = after.pop("payment_collection")
    assert {"id": "pp_stripe_stripe", "is_enabled": True} in shown["payment_providers"]
    assert before == after
    assert 45.1843 == before["total"] == collection["amount"]
    assert shown["started"]["payment_collection"].items() <= collection.items()
    with pytest.raises(FetchError, match="is not in the recording"):
        sdk("sdk.store.collection.list()")
