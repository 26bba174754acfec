"""The page itself: keyboard, phone, light and dark colours, and security."""

import re
import time
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Page, Route, expect
from tests.conftest import Serve
from tests.console.conftest import entries, open_console

import xclade_store_mock.control.front
from xclade_store import StoreClient, StoreError
from xclade_store_mock.control.access import Access
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.testing import StoreMock
from xclade_store_mock.web.dialect import Dialect

FILES = sorted(
    Path(xclade_store_mock.control.front.__file__).with_name("console").glob("*.[chjs]*")
)
AXE = Path(__file__).parents[1] / "contract/node/node_modules/axe-core/axe.min.js"
VIEWS = ("journal", "store", "trouble")
LONG = "x" * 200

# What can be read on the page, each with its contrast to what is behind it, as WCAG counts.
CONTRASTS = """() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (colour) => {
        const [red, green, blue] = rgba(colour).map((each) => {
            const part = each / 255;
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const behind = (element) => {
        const colour = getComputedStyle(element).backgroundColor;
        return rgba(colour)[3] === 255 ? colour : behind(element.parentElement);
    };
    const isText = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim();
    const hasText = (element) => [...element.childNodes].some(isText);
    return [...document.body.querySelectorAll("*")]
        .filter((element) => element.checkVisibility() && hasText(element) && !element.disabled)
        .map((element) => {
            const both = [getComputedStyle(element).color, behind(element)].map(luminance);
            const contrast = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
            return { contrast, text: element.textContent.slice(0, 40) };
        });
}"""


# Boxes whose content has no room in them, apart from what is there for listeners only.
ENDS = """amounts => amounts.map((each) => {
  const { textAlign, fontVariantNumeric } = getComputedStyle(each);
  return [Math.round(each.getBoundingClientRect().right), textAlign, fontVariantNumeric];
})"""
TOO_WIDE = """() => [...document.querySelectorAll("body, body *")]
    .filter((each) => each.checkVisibility() && !each.closest(".unseen, pre, select, input"))
    .filter((each) => each.clientWidth && each.scrollWidth > each.clientWidth + 1)
    .map((each) => `${each.scrollWidth} > ${each.clientWidth}: ${each.outerHTML.slice(0, 200)}`)"""


def busy(console: Page, store: StoreClient) -> None:
    """Fill every part of the page, also with very long texts."""
    store.initialize_payment_session("pay_col_demo", "pp_stripe_stripe", {"long": LONG})
    with pytest.raises(StoreError):
        store.initialize_payment_session(LONG, LONG)
    url = console.url.partition("#")[0]
    httpx.post(f"{url}store/payment-collections", json={})
    httpx.post(f"{url}_mock/faults", json={"broken": "dropped", "path": f"/{LONG}"})
    expect(entries(console)).to_have_count(3)
    expect(console.locator("#faults > li")).to_have_count(1)
    console.locator("details").evaluate_all("all => all.forEach((each) => (each.open = true))")


def test_security_policy(store_mock: StoreMock) -> None:
    """The policy allows only this origin; the page cannot be framed or sniffed."""
    page = httpx.get(store_mock.url)
    policy = page.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert {"'none'", "'self'", "'script'"} == set(re.findall(r"'[^']+'|https?:\S+", policy))
    assert "nosniff" == page.headers["X-Content-Type-Options"]
    assert "no-referrer" == page.headers["Referrer-Policy"]


