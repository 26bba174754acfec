"""Write figures to docs/benchmarks.md."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[2] / "docs/benchmarks.md"


class Section(NamedTuple):
    """The figures of one part, as text for the page."""

    title: str
    text: str


def origin() -> str:
    """Return when and where the figures are measured, and the load of the machine before."""
    cores, (load, *_) = os.cpu_count(), os.getloadavg()
    system = f"{platform.system()}, {cores} cores, Python {platform.python_version()}"
    return f"Measured on {datetime.now(UTC):%Y-%m-%d}: {system}; load average before: {load:.1f}."


def write_section(section: Section, origin: str) -> None:
    """Replace the section of the same title, or append it."""
    text = f"## {section.title}\n\n{origin}\n{section.text.strip()}\n"
    page = PAGE.read_text("utf-8")
    earlier = re.compile(rf"^## {section.title}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if earlier.search(page):
        page = earlier.sub(lambda _: f"{text}\n", page)
    else:
        page = f"{page.rstrip()}\n\n{text}"
    PAGE.write_text(f"{page.rstrip()}\n", "utf-8")
    print(text)  # noqa: T201 - a script
