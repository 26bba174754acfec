"""How a user's code must not look: type checkers object to each line that has them look away."""

import httpx
import httpx2

from xclade_store import AsyncStoreClient, StoreClient, StorePaymentCollection


def wrong(store: StoreClient) -> None:
    """Misuse clients and results."""
    StoreClient("https://store.test")  # type: ignore[call-arg]
    StoreClient("https://store.test", "pk_x")  # type: ignore[call-arg]
    StoreClient("https://store.test", publishable_key=5)  # type: ignore[arg-type]
    StoreClient("https://store.test", publishable_key="pk_x", http_client=httpx.AsyncClient())  # type: ignore[arg-type]
    AsyncStoreClient("https://store.test", publishable_key="pk_x", http_client=httpx.Client())  # type: ignore[arg-type]
    StoreClient("https://store.test", publishable_key="pk_x", http_client=httpx2.AsyncClient())  # type: ignore[arg-type]
    store.create_payment_collection()  # type: ignore[call-overload]
    store.create_payment_collection(5)  # type: ignore[call-overload]
    store.create_payment_collection("cart_demo", "id")  # type: ignore[call-overload]
    store.create_payment_collection("cart_demo", fields=["id"])  # type: ignore[call-overload]
    store.initialize_payment_session("pay_col_demo")  # type: ignore[call-overload]
    store.initialize_payment_session("pay_col_demo", provider="pp_x_y")  # type: ignore[call-overload]
    store.initialize_payment_session("pay_col_demo", "pp_x_y", data=["a"])  # type: ignore[call-overload]
    store.list_payment_providers("reg_demo", limit="20")  # type: ignore[arg-type]
    store.refund_payment("pay_1")  # type: ignore[attr-defined]
    collection = store.create_payment_collection("cart_demo")
    _ = collection.amount * 1.19  # type: ignore[operator]
    _ = collection.payment_sessions[0].data.client_secret  # type: ignore[attr-defined]
    _ = collection.total  # type: ignore[attr-defined]
    _ = collection.payment_sessions[0].provider  # type: ignore[attr-defined]
    _ = collection.completed_at.year  # type: ignore[union-attr]
    collection.payment_sessions[0].data["id"] = "pi_1"  # type: ignore[index]
    collection.amount = collection.amount  # type: ignore[misc]
    StorePaymentCollection(id="pay_col_1", amount=collection.amount)  # type: ignore[call-arg]
    StorePaymentCollection(id=5, currency_code="eur", amount=collection.amount)  # type: ignore[arg-type]
    StorePaymentCollection(id="pay_col_1", currency_code="eur", amount=10.5)  # type: ignore[arg-type]


async def wrong_async(store: AsyncStoreClient) -> None:
    """Forget that it is async."""
    _ = store.create_payment_collection("cart_demo").id  # type: ignore[attr-defined]
    for _ in store.iter_payment_providers("reg_demo"):  # type: ignore[attr-defined]
        pass
    with store:  # type: ignore[attr-defined]
        pass
