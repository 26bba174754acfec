"""Invalid store files: each error names the file, the line and the place."""

import errno
import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from xclade_store_mock.payments.seed import StoreFileError, parse_store, read_store

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)

GOOD = """\
publishable_keys:
  - token: pk_web
payment_providers:
  - id: pp_system_default
regions:
  - id: reg_us
    currency_code: usd
    payment_providers: [pp_system_default]
carts:
  - id: cart_1
    region_id: reg_us
    currency_code: usd
    total: 25.5
payment_collections:
  - id: pay_col_1
    cart_id: cart_1
    currency_code: usd
    amount: 25.5
"""


def fault_of(text: str, name: str = "shop.yaml") -> str:
    """Return the error for a store file."""
    with pytest.raises(StoreFileError) as raised:
        parse_store(text, name, NOW)
    return str(raised.value)


@pytest.mark.parametrize(
    ("good", "bad", "fault"),
    [
        # Syntax.
        ("token: pk_web", "token: [pk_web", "3: expected ',' or ']', but got ':'"),
        ("  - token", "\t- token", "2: found character '\\t' that cannot start any token"),
        ("pk_web", "*key", "2: found undefined alias 'key'"),
        ("pk_web", "a: b", "2: mapping values are not allowed here"),
        ("amount: 25.5\n", 'amount: "25.5', "18: found unexpected end of stream"),
        ("regions:", "---\nregions:", "5: but found another document"),
        # Types and formats.
        ("25.5", "much", '13: carts[0].total: "much" is not of type "number"'),
        ("25.5", '"25.5"', '13: carts[0].total: "25.5" is not of type "number"'),
        ("25.5", ".inf", '13: carts[0].total: ".inf" is not of type "number"'),
        ("25.5", "true", '13: carts[0].total: true is not of type "number"'),
        ("25.5", "-1", "13: carts[0].total: -1 is less than the minimum of 0"),
        ("pk_web", "12", '2: publishable_keys[0].token: 12 is not of type "string"'),
        ("pk_web", "", '2: publishable_keys[0].token: null is not of type "string"'),
        ("pk_web", '""', '2: publishable_keys[0].token: "" does not match "^[!-~]+$"'),
        ("- token: pk_web", "pk_web", '2: publishable_keys: "pk_web" is not of type "array"'),
        ("usd", "USD", '7: regions[0].currency_code: "USD" does not match "^[a-z]{3}$"'),
        # Ids that are not in the file.
        ("n_id: reg_us", "n_id: reg_gone", "11: carts[0].region_id: no region 'reg_gone'"),
        (
            "cart_id: cart_1",
            "cart_id: cart_gone",
            "16: payment_collections[0].cart_id: no cart 'cart_gone'",
        ),
        (
            "[pp_system_default]",
            "\n      - pp_system_default\n      - pp_gone_gone",
            "10: regions[0].payment_providers[1]: no payment provider 'pp_gone_gone'",
        ),
    ],
)
def test_fault_has_its_place(good: str, bad: str, fault: str) -> None:
    """Faults of syntax, wrong values and unknown references are reported with line and path."""
    assert f"shop.yaml:{fault}" == fault_of(GOOD.replace(good, bad, 1))


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_empty_file(text: str) -> None:
    """A file without content is called empty."""
    assert "shop.yaml: the file is empty" == fault_of(text)


@pytest.mark.parametrize("text", ["[]", "hello", "null", "25.5"])
def test_not_an_object(text: str) -> None:
    """A file with another value is reported at line 1."""
    assert fault_of(text).startswith("shop.yaml:1: ")
    assert fault_of(text).endswith(' is not of type "object"')