def test_files_are_short_and_safe() -> None:
    """Files are short, do not turn text into HTML, and load nothing from elsewhere."""
    assert len(FILES) > 10
    for file in FILES:
        text = file.read_text("utf-8")
        assert len(text.splitlines()) < 300, file.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", text)
        assert not re.search(r"\bon[a-z]+=|style=", text), file.name
        assert [] == re.findall(r"https?://(?!www\.w3\.org/2000/svg)\S+", text)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_every_dialect(page: Page, serve: Serve, dialect: Dialect) -> None:
    """The page names the dialect and links to the reference."""
    open_console(page, serve(dialect=dialect, control=Access()))
    expect(page.locator("#dialect")).to_have_text(f"{dialect.name} dialect")
    page.get_by_role("link", name="Reference").click()

    expect(page.get_by_role("heading", name="Store API")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(console: Page, store: StoreClient, scheme: Literal["light", "dark"]) -> None:
    """All text has a contrast of at least 4.5 to 1."""
    console.emulate_media(color_scheme=scheme)
    busy(console, store)
    for view in VIEWS:
        console.evaluate("view => (location.hash = view)", view)
        found = console.evaluate(CONTRASTS)

        assert len(found) > 20
        assert [] == [each for each in found if each["contrast"] < 4.5]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility(console: Page, store: StoreClient, scheme: Literal["light", "dark"]) -> None:
    """axe-core finds nothing in any view."""
    console.emulate_media(color_scheme=scheme)
    busy(console, store)
    console.evaluate(AXE.read_text("utf-8"))
    for view in VIEWS:
        console.evaluate("view => (location.hash = view)", view)
        found = console.evaluate("async () => (await axe.run()).violations")

        assert [] == [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


def test_the_journal_can_be_skipped(console: Page) -> None:
    """A link in front of the journal leads behind it."""
    skip = console.get_by_role("link", name="Skip the requests")
    skip.focus()
    expect(skip).to_be_in_viewport(ratio=1)
    console.keyboard.press("Enter")
    console.keyboard.press("Tab")

    expect(console.get_by_label("What happens")).to_be_focused()


@pytest.mark.parametrize("width", [390, 320])
def test_fits_a_phone(console: Page, store: StoreClient, width: int) -> None:
    """Nothing is wider than a phone's screen, and each view is reachable."""
    console.set_viewport_size({"width": width, "height": 844})
    busy(console, store)
    for view in VIEWS:
        console.get_by_role("link", name=view.title()).click()
        expect(console.locator(f"#{view}")).to_be_visible()

        assert [] == console.evaluate(TOO_WIDE)


@pytest.mark.parametrize("width", [390, 320])
def test_amounts_align_on_a_phone(console: Page, control: httpx.Client, width: int) -> None:
    """Amounts end at the same place and have digits of one width, also below a long id."""
    long = "cart_with_an_id_that_fills_the_whole_line"
    cart = {"region_id": "reg_demo", "currency_code": "usd", "total": 1234.5}
    control.put(f"/carts/{long}", json=cart).raise_for_status()
    collection = {"cart_id": long, "currency_code": "usd", "amount": 1234.5}
    control.put(f"/payment-collections/{long}", json=collection).raise_for_status()
    console.set_viewport_size({"width": width, "height": 844})
    console.get_by_role("link", name="Store").click()
    for part in ("#collections", "#carts"):
        amounts = console.locator(f"{part} .line .money")
        expect(amounts.filter(has_text="$1,234.50")).to_have_count(1)

        ends = amounts.evaluate_all(ENDS)
        assert [[ends[0][0], "right", "tabular-nums"]] * len(ends) == ends


def test_keyboard(console: Page, store: StoreClient) -> None:
    """Tab reaches every control, visibly and in the order of the page; Enter activates it."""
    store.list_payment_providers("reg_demo")
    expect(entries(console)).to_have_count(1)
    controls = "a[href], button:enabled, input, select, summary, [tabindex='0']"
    expected = console.evaluate(
        """(controls) => [...document.querySelectorAll(controls)]
            .filter((each) => each.checkVisibility({ visibilityProperty: true }))
            .map((each) => each.outerHTML)""",
        controls,
    )
    reached = []
    for _ in expected:
        console.keyboard.press("Tab")
        focused = console.evaluate(
            """() => ({
                html: document.activeElement.outerHTML,
                outline: getComputedStyle(document.activeElement).outlineStyle,
            })"""
        )
        assert "solid" == focused["outline"], focused["html"]
        reached.append(focused["html"])
    assert expected == reached

    entries(console).locator("summary").focus()
    console.keyboard.press("Enter")
    expect(entries(console).locator(".exchange")).to_be_visible()
    console.get_by_role("link", name="Store").focus()
    console.keyboard.press("Enter")
    expect(console.get_by_role("heading", name="Payment collections")).to_be_visible()
    console.get_by_label("Total of cart_demo").fill("30")
    console.keyboard.press("Enter")
    expect(console.locator("#carts > li").first).to_contain_text("$30.00")
    expect(console.get_by_label("Total of cart_demo")).to_be_focused()


def test_every_control_has_a_name(console: Page, store: StoreClient) -> None:
    """Each control has a name for screen readers."""
    busy(console, store)

    nameless = """() => [...document.querySelectorAll("button, input, select, a, summary")]
        .filter((each) => each.checkVisibility())
        .filter((each) => !each.ariaLabel && !each.textContent.trim() && !each.labels?.length)
        .map((each) => each.outerHTML)"""
    labels = """() => [...document.querySelectorAll("input, select")]
        .filter((each) => ![...each.labels].some((label) => label.innerText.trim()))
        .map((each) => each.outerHTML)"""
    assert [] == console.evaluate(nameless)
    assert [] == console.evaluate(labels)


def test_nothing_moves(page: Page, store_mock: StoreMock, store: StoreClient) -> None:
    """Nothing moves while the page loads or requests arrive."""

    def answer_late(route: Route) -> None:
        time.sleep(0.2)
        route.continue_()

    page.route("**/_mock/scenarios", answer_late)
    open_console(page, store_mock.url)
    for count in range(1, 4):
        store.list_payment_providers("reg_demo")
        expect(entries(page)).to_have_count(count)
    moved = page.evaluate(
        """async () => {
            let sum = 0;
            const add = ({ value }) => (sum += value);
            const observer = new PerformanceObserver((list) => list.getEntries().forEach(add));
            observer.observe({ type: "layout-shift", buffered: true });
            await new Promise((resolve) => setTimeout(resolve, 100));
            return sum;
        }"""
    )

    assert moved < 0.001


def test_keeps_input(console: Page, store: StoreClient) -> None:
    """Changes elsewhere keep the text and the focus."""
    console.get_by_role("link", name="Store").click()
    total = console.get_by_label("Total of cart_new")
    total.fill("12")
    store.initialize_payment_session("pay_col_demo", "pp_system_default")
    expect(console.locator("#collections .session")).to_have_count(1)

    expect(total).to_have_value("12")
    expect(total).to_be_focused()


def test_money_is_exact(console: Page) -> None:
    """Amounts have their currency's decimals, and more if they need them."""
    amounts = [
        ("25.5", "usd", "$25.50"),
        ("0", "usd", "$0.00"),
        ("1999", "jpy", "¥1,999"),
        ("12.5", "jpy", "¥12.5"),
        ("1.25", "kwd", "KWD\u00a01.250"),
        ("0.001", "eur", "€0.001"),
        ("12345678901234567890.12", "usd", "$12,345,678,901,234,567,890.12"),
        ("1e20", "usd", "$100,000,000,000,000,000,000.00"),
        ("1.5e-3", "usd", "$0.0015"),
    ]
    formatted = console.evaluate(
        """async (amounts) => {
            const { formatMoney } = await import("/console/money.js");
            return amounts.map(([amount, currency]) => formatMoney(amount, currency));
        }""",
        amounts,
    )
    read = console.evaluate(
        """async () => {
            const { readResponse } = await import("/console/json.js");
            return readResponse('{"amount": 12345678901234567890.12, "total": 0.10, "count": 3}');
        }"""
    )

    assert [text for *_, text in amounts] == formatted
    assert {"amount": "12345678901234567890.12", "total": "0.10", "count": 3} == read
