"""The command `serve --upstream` and `serve --recording`, in processes of their own."""

from pathlib import Path

import httpx
import pytest
from tests.server.command import running
from tests.server.upstream.conftest import Refused
from tests.server.upstream.recorded_stores import RECORDINGS, recorded

RECORDING = RECORDINGS / "checkout-2.21.2.json"
KEY = {"x-publishable-api-key": "pk_of_the_storefront"}
STRIPE = {"provider_id": "pp_stripe_stripe"}
CART = "/store/carts/cart_01M8NGQ3DH7FTW8H40M8J2XNP6"


def test_payments_are_simulated_in_front_of_another_process() -> None:
    """The mock learns all that it needs from a store at a URL, here one that is played."""
    with (
        running("--recording", RECORDING) as store,
        running("--upstream", store.url, "--provider", "pp_more_more") as mock,
        httpx.Client(base_url=mock.url, headers=KEY) as client,
    ):
        created = client.post("/store/carts").json()["cart"]
        collection = client.post("/store/payment-collections", json={"cart_id": created["id"]})
        path = f"/store/payment-collections/{collection.json()['payment_collection']['id']}"
        client.post(f"{CART}/shipping-methods")
        started = client.post(f"{path}/payment-sessions", json=STRIPE).json()
        cart = client.get(CART, params={"fields": "*payment_collection.payment_sessions"}).json()
        unknown = client.get("/store/carts/cart_lost")
        state = client.get("/_mock/state").json()

    assert f"Backend      {store.url}\n" in mock.banner
    assert "Backend      checkout-2.21.2.json (19 requests)\n" in store.banner
    assert 45.1843 == started["payment_collection"]["amount"]
    assert started["payment_collection"].items() <= cart["cart"]["payment_collection"].items()
    assert (404, True) == (unknown.status_code, "checkout-2.21.2.json" in unknown.text)
    assert 1 == len(unknown.headers.get_list("date"))
    (region,) = state["regions"]
    assert "pp_more_more" in region["payment_providers"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{}", "is not a recording: Object missing required field `cases`"),
        ("publishable_keys: []", "is not a recording: JSON is malformed"),
        ('{"store": {},\n "cases": []}', ':1: "publishable_keys" is a required property'),
        (None, "No such file or directory"),
    ],
)
def test_what_is_no_recording_is_refused(
    tmp_path: Path, refused: Refused, content: str | None, problem: str
) -> None:
    """One sentence names the file and the problem."""
    path = tmp_path / "other.json"
    if content is not None:
        path.write_text(content, "utf-8")

    printed = refused("serve", "--recording", path)

    assert str(path) in printed
    assert problem in printed


def test_several_workers_are_refused(refused: Refused) -> None:
    """Each would play the recording from its beginning."""
    shared = ["--workers", "2", "--storage", "sqlite:///shared.db"]

    printed = refused("serve", "--recording", RECORDING, *shared, code=1)
    assert "several workers cannot play one recording" in printed


def test_a_truncated_recording_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    """A recorder that was killed leaves a last line that is not whole."""
    path = tmp_path / "cut.json"
    text = RECORDING.read_text("utf-8")
    path.write_text(text[: text.index('"checkout/07-post"') + 200], "utf-8")

    with running("--recording", path) as mock:
        assert recorded("checkout").cases[5].response.body == httpx.get(f"{mock.url}{CART}").text
        problems = mock.stop()

    assert [f"{path} is truncated: without its last line, it has 6 requests"] == problems
