"""Commands that the console copies: pasted, they repeat the request."""

import ast
import json
import os
import random
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.conftest import PATIENCE, Serve
from tests.console.conftest import entries, open_console

from xclade_store import StoreClient, StoreError
from xclade_store_mock.app import utc_now
from xclade_store_mock.control.access import Access
from xclade_store_mock.payments.model import Store
from xclade_store_mock.payments.seed import demo_store
from xclade_store_mock.testing import StoreMock

NODE = str(Path(__file__).parents[2] / "scripts/node")
RUN = {
    "curl": ["bash"],
    "Python": [sys.executable, "-"],
    "JavaScript": [NODE, "node", "--input-type=module"],
}
"""Programs that read a command from standard input."""

HOSTILE = 'it\'s $(touch /tmp/x) `id` "\\n" !! \u202e \x1b[201~ \u00e9\U0001f600 </script>'


def copied(console: Page, place: Locator, language: str) -> str:
    """Press a button and return the text in the clipboard."""
    console.evaluate("navigator.clipboard.writeText('')")
    place.get_by_role("button", name=f"Copy as {language}").click()
    console.wait_for_function("navigator.clipboard.readText()")
    text: str = console.evaluate("navigator.clipboard.readText()")
    return text


def run(language: str, command: str) -> str:
    """Run a command and return its output."""
    environment = {**os.environ, "PUBLISHABLE_KEY": "pk_demo", "CUSTOMER_TOKEN": "customer_demo"}
    done = subprocess.run(
        RUN[language],
        input=command.encode(),
        env=environment,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    return (done.stdout + done.stderr).decode()


def asked(control: httpx.Client) -> list[dict[str, Any]]:
    """Return the journal's requests without what depends on the sender."""
    keys = ("method", "path", "query", "status", "violations")
    found = []
    for entry in control.get("/journal").json()["entries"]:
        request = entry["request"]
        headers = request["headers"]
        body = request["body"]
        found.append(
            {key: entry[key] for key in keys}
            | {"body": body and json.loads(body), "token": headers.get("authorization")}
            | {"key": headers.get("idempotency-key"), "type": headers.get("content-type")}
        )
    return found


@pytest.mark.parametrize("language", RUN)
def test_requests_of_the_journal(
    console: Page, store_mock: StoreMock, control: httpx.Client, language: str
) -> None:
    """Each operation is repeated exactly, with hostile values and a customer's token."""
    store = store_mock.client(retries=0, customer_token="customer_demo")  # noqa: S106 - of the demo store
    with pytest.raises(StoreError):
        store.create_payment_collection(HOSTILE, fields="+status")
    store.initialize_payment_session(
        "pay_col_demo",
        "pp_system_default",
        {"hostile": HOSTILE, "__proto__": {"number": 1.5, "none": None, "list": [True]}},
        idempotency_key="it's-$1-`a`-\\",
    )
    store.list_payment_providers("reg_demo", limit=1, fields="id")
    expect(entries(console)).to_have_count(3)
    for line in entries(console).all():
        line.locator("summary").click()
        command = copied(console, line, language)
        assert "customer_demo" not in command
        if language == "Python":
            assert "from xclade_store import StoreClient" in command
        run(language, command)

    *first, create, initialize, list_ = asked(control)
    assert first == [create, initialize, list_]


@pytest.mark.parametrize("language", RUN)
def test_invalid_requests(
    console: Page, store_mock: StoreMock, control: httpx.Client, language: str
) -> None:
    """Invalid requests are repeated; in Python without our client."""
    with httpx.Client(base_url=store_mock.url) as api:
        api.post("/store/payment-collections/a b'?x=%27&x=2", content='{"a": 1, "a": 1e400}')
        api.delete("/store/payment-collections")
    expect(entries(console)).to_have_count(2)
    for line in entries(console).all():
        line.locator("summary").click()
        run(language, copied(console, line, language))

    expect(entries(console)).to_have_count(4)
    *first, post, delete = asked(control)
    assert first == [post, delete]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/store/payment-collections", {"prefer": "code=409"}),
        ("/store/payment-collections", {"idempotency-key": "key-1"}),
        ("/store/payment-collections/pay_col_demo/payment-sessions", {"prefer": "code=422"}),
    ],
)
def test_other_headers(
    console: Page, store_mock: StoreMock, control: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    """Headers that our client does not send are repeated; in Python without our client."""
    body = {"cart_id": "cart_demo", "provider_id": "pp_system_default"}
    (kept,) = headers
    if "sessions" in path:
        del body["cart_id"]
    else:
        del body["provider_id"]
    key = {"x-publishable-api-key": "pk_demo"}
    httpx.post(f"{store_mock.url}{path}", json=body, headers={**key, **headers})
    entries(console).locator("summary").click()
    command = copied(console, entries(console), "Python")
    run("Python", command)

    assert "StoreClient" not in command
    first, second = control.get("/journal").json()["entries"]
    assert headers[kept] == second["request"]["headers"][kept]
    assert first["status"] == second["status"]


def test_required_variables_are_shown(console: Page, store_mock: StoreMock) -> None:
    """The required variables are shown; without one, JavaScript stops before the request."""
    store_mock.client(retries=0).list_payment_providers("reg_demo")
    customer_token = "customer_demo"  # noqa: S105 - of the demo store
    customer = store_mock.client(retries=0, customer_token=customer_token)
    customer.list_payment_providers("reg_demo")
    expect(entries(console)).to_have_count(2)
    without_token, with_token = entries(console).all()
    without_token.locator("summary").click()
    with_token.locator("summary").click()
    note = "expects CUSTOMER_TOKEN, the customer's token"
    expect(with_token.locator(".copying")).to_contain_text(note)
    expect(without_token.locator(".copying")).not_to_contain_text("expects")
    command = copied(console, with_token, "JavaScript")
    expect(with_token.get_by_role("button", name="Copy as JavaScript")).to_have_text("Copied")
    expect(with_token.get_by_role("button", name="Copy as JavaScript")).to_have_text("JavaScript")

    unset = f"delete process.env.CUSTOMER_TOKEN;\n{command}"
    assert "Error: CUSTOMER_TOKEN is not set" in run("JavaScript", unset)
    expect(entries(console)).to_have_count(2)


def test_javascript_runs_in_a_browser(console: Page, store_mock: StoreMock) -> None:
    """A page can run the command, too; it asks for the customer's token."""
    customer_token = "customer_demo"  # noqa: S105 - of the demo store
    customer = store_mock.client(retries=0, customer_token=customer_token)
    customer.initialize_payment_session("pay_col_demo", "pp_stripe_stripe")
    entries(console).locator("summary").click()
    command = copied(console, entries(console), "JavaScript")
    console.once("dialog", lambda dialog: dialog.accept(customer_token))
    console.evaluate(f"async () => {{ {command} }}")

    first, second = store_mock.journal()
    assert (200, 200) == (first.status, second.status)
    assert first.request.body == second.request.body
    assert "authorization" in second.request.headers


@pytest.mark.parametrize("language", RUN)
def test_initializing_a_session(
    console: Page, store: StoreClient, control: httpx.Client, language: str
) -> None:
    """Each payment collection offers a command that initializes a session."""
    console.get_by_role("link", name="Store").click()
    card = console.locator("#collections > li").filter(has_text="pay_col_demo")
    card.get_by_text("Initialize a session").click()
    card.get_by_label("Payment provider").select_option("pp_stripe_stripe")
    output = run(language, copied(console, card, language))

    assert "payses_" in output
    expect(card.locator(".session")).to_contain_text("pp_stripe_stripe")
    assert [200] == [entry["status"] for entry in asked(control)]
    assert store.create_payment_collection("cart_demo").payment_sessions


def test_first_command(console: Page, control: httpx.Client) -> None:
    """The command of the empty journal works as it is."""
    console.locator("#first-command").get_by_role("button").click()
    expect(console.locator("#announcement")).to_have_text("Copied")
    command = console.evaluate("navigator.clipboard.readText()")

    assert "HTTP/1.1 200" in run("curl", command)
    assert [200] == [entry["status"] for entry in asked(control)]


def test_suggestions_fit_the_store(page: Page, serve: Serve) -> None:
    """The suggested commands name what the store has; an empty store has none."""
    settings = demo_store(utc_now()).settings
    url = serve(store=Store(settings), control=Access())
    open_console(page, url)
    expect(page.locator("#journal-empty")).to_be_visible()
    expect(page.locator("#first-command")).to_be_hidden()
    cart = {"region_id": "reg_demo", "currency_code": "usd", "total": 5}
    httpx.put(f"{url}/_mock/carts/cart_mine", json=cart)
    expect(page.locator("#first-command")).to_contain_text("cart_mine")
    run("curl", page.locator("#first-command pre").inner_text())

    expect(page.locator("#first-command pre")).to_contain_text("pay_col_")
    expect(entries(page).locator(".mark")).to_have_text("200")


def test_any_text_is_quoted(console: Page) -> None:
    """In each language a quoted text keeps its value and has no invisible characters."""
    dice = random.Random(1)
    letters = "ab'\"\\$`!*~ \n\t\r\x1b\x7f\x9b\u00e9\u200b\u202e\u2028\ufeff\U0001f600\U000e0041"
    texts = ["", "'", "\\", "\n", "@x", "-x", "${x", HOSTILE]
    texts += ["".join(dice.choices(letters, k=dice.randrange(12))) for _ in range(500)]
    quoted = console.evaluate(
        """async (texts) => {
            const { inShell, inPython, inJavaScript } = await import("/console/quoting.js");
            return [inShell, inPython, inJavaScript].map((quote) => texts.map(quote));
        }""",
        texts,
    )
    shell, python, javascript = quoted
    printed = run("curl", f"printf '%s\\0' {' '.join(shell)}")
    as_json = run("JavaScript", f"console.log(JSON.stringify([{','.join(javascript)}]))")

    assert texts == printed.split("\0")[:-1]
    assert texts == [ast.literal_eval(each) for each in python]
    assert texts == json.loads(as_json)
    for each in chain.from_iterable(quoted):
        assert not set(each) & set("\x1b\x9b\u202e\u2028\U000e0041")