@pytest.mark.parametrize(
    ("good", "bad", "fault"),
    [
        ("pp_system_default", "acme", '4: payment_providers[0].id: "acme" does not match "^pp_"'),
        (
            "currency_code: usd",
            "currency_code: eur",
            "12: carts[0].currency_code: must be eur, the currency_code of region 'reg_us'",
        ),
        (
            "currency_code: usd\n    amount",
            "currency_code: eur\n    amount",
            (
                "17: payment_collections[0].currency_code:"
                " must be usd, the currency_code of cart 'cart_1'"
            ),
        ),
        (
            "amount: 25.5",
            "amount: 25",
            "18: payment_collections[0].amount: must be 25.5, the total of cart 'cart_1'",
        ),
    ],
)
def test_contradiction(good: str, bad: str, fault: str) -> None:
    """Values that contradict each other are reported where the later one is written."""
    assert f"shop.yaml:{fault}" == fault_of(GOOD.replace(good, bad, 1))


@pytest.mark.parametrize(
    ("currency", "amount", "decimals"),
    [("jpy", "12.5", 0), ("isk", "0.1", 0), ("kwd", "1.2345", 3), ("eur", "0.001", 2)],
)
def test_too_many_decimals(currency: str, amount: str, decimals: int) -> None:
    """An amount fits its currency, except in what was recorded of a real backend."""
    entry = f"  - {{id: pay_col_2, currency_code: {currency}, amount: {amount}}}\n"

    assert (
        f"shop.yaml:19: payment_collections[1].amount: {currency} has at most {decimals} decimals"
        == fault_of(GOOD + entry)
    )
    recorded = parse_store(GOOD + entry, "shop.yaml", NOW, recorded=True)
    assert Decimal(amount) == recorded.payment_collections["pay_col_2"].amount


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("    total: 25.5\n", '10: carts[0]: "total" is a required property'),
        ("    amount: 25.5\n", '15: payment_collections[0]: "amount" is a required property'),
        ("    currency_code: usd\n", '6: regions[0]: "currency_code" is a required property'),
    ],
)
def test_missing_key(line: str, fault: str) -> None:
    """A missing key is reported with the line and path of its entry."""
    assert f"shop.yaml:{fault}" == fault_of(GOOD.replace(line, "", 1))


@pytest.mark.parametrize(
    ("good", "bad", "place"),
    [
        ("carts:", "note: x\ncarts:", "9: note: "),
        ("    total", "    note: x\n    total", "13: carts[0].note: "),
        ("    total", "    note", "13: carts[0].note: "),
        ("token: pk_web", "token: pk_web\n    note: x", "3: publishable_keys[0].note: "),
    ],
)
def test_unknown_key(good: str, bad: str, place: str) -> None:
    """An unknown key is reported with its line and path."""
    fault = "Additional properties are not allowed ('note' was unexpected)"

    assert f"shop.yaml:{place}{fault}" == fault_of(GOOD.replace(good, bad))


@pytest.mark.parametrize(
    ("entry", "twin", "fault"),
    [
        ("token: pk_web", "{token: pk_web}", "3: publishable_keys[1].token: 'pk_web'"),
        (
            "id: pp_system_default",
            "{id: pp_system_default, installed: false}",
            "5: payment_providers[1].id: 'pp_system_default'",
        ),
        (
            "id: reg_us",
            "{id: reg_us, currency_code: eur, payment_providers: []}",
            "7: regions[1].id: 'reg_us'",
        ),
        (
            "id: cart_1",
            "{id: cart_1, region_id: reg_us, currency_code: usd, total: 1}",
            "11: carts[1].id: 'cart_1'",
        ),
        (
            "id: pay_col_1",
            "{id: pay_col_1, currency_code: usd, amount: 1}",
            "16: payment_collections[1].id: 'pay_col_1'",
        ),
    ],
)
def test_duplicate_id(entry: str, twin: str, fault: str) -> None:
    """The second of two entries with the same id is reported."""
    text = GOOD.replace(f"  - {entry}\n", f"  - {twin}\n  - {entry}\n")

    assert f"shop.yaml:{fault} occurs twice" == fault_of(text)


