"""What is told of a check: in a terminal, as JUnit XML for CI, and as one HTML page.

Every value goes through `make_show` on its way into a template: no report can tell a secret.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from xclade_store_mock.check import KEY_VARIABLE
from xclade_store_mock.check.findings import Judge
from xclade_store_mock.check.showing import make_show, show_answer, show_curl
from xclade_store_mock.error_responses import Dialect

TEXT, JUNIT, HTML = "report.txt", "report.xml", "report.html"
"""The templates; the last one loads nothing and runs nothing."""

_DEVIATIONS = "docs/deviations.md"


@dataclass(frozen=True, slots=True)
class Report:
    """A check that was made; `troubles` kept parts of it from being made."""

    url: str
    seed: int
    seconds: float
    judge: Judge
    not_tested: Mapping[str, str]
    troubles: Sequence[str]

    @property
    def passed(self) -> Iterator[tuple[str, str]]:
        """The checks that found nothing, with the operations of which they were made."""
        found = {(finding.operation, finding.check) for finding in self.judge.findings}
        for operation, tally in self.judge.tallies.items():
            for check in sorted(tally.checks):
                if (operation, check) not in found:
                    yield operation, check

    @property
    def sections(self) -> dict[str, Sequence[str]]:
        """What else there is to tell, by titles."""
        judge = self.judge
        sections: dict[str, Sequence[str]] = {
            f"Explained by {_DEVIATIONS}": [
                f"{found.row}: {found.listed}, instead of {found.expected}"
                for found in judge.deviations.values()
            ]
        }
        if judge.dialect is Dialect.MEDUSA:
            sections["Listed there and provoked, but not seen"] = judge.absent
            sections["Listed there, but not provoked"] = judge.unprovoked
        sections["Not tested"] = [f"{what}: {why}" for what, why in self.not_tested.items()]
        sections["The check itself had trouble"] = self.troubles
        return {title: lines for title, lines in sections.items() if lines}


def render(report: Report, template: str) -> str:
    """Write a report; whatever a backend said stands in it as text."""
    key = report.judge.known.key
    show = make_show(key)
    environment = Environment(
        loader=PackageLoader("xclade_store_mock.check", ""),
        autoescape=select_autoescape(("html", "xml")),
        undefined=StrictUndefined,
        finalize=lambda value: show(str(value)),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(
        report=report,
        judge=report.judge,
        came=partial(show_answer, show=show),
        curl=partial(show_curl, key=key, show=show),
        deviations=_DEVIATIONS,
        key_variable=KEY_VARIABLE,
    )
