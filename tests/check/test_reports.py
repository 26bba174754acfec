"""The reports for the terminal, CI and browsers: none shows a secret."""

import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from html.parser import HTMLParser
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import parse

import pytest
from playwright.sync_api import Page as BrowserPage
from tests.check.backends import Meddler, Request
from tests.check.backends import Response as Sent
from tests.check.conftest import IDS, Check, Outcome
from tests.conftest import Serve, served

from xclade_store_mock.app import create_app
from xclade_store_mock.check import Secrets
from xclade_store_mock.check.calls import Interaction, Response
from xclade_store_mock.check.report import show_curl, show_response
from xclade_store_mock.cli import main
from xclade_store_mock.dialects import MEDUSA

KEY = "pk_demo"
SCRIPT = "</td></dd><script>alert(1)</script><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect a tag and the names of its attributes, but not links within the page."""
        self.tags.add(tag)
        self.attributes |= {name for name, value in attrs if not (value or "").startswith("#")}

    def handle_data(self, data: str) -> None:
        """Collect text."""
        self.text += data


def hostile(request: Request, response: Sent) -> None:
    """Return scripts, terminal control characters and secrets."""
    if response.status == 400:
        response.status = 418
        secrets = {"client_secret": "pi_1_secret_2", "your_key": request.headers.get(
            "x-publishable-api-key", "none")}  # fmt: skip
        response.body = json.dumps({"type": SCRIPT, "message": "\x1b[2J\u202e", **secrets}).encode()
        response.body = response.body.replace(b"\\u001b", b"\x1b")
    elif b'"count"' in response.body:
        # The message of a schema error quotes the value.
        response.edit(lambda document: document.update(count=f"{KEY} \x1b pi_1_secret_2"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of this module's reports."""
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def outcome(folder: Path) -> Outcome:
    """Check a hostile backend, and write all reports."""
    reports = ("--junit", str(folder / "report.xml"), "--html", str(folder / "report.html"))
    options = ("--region-id", "reg_demo", "--max-examples", "1", "--seed", "1", "--github")
    out, err = StringIO(), StringIO()
    with (
        served(Meddler(create_app(), hostile), is_store=False) as url,
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = main(["check", url, "--publishable-key", KEY, *options, *reports])
    return Outcome(code, out.getvalue(), err.getvalue())


def test_hostile_responses_are_escaped(outcome: Outcome, folder: Path) -> None:
    """Each report shows them as text, without secrets and control characters."""
    page = (folder / "report.html").read_text("utf-8")
    document = (folder / "report.xml").read_text("utf-8")

    assert 1 == outcome.code
    for report in (outcome.out, page, document):
        assert "418" in report
        assert [] == [each for each in (KEY, "secret_2", "\x1b", "\u202e") if each in report]
    read = Page(page)
    assert not read.tags & {"script", "img", "iframe", "object", "link"}
    assert not {name for name in read.attributes if name.startswith("on")} | (
        read.attributes & {"src", "href"}
    )
    assert SCRIPT in read.text
    assert SCRIPT in outcome.out
    suite = parse(folder / "report.xml").getroot().find("testsuite")  # noqa: S314 - our own
    assert suite is not None
    failures = suite.findall("testcase/failure")
    assert str(len(failures)) == suite.attrib["failures"]
    assert any(SCRIPT in failure.attrib["message"] for failure in failures)
    cases = {case.attrib["name"]: case for case in suite.findall("testcase")}
    assert cases["status_code_conformance"].find("failure") is not None
    assert not {"use_after_free", "object_level_authorization"} & cases.keys()
    assert not re.search(r"\b1 calls", document)
    assert len(suite.findall("testcase")) == int(suite.attrib["tests"])
    assert len(suite.findall("testcase/skipped")) == int(suite.attrib["skipped"]) == 3


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a shell in which curl prints its arguments and input."""
    curl = tmp_path / "curl"
    curl.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        "body = sys.stdin.buffer.read().decode('latin-1') if '@-' in sys.argv else ''\n"
        "words = [os.fsencode(word).decode('latin-1') for word in sys.argv[1:]]\n"
        "json.dump([words, body], sys.stdout)\n",
        "utf-8",
    )
    curl.chmod(0o700)
    return {"PATH": f"{tmp_path}:{os.environ['PATH']}", "XCLADE_PUBLISHABLE_KEY": KEY}


@pytest.mark.parametrize(
    "body",
    [
        b'{"cart_id": "it\'s $HOME `id` \\u0000 100%"}',
        b'{"cart_id": "cart_1"}' + b" " * 2000,
        b"--x\r\nbinary: \x00\xff\xfe\r\n--x--\r\n",
        '{"cart_id": "größer"}'.encode(),
        b"@file",
    ],
)
def test_commands_repeat_calls(shell: dict[str, str], body: bytes) -> None:
    """In a shell, the command makes the same call: method, URL, headers and body."""
    headers = {"x-publishable-api-key": KEY, "Idempotency-Key": "", "X-Odd": "é 'x' \"y\" %s"}
    url = "http://127.0.0.1:4010/store/payment-collections?fields=a%2Cb&x='y'"
    call = Interaction("create_payment_collection", "POST", url, headers, body, None)

    command = show_curl(call, Secrets(KEY))

    assert KEY not in command
    assert command.isprintable()
    printed = subprocess.run(["sh", "-c", command], env=shell, capture_output=True, check=True)
    words, piped = json.loads(printed.stdout)
    assert ["-sS", "-i", "-X", "POST", url] == words[:5]
    assert [f"x-publishable-api-key: {KEY}", "Idempotency-Key;", "X-Odd: é 'x' \"y\" %s"] == [
        words[index + 1] for index, word in enumerate(words) if word == "-H"
    ]
    sent = piped if words[-1] == "@-" else words[-1]
    assert body == sent.encode("latin-1")


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (
            b'{"data": {"client_secret": "pi_1_secret_2"}}',
            '{"data": {"client_secret": "[redacted]"}}',
        ),
        (b'{"access_token":"a\\"b","x":1}', '{"access_token":"[redacted]","x":1}'),
        (b'{"password": "never clo', '{"password": "[redacted]"'),
        (b"pi_3N8k_secret_9z and pk_demo", "[redacted] and [publishable key]"),
        (b"\x1b[31mred\x1b[0m\n\n  plain", "\\x1b[31mred\\x1b[0m plain"),
        (b"x" * 1000, "x" * 400 + " …"),
    ],
)
def test_responses_are_shown_without_secrets(body: bytes, shown: str) -> None:
    """Secrets are hidden, control characters escaped, and long bodies shortened."""
    response = Response(200, {"content-type": "application/json; charset=utf-8"}, body)
    call = Interaction("create_payment_collection", "GET", "", {}, b"", response)

    assert f"200 application/json {shown}" == show_response(call, Secrets(KEY))


def test_reports_list_deviations(check: Check, tmp_path: Path) -> None:
    """A deviation that showed is listed on the page, and passes as a test case."""
    junit, html = tmp_path / "report.xml", tmp_path / "report.html"
    with served(create_app(dialect=MEDUSA)) as url:
        outcome = check(
            url,
            *("--region-id", "reg_demo", "--dialect", "medusa", "--allow-untested"),
            *("--junit", str(junit), "--html", str(html)),
        )

    assert 0 == outcome.code
    shown = ["publishable key missing or blank", "blank region_id"]
    page = html.read_text("utf-8")
    assert [] == [name for name in shown if name not in Page(page).text]
    assert "blank <code>region_id</code>: 400 <code>not_allowed</code>, instead of 400" in page
    assert f"xclade-store {version('xclade-store')}, <time>{datetime.now(UTC).year}-" in page
    cases = parse(junit).getroot().findall("testsuite/testcase")  # noqa: S314 - our own
    passed = {case.attrib["name"]: case for case in cases if case.find("failure") is None}
    assert "400 `not_allowed`, instead of 401" in str(passed[shown[0]].findtext("system-out"))


def test_annotations_are_workflow_commands(outcome: Outcome) -> None:
    """Each finding is one line, with what would end its title or the line escaped."""
    lines = [line for line in outcome.out.splitlines() if line.startswith("::")]
    findings = re.search("([0-9]+) findings in", outcome.out)

    assert findings
    errors = [
        re.fullmatch("::error title=([^:,]+)::(.+)", line) for line in lines[: int(findings[1])]
    ]
    assert all(errors)
    assert any(SCRIPT in line for line in lines)
    warnings = [line.partition("::")[2] for line in lines[int(findings[1]) :]]
    assert "warning title=Not tested%3A create_payment_collection::needs a cart, " in "".join(
        warnings
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_in_a_browser(
    outcome: Outcome, folder: Path, page: BrowserPage, scheme: Literal["light", "dark"]
) -> None:
    """The page fits a phone, its index leads to each part, and its colors follow the system."""
    assert 1 == outcome.code
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=scheme)
    page.goto((folder / "report.html").as_uri())

    assert 390 == page.evaluate("document.documentElement.scrollWidth")
    targets = page.eval_on_selector_all("nav a", "all => all.map(each => each.hash)")
    assert {"#findings", "#finding-1", "#checked"} <= {*targets}
    assert [] == [each for each in targets if page.locator(each).count() != 1]
    counts = page.locator(".counts").inner_text().split()
    assert ["passed", "failed", "not", "tested"] == [word for word in counts if word.isalpha()]
    background = page.evaluate("getComputedStyle(document.documentElement).colorScheme")
    assert "light dark" == background


def test_page_prints_everything(outcome: Outcome, folder: Path, page: BrowserPage) -> None:
    """On paper, what is folded on the screen is shown."""
    assert 1 == outcome.code
    page.goto((folder / "report.html").as_uri())
    table = page.locator("details:not([open]) table").first

    assert not table.is_visible()
    page.emulate_media(media="print")
    assert table.is_visible()


def test_page_lists_what_passed(check: Check, serve: Serve, tmp_path: Path) -> None:
    """A page without findings lists each check of each operation."""
    html = tmp_path / "report.html"

    outcome = check(serve(), *IDS, "--html", str(html))

    assert 0 == outcome.code
    text = " ".join(Page(html.read_text("utf-8")).text.split())
    assert re.search(r"No findings in \d+ s", text)
    assert re.search(r"\d\d passed 0 failed 0 not tested", text)
    assert 3 == text.count("every body fits its schema")
    assert "cart not found" in text
    assert "a session has the amount and currency of its payment collection" in text


def test_unwritable_report(check: Check, tmp_path: Path) -> None:
    """If a report cannot be written, nothing is called."""
    path = tmp_path / "nowhere/report.xml"

    outcome = check("http://127.0.0.1:1", *IDS, "--junit", str(path))

    assert 2 == outcome.code
    assert f"xclade-store-mock: cannot write {path}: No such file or directory\n" == outcome.err
