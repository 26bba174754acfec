"""The commands of docs/mock-server.md work, in the order of the page."""

import re
import shlex
from pathlib import Path

import httpx
from tests.server.control.conftest import serving

from xclade_store_mock.app import create_app
from xclade_store_mock.control.access import Access

PAGE = (Path(__file__).parents[3] / "docs/mock-server.md").read_text("utf-8")
SECTION = PAGE[PAGE.index("## The control API") :]
ADVERTISED = "http://127.0.0.1:4010"
TIME = r"\d{4}-\d\d-\d\dT[\d:.]+Z"
# How many requests a fault holds depends on what the reader did in between.
OPEN = re.compile(r'"(released|waiting)":\d')


def commands() -> list[tuple[str, str]]:
    """Return the curl commands with their documented output, blank if not shown."""
    blocks = re.findall(r"^```console\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
    text = "".join(block.replace("\\\n", "") for block in blocks)
    return re.findall(r"^\$ curl (.*)\n((?!\$).*\n)?", text, re.MULTILINE)


def run(command: str, url: str) -> str:
    """Send the request of a curl command."""
    *options, address = sorted(shlex.split(command), key=lambda each: each.startswith("http"))
    given = dict(zip(options[::2], options[1::2], strict=True))
    name, _, value = given.get("-H", "").partition(": ")
    return httpx.request(
        given.get("-X", "GET"),
        address.replace(ADVERTISED, url),
        headers={name: value} if name else {},
        content=given.get("-d"),
    ).text


def pattern(printed: str) -> str:
    """Return a pattern for documented output."""
    escaped = re.escape(OPEN.sub(r'"\1":0', printed.strip())).replace("…", ".*")
    return re.sub(re.escape(r"2026\-01\-15T09:30:00\.000Z"), TIME.replace("\\", r"\\"), escaped)


def test_documented_commands() -> None:
    """Each command prints the documented output."""
    found = commands()
    with serving(create_app(control=Access())) as mock:
        for command, printed in found:
            answer = OPEN.sub(r'"\1":0', run(command, mock.url))
            assert re.fullmatch(pattern(printed), answer) or not printed, (command, answer)

    assert len(found) > 8
