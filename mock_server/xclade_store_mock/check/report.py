"""The reports: for a terminal, as JUnit XML for CI, as GitHub's annotations, and as one HTML page.

Findings are grouped by cause. Templates print every value through `Secrets.hide`, so no report
shows a secret. Of the extra `check`, only Jinja2 is needed.
"""

import shlex
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from importlib.metadata import version

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from xclade_store_mock.check import KEY_HEADER, KEY_VARIABLE, Secrets
from xclade_store_mock.check.calls import OPERATIONS, Interaction
from xclade_store_mock.dialects.medusa import RECORDED
from xclade_store_mock.redaction import HIDDEN

TEXT, JUNIT, HTML, GITHUB = "report.txt", "report.xml", "report.html", "annotations.txt"
"""The templates; the HTML page loads nothing and runs no script."""

_LONGEST = 400
# Longer than what is shown, so that no secret is cut before it is recognized.
_READ = 100_000
_PADDING = 100
_SAFE = frozenset(f'{string.ascii_letters}{string.digits} {{}}[]":,._-'.encode())


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a response, as a check found it.

    If the table lists just this, `row` is its row and `listed` the response that it lists;
    otherwise both are empty.
    """

    operation: str
    check: str
    title: str
    expected: str
    interaction: Interaction
    row: str = ""
    listed: str = ""


@dataclass(slots=True)
class Cause:
    """Findings that one fault explains; `shown` is the one of the shortest call.

    `places` are the operations and checks that it made fail, `titles` what they say.
    """

    shown: Finding
    calls: int = 0
    places: dict[tuple[str, str], None] = field(default_factory=dict)
    titles: dict[str, None] = field(default_factory=dict)
    _last: Interaction | None = None

    def add(self, found: Finding) -> None:
        """Count a finding, and show it if its call is shorter than the one shown."""
        self.calls += found.interaction is not self._last
        self._last = found.interaction
        self.places[found.operation, found.check] = None
        self.titles[found.title] = None
        self.shown = min(self.shown, found, key=_length)

    @property
    def operations(self) -> list[str]:
        """The operations that it made fail."""
        return [*dict.fromkeys(operation for operation, _ in self.places)]

    @property
    def title(self) -> str:
        """What the shown finding says, and how many others there are that say something else."""
        others = len(self.also)
        return f"{self.shown.title} (and {others} more)" if others else self.shown.title

    @property
    def also(self) -> list[str]:
        """The other titles."""
        return [title for title in self.titles if title != self.shown.title]


def _length(found: Finding) -> int:
    return len(found.interaction.url) + len(found.interaction.body)


@dataclass(slots=True)
class Tally:
    """What was tried of an operation; `is_tested` if calls were generated for it."""

    first: Interaction
    calls: int = 0
    checks: Counter[str] = field(default_factory=Counter)
    succeeded: bool = False
    is_tested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was observed of a backend, and what is wrong with it.

    `properties` describe the run, `tallies` are by operation. `not_tested` maps what was left out,
    such as an operation, to the reason; `errors` kept parts of the check from being made.
    `descriptions` are of checks, by name.
    """

    title: str
    url: str
    properties: Mapping[str, str]
    started: datetime
    secrets: Secrets
    tallies: Mapping[str, Tally]
    causes: Sequence[Cause]
    deviations: Sequence[Cause] = ()
    absent: Sequence[str] = ()
    unprovoked: Sequence[str] = ()
    not_tested: Mapping[str, str] = field(default_factory=dict)
    errors: Sequence[str] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict)
    is_interrupted: bool = False
    ended: datetime = field(default_factory=lambda: datetime.now().astimezone())

    @property
    def seconds(self) -> float:
        """How long the check took."""
        return (self.ended - self.started).total_seconds()

    @property
    def verdict(self) -> str:
        """The result in one line."""
        findings = count(len(self.causes), "finding")
        verdict = f"Interrupted; {findings.lower()}" if self.is_interrupted else findings
        verdict += f" in {self.seconds:.0f} s"
        if not self.not_tested:
            return verdict
        was = "was" if len(self.not_tested) == 1 else "were"
        return f"{verdict}; {count(len(self.not_tested), 'thing')} {was} not tested"

    @property
    def advice(self) -> str:
        """What to try if Medusa is known to behave like this; empty otherwise."""
        if not self.causes or not all(cause.shown.row for cause in self.causes):
            return ""
        findings = len(self.causes)
        what = "The finding is" if findings == 1 else f"All {findings} findings are"
        return f"{what} known behavior of {RECORDED}: try --dialect medusa"

    @property
    def untested(self) -> list[str]:
        """The operations that were not tested, or whose test ended because of a lost response."""
        missing = self.not_tested.keys()
        return [each for each in OPERATIONS if missing & {each, f"the rest of {each}"}]

    def findings_of(self, operation: str) -> list[Cause]:
        """Return the causes that made a check of an operation fail."""
        return [cause for cause in self.causes if operation in cause.operations]

    @property
    def failed(self) -> dict[tuple[str, str], list[Cause]]:
        """The causes by operation and check."""
        failed: dict[tuple[str, str], list[Cause]] = {}
        for cause in self.causes:
            for place in cause.places:
                failed.setdefault(place, []).append(cause)
        return failed

    @property
    def passed(self) -> list[tuple[str, str]]:
        """The operations and checks without findings."""
        failed = self.failed
        places = (
            (operation, check)
            for operation, tally in self.tallies.items()
            for check in sorted(tally.checks)
        )
        return [place for place in places if place not in failed]

    @property
    def sections(self) -> dict[str, Sequence[str]]:
        """The other lists of the report, by title."""
        known = (cause.shown for cause in self.deviations)
        sections: dict[str, Sequence[str]] = {
            f"Known and expected of {RECORDED}": [
                f"{found.row}: {found.listed}, instead of {found.expected}" for found in known
            ],
            "Known, but not seen when provoked": self.absent,
            "Known, but not provoked": self.unprovoked,
            "Not tested": [f"{what}: {why}" for what, why in self.not_tested.items()],
            "Errors in the check itself": self.errors,
        }
        return {title: lines for title, lines in sections.items() if lines}


