"""The documentation as a site."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import griffe
import pytest

ROOT = Path(__file__).parents[2]
API = {
    "xclade_store": "python-client",
    "xclade_store.testing": "python-client",
    "xclade_store_mock": "python-server",
    "xclade_store_mock.testing": "python-server",
}
"""The page of each module's public names."""


@pytest.fixture(scope="module")
def site() -> Path:
    """Build the site strictly, and return its folder."""
    built = subprocess.run(ROOT / "scripts/docs", capture_output=True, text=True, check=False)
    assert 0 == built.returncode, built.stdout + built.stderr
    return ROOT / "build/site"


def test_navigation_names_every_page(site: Path) -> None:
    """No page is missing from the navigation, and none is named that does not exist."""
    named = re.findall(r": ([a-z-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)

    assert sorted(each.name for each in site.with_name("docs").glob("*.md")) == sorted(named)


@pytest.mark.parametrize("package", API)
def test_public_names_are_documented(site: Path, package: str) -> None:
    """Each public name and method has a docstring, and each name a place on the page."""
    page = (site / API[package] / "index.html").read_text("utf-8")
    module = griffe.load(
        package, search_paths=[ROOT / "client", ROOT / "mock_server"], allow_inspection=False
    )
    own = (name for name, each in module.members.items() if not each.is_alias and each.is_function)
    functions = {name for name in own if not name.startswith("_")}
    names = {str(name) for name in module.exports or ()} - {"__version__"} | functions

    assert names
    assert [] == [name for name in names if f'id="{package}.{name}"' not in page]
    assert [] == [
        part.path for name in names for part in parts(module[name]) if not part.has_docstring
    ]


def parts(public: griffe.Object | griffe.Alias) -> Iterator[griffe.Object | griffe.Alias]:
    """Yield an object and, if it is a class, its own public methods."""
    public = public.final_target if isinstance(public, griffe.Alias) else public
    yield public
    for name, member in public.members.items():
        if public.is_class and member.is_function and not name.startswith("_"):
            yield member
