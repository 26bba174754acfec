"""The reports: for a terminal, as JUnit XML for CI, and as one HTML page.

Templates print every value through `make_show`, so no report shows a secret.
"""

import shlex
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from importlib.metadata import version

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from xclade_store_mock.check import KEY_HEADER, KEY_VARIABLE, Show, make_show
from xclade_store_mock.check.calls import Interaction
from xclade_store_mock.check.findings import Finding, Judge
from xclade_store_mock.dialects.medusa import RECORDED

TEXT, JUNIT, HTML = "report.txt", "report.xml", "report.html"
"""The templates; the HTML page loads nothing and runs no script."""

_LONGEST = 400
# Longer than what is shown, so that no secret is cut before it is recognized.
_READ = 100_000
_PADDING = 100
_SAFE = frozenset(f'{string.ascii_letters}{string.digits} {{}}[]":,._-'.encode())


@dataclass(frozen=True, slots=True)
class Report:
    """A check that was made; `errors` kept parts of it from being made."""

    url: str
    seed: int
    started: datetime
    judge: Judge
    not_tested: Mapping[str, str]
    errors: Sequence[str]
    is_interrupted: bool
    ended: datetime = field(default_factory=lambda: datetime.now().astimezone())

    @property
    def seconds(self) -> float:
        """How long the check took."""
        return (self.ended - self.started).total_seconds()

    @property
    def verdict(self) -> str:
        """The result in one line."""
        findings = count(len(self.judge.findings), "finding")
        verdict = f"Interrupted; {findings.lower()}" if self.is_interrupted else findings
        verdict += f" in {self.seconds:.0f} s"
        if not self.not_tested:
            return verdict
        was = "was" if len(self.not_tested) == 1 else "were"
        return f"{verdict}; {count(len(self.not_tested), 'thing')} {was} not tested"

    @property
    def advice(self) -> str:
        """What to try if Medusa is known to behave like this; empty otherwise."""
        findings = self.judge.findings
        if not findings or not all(found.row for found in findings):
            return ""
        what = "The finding is" if len(findings) == 1 else f"All {len(findings)} findings are"
        return f"{what} known behavior of {RECORDED}: try --dialect medusa"

    @property
    def failed(self) -> dict[tuple[str, str], list[Finding]]:
        """The findings by operation and check."""
        failed: dict[tuple[str, str], list[Finding]] = {}
        for found in self.judge.findings:
            failed.setdefault((found.operation, found.check), []).append(found)
        return failed

    @property
    def passed(self) -> Iterator[tuple[str, str]]:
        """The operations and checks without findings."""
        failed = self.failed
        for operation, tally in self.judge.tallies.items():
            for check in sorted(tally.checks):
                if (operation, check) not in failed:
                    yield operation, check

    @property
    def sections(self) -> dict[str, Sequence[str]]:
        """The other lists of the report, by title."""
        deviations = self.judge.deviations.values()
        sections: dict[str, Sequence[str]] = {
            f"Known and expected of {RECORDED}": [
                f"{found.row}: {found.listed}, instead of {found.expected}" for found in deviations
            ],
            "Known, but not seen when provoked": self.judge.absent,
            "Known, but not provoked": self.judge.unprovoked,
            "Not tested": [f"{what}: {why}" for what, why in self.not_tested.items()],
            "Errors in the check itself": self.errors,
        }
        return {title: lines for title, lines in sections.items() if lines}


def count(number: int, noun: str) -> str:
    """Return a number with its noun, such as "No findings"."""
    return f"{number or 'No'} {noun}{'' if number == 1 else 's'}"


def render(report: Report, template: str) -> str:
    """Return a report; whatever a backend sent appears in it as text only."""
    key = report.judge.evidence.key
    show = make_show(key)
    environment = Environment(
        loader=PackageLoader("xclade_store_mock.check", ""),
        autoescape=select_autoescape(("html", "xml")),
        undefined=StrictUndefined,
        finalize=lambda value: value if hasattr(value, "__html__") else show(str(value)),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(
        report=report,
        judge=report.judge,
        received=partial(show_response, show=show),
        curl=partial(show_curl, key=key, show=show),
        count=count,
        show=show,
        medusa=RECORDED,
        version=version("xclade-store"),
        key_variable=KEY_VARIABLE,
    )


def show_response(call: Interaction, show: Show) -> str:
    """Return a response, or why there is none, on one line that is not too long."""
    response = call.response
    if response is None:
        return show(call.error)
    body = show(" ".join(response.body[:_READ].decode(errors="replace").split()))
    shortened = f"{body[:_LONGEST]} …" if len(body) > _LONGEST else body
    return f"{show(f'{response.status} {response.media_type}')} {shortened}".rstrip()


def show_curl(call: Interaction, key: str, show: Show) -> str:
    """Return a command for a POSIX shell that makes the same call."""
    words = ["curl", "-sS", "-i", "-X", call.method, _word(call.url.encode())]
    for name, value in call.headers.items():
        if name.lower() == KEY_HEADER and value == key:
            words += ["-H", f'"{KEY_HEADER}: ${KEY_VARIABLE}"']
        else:
            # curl sends a header with a blank value only if it ends with a semicolon.
            line = f"{name}: {value}" if value.strip() else f"{name};"
            words += ["-H", _word(line.encode("latin-1", errors="replace"))]
    pipe = ""
    if call.body:
        core = call.body.rstrip(b" ")
        padding = len(call.body) - len(core)
        if padding < _PADDING and _is_plain(call.body):
            words += ["--data-raw", _word(call.body)]
        else:
            pipe = f"printf -- '{_octal(core)}%{padding or ''}s' '' | "
            words += ["--data-binary", "@-"]
    return show(pipe + " ".join(words))


def _word(text: bytes) -> str:
    return shlex.quote(text.decode()) if _is_plain(text) else f"\"$(printf -- '{_octal(text)}')\""


def _is_plain(text: bytes) -> bool:
    return text.isascii() and text.decode().isprintable()


def _octal(text: bytes) -> str:
    """Return text as a format of printf, for use in single quotes."""
    return "".join(chr(each) if each in _SAFE else f"\\{each:03o}" for each in text)