def count(number: int, noun: str) -> str:
    """Return a number with its noun, such as "No findings"."""
    return f"{number or 'No'} {noun}{'' if number == 1 else 's'}"


def render(report: Report, template: str) -> str:
    """Return a report; whatever a backend sent appears in it as text only."""
    hide = report.secrets.hide
    environment = Environment(
        loader=PackageLoader("xclade_store_mock.check", ""),
        autoescape=select_autoescape(("html", "xml")),
        undefined=StrictUndefined,
        finalize=lambda value: value if hasattr(value, "__html__") else hide(str(value)),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(
        report=report,
        received=partial(show_response, secrets=report.secrets),
        curl=partial(show_curl, secrets=report.secrets),
        count=count,
        show=hide,
        medusa=RECORDED,
        version=version("xclade-store"),
        key_variable=KEY_VARIABLE,
    )


def show_response(call: Interaction, secrets: Secrets) -> str:
    """Return a response, or why there is none, on one line that is not too long."""
    response = call.response
    if response is None:
        return secrets.hide(call.error)
    body = secrets.hide(" ".join(response.body[:_READ].decode(errors="replace").split()))
    shortened = f"{body[:_LONGEST]} …" if len(body) > _LONGEST else body
    return f"{secrets.hide(f'{response.status} {response.media_type}')} {shortened}".rstrip()


def show_curl(call: Interaction, secrets: Secrets) -> str:
    """Return a command for a POSIX shell that makes the same call."""
    words = ["curl", "-sS", "-i", "-X", call.method, _word(call.url.encode())]
    given = {(name.lower(), value) for name, value in secrets.headers.items()}
    for name, value in call.headers.items():
        if name.lower() == KEY_HEADER and value == secrets.key:
            words += ["-H", f'"{KEY_HEADER}: ${KEY_VARIABLE}"']
        elif (name.lower(), value) in given:
            words += ["-H", _word(f"{name}: {HIDDEN}".encode())]
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
    return secrets.hide(pipe + " ".join(words))


def _word(text: bytes) -> str:
    return shlex.quote(text.decode()) if _is_plain(text) else f"\"$(printf -- '{_octal(text)}')\""


def _is_plain(text: bytes) -> bool:
    return text.isascii() and text.decode().isprintable()


def _octal(text: bytes) -> str:
    """Return text as a format of printf, for use in single quotes."""
    return "".join(chr(each) if each in _SAFE else f"\\{each:03o}" for each in text)
