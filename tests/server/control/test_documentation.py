"""The commands of docs/mock-server.md do what they say, in the order in which one reads them."""

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
    """Read the curl commands, each with what it prints; blank where that is not shown."""
    blocks = re.findall(r"^```console\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
    text = "".join(block.replace("\\\n", "") for block in blocks)
    return re.findall(r"^\$ curl (.*)\n((?!\$).*\n)?", text, re.MULTILINE)


def run(command: str, url: str) -> str:
    """Do what curl does."""
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
    """Make a pattern of what is shown to be printed."""
    escaped = re.escape(OPEN.sub(r'"\1":0', printed.strip())).replace("…", ".*")
    return re.sub(re.escape(r"2026\-01\-15T09:30:00\.000Z"), TIME.replace("\\", r"\\"), escaped)


def test_commands_do_what_they_say() -> None:
    """Each prints what stands below it."""
    found = commands()
    with serving(create_app(control=Access())) as mock:
        for command, printed in found:
            answer = OPEN.sub(r'"\1":0', run(command, mock.url))
            assert re.fullmatch(pattern(printed), answer) or not printed, (command, answer)

    assert len(found) > 8