def test_only_the_first_fault_is_reported() -> None:
    """Faults are reported one at a time, schema errors before unknown references."""
    text = GOOD.replace("region_id: reg_us", "region_id: reg_gone").replace("25.5", "much", 1)

    assert 'shop.yaml:13: carts[0].total: "much" is not of type "number"' == fault_of(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("publishable_keys: []\npublishable_keys: []\n", ":2: 'publishable_keys' occurs twice"),
        ("regions: \x01", ": unacceptable character #x0001: special characters are not allowed"),
        ("regions: &all [*all]\n", ": "),
        ("[" * 3000, ":1: nested more than 200 levels deep"),
        # libyaml's own composer crashes on these.
        ("[" * 100_000, ":1: nested more than 200 levels deep"),
        ("- " * 100_000, ":1: nested more than 200 levels deep"),
        ("[1]: 2", ":1: "),
        ("carts: !!float x", ": "),
    ],
)
def test_unreadable_yaml(text: str, fault: str) -> None:
    """Errors of the YAML parser itself are reported."""
    assert fault_of(text).startswith(f"shop.yaml{fault}")


MERGED = """\
publishable_keys: []
payment_providers: []
regions: [{id: reg_us, currency_code: usd, payment_providers: []}]
carts:
  - &base {id: cart_1, region_id: reg_us, currency_code: usd, total: 1}
  - &second
    <<: *base
    id: cart_2
  - {<<: *second, id: cart_3}
"""


@pytest.mark.parametrize(
    ("good", "bad", "fault"),
    [
        ("total: 1", "total: -1", "5: carts[0].total: -1 is less than the minimum of 0"),
        ("id: cart_2", "id: 2", '8: carts[1].id: 2 is not of type "string"'),
        (
            "<<: *base",
            "<<: *base\n    currency_code: eur",
            "8: carts[1].currency_code: must be usd, the currency_code of region 'reg_us'",
        ),
        ("id: cart_3", "region_id: reg_x", "9: carts[2].region_id: no region 'reg_x'"),
        ("id: cart_3", "id: cart_3, id: x", "9: 'id' occurs twice"),
        ("<<: *base", "<<: *none", "7: found undefined alias 'none'"),
    ],
)
def test_faults_with_merge_keys(good: str, bad: str, fault: str) -> None:
    """An error names the line on which the value is written, merged or not."""
    text = MERGED.replace(good, bad, 1)
    if "cart_3" not in text:
        text = text.replace("{<<: *second,", "{<<: *second, id: cart_3,")

    assert f"shop.yaml:{fault}" == fault_of(text)


@pytest.mark.parametrize(("line", "title"), [(3, "\\u20ac"), (1, "\\ud83d\\ude00")])
def test_fault_in_json(line: int, title: str) -> None:
    """An error in JSON names its line, or the first one if the JSON is not YAML as well."""
    text = (
        f'{{"publishable_keys": [{{"token": "pk", "title": "{title}"}}],\n'
        '"payment_providers": [],\n'
        '\t"regions": 5}'
    )

    fault = f'shop.json:{line}: regions: 5 is not of type "array"'
    assert fault == fault_of(text, "shop.json")


def test_two_collections_of_one_cart() -> None:
    """A cart can have only one payment collection."""
    twin = "  - {id: pay_col_2, cart_id: cart_1, currency_code: usd, amount: 1}\n"

    assert "'cart_1' already has a payment collection" in fault_of(GOOD + twin)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("missing.yaml", os.strerror(errno.ENOENT)),
        ("folder.yaml", os.strerror(errno.EISDIR)),
        ("latin-1.yaml", "not UTF-8 text"),
    ],
)
def test_unreadable_file(tmp_path: Path, name: str, fault: str) -> None:
    """A missing file, a folder and a file that is not UTF-8 are reported with the path."""
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "latin-1.yaml").write_bytes("# Käse\n".encode("latin-1"))

    with pytest.raises(StoreFileError) as raised:
        read_store(tmp_path / name, NOW)

    assert f"{tmp_path / name}: {fault}" == str(raised.value)
