"""What is told of a check: in a terminal, as JUnit XML for CI, and as one HTML page.

Every value goes through `make_show` on its way into a template: no report can tell a secret.
"""

import shlex
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from importlib.metadata import version

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from xclade_store_mock.check import KEY_HEADER, KEY_VARIABLE
from xclade_store_mock.check.backend import Exchange
from xclade_store_mock.check.findings import Finding, Judge
from xclade_store_mock.check.showing import Show, make_show

TEXT, JUNIT, HTML = "report.txt", "report.xml", "report.html"
"""The templates; the last one loads nothing and runs nothing."""

_KNOWN = "known of Medusa 2.21.2"
"""What the page that `deviations` renders lists, for somebody who does not have it."""

_LONGEST = 400
# More than is ever shown, so that no secret is cut in two before it is known as one.
_READ = 100_000
_PADDING = 100
_SAFE = frozenset(f'{string.ascii_letters}{string.digits} {{}}[]":,._-'.encode())


@dataclass(frozen=True, slots=True)
class Report:
    """A check that was made; `troubles` kept parts of it from being made."""

    url: str
    seed: int
    started: datetime
    judge: Judge
    not_tested: Mapping[str, str]
    troubles: Sequence[str]
    is_interrupted: bool
    ended: datetime = field(default_factory=lambda: datetime.now().astimezone())

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended - self.started).total_seconds()

    @property
    def verdict(self) -> str:
        """What came of it, in short."""
        findings = count(len(self.judge.findings), "finding")
        verdict = f"Interrupted; {findings.lower()}" if self.is_interrupted else findings
        verdict += f" in {self.seconds:.0f} s"
        if not self.not_tested:
            return verdict
        was = "was" if len(self.not_tested) == 1 else "were"
        return f"{verdict}; {count(len(self.not_tested), 'thing')} {was} not tested"

    @property
    def advice(self) -> str:
        """What to try if nothing is found but what is known of a real backend; or nothing."""
        findings = self.judge.findings
        if not findings or not all(found.row for found in findings):
            return ""
        what = "The finding is" if len(findings) == 1 else f"All {len(findings)} findings are"
        return f"{what} {_KNOWN}: try --dialect medusa"

    @property
    def failed(self) -> dict[tuple[str, str], list[Finding]]:
        """The findings, by operation and check."""
        failed: dict[tuple[str, str], list[Finding]] = {}
        for found in self.judge.findings:
            failed.setdefault((found.operation, found.check), []).append(found)
        return failed

    @property
    def passed(self) -> Iterator[tuple[str, str]]:
        """The checks that found nothing, with the operations of which they were made."""
        failed = self.failed
        for operation, tally in self.judge.tallies.items():
            for check in sorted(tally.checks):
                if (operation, check) not in failed:
                    yield operation, check

    @property
    def sections(self) -> dict[str, Sequence[str]]:
        """What else there is to tell, by titles."""
        judge = self.judge
        sections: dict[str, Sequence[str]] = {
            f"{_KNOWN[0].upper()}{_KNOWN[1:]}, and so expected": [
                f"{found.row}: {found.listed}, instead of {found.expected}"
                for found in judge.deviations.values()
            ]
        }
        if judge.dialect.deviations:
            sections["Known of it and provoked, but not seen"] = judge.absent
            sections["Known of it, but not provoked"] = judge.unprovoked
        sections["Not tested"] = [f"{what}: {why}" for what, why in self.not_tested.items()]
        sections["The check itself had trouble"] = self.troubles
        return {title: lines for title, lines in sections.items() if lines}


def count(number: int, noun: str) -> str:
    """Say how many."""
    return f"{number or 'No'} {noun}{'' if number == 1 else 's'}"


def render(report: Report, template: str) -> str:
    """Write a report; whatever a backend said stands in it as text."""
    key = report.judge.known.key
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
        came=partial(show_answer, show=show),
        curl=partial(show_curl, key=key, show=show),
        count=count,
        show=show,
        known=_KNOWN,
        version=version("xclade-store"),
        key_variable=KEY_VARIABLE,
    )


def show_answer(exchange: Exchange, show: Show) -> str:
    """Tell what came, on one line that is not too long."""
    answer = exchange.answer
    if answer is None:
        return show(exchange.trouble)
    body = show(" ".join(answer.body[:_READ].decode(errors="replace").split()))
    cut = f"{body[:_LONGEST]} …" if len(body) > _LONGEST else body
    return f"{show(f'{answer.status} {answer.media_type}')} {cut}".rstrip()


def show_curl(exchange: Exchange, key: str, show: Show) -> str:
    """Write a command for a POSIX shell that makes the same call."""
    words = ["curl", "-sS", "-i", "-X", exchange.method, _word(exchange.url.encode())]
    for name, value in exchange.headers.items():
        if name.lower() == KEY_HEADER and value == key:
            words += ["-H", f'"{KEY_HEADER}: ${KEY_VARIABLE}"']
        else:
            # curl leaves out a header whose value is blank, unless it ends with a semicolon.
            line = f"{name}: {value}" if value.strip() else f"{name};"
            words += ["-H", _word(line.encode("latin-1", errors="replace"))]
    feed = ""
    if exchange.body:
        core = exchange.body.rstrip(b" ")
        padding = len(exchange.body) - len(core)
        if padding < _PADDING and _is_plain(exchange.body):
            words += ["--data-raw", _word(exchange.body)]
        else:
            feed = f"printf -- '{_octal(core)}%{padding or ''}s' '' | "
            words += ["--data-binary", "@-"]
    return show(feed + " ".join(words))


def _word(text: bytes) -> str:
    return shlex.quote(text.decode()) if _is_plain(text) else f"\"$(printf -- '{_octal(text)}')\""


def _is_plain(text: bytes) -> bool:
    return text.isascii() and text.decode().isprintable()


def _octal(text: bytes) -> str:
    """Write text for printf, in single quotes."""
    return "".join(chr(each) if each in _SAFE else f"\\{each:03o}" for each in text)
