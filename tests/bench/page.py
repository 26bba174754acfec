"""The page that the figures go to."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/benchmarks.md"


def origin() -> str:
    """Tell when and where figures were taken."""
    cores = os.cpu_count()
    system = f"{platform.system()}, {cores} cores, Python {platform.python_version()}"
    return f"Measured on {datetime.now(UTC):%Y-%m-%d}: {system}."


def write_section(title: str, text: str) -> None:
    """Put a section in the place of its earlier self, or behind the others."""
    section = f"## {title}\n\n{text.strip()}\n"
    page = PAGE.read_text("utf-8")
    earlier = re.compile(rf"^## {title}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if earlier.search(page):
        page = earlier.sub(lambda _: f"{section}\n", page)
    else:
        page = f"{page.rstrip()}\n\n{section}"
    PAGE.write_text(f"{page.rstrip()}\n", "utf-8")
    print(section)  # noqa: T201 - a script
