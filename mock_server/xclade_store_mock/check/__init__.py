"""Check any backend against the contract: `xclade-store-mock check`.

May import `contract`, `dialects`, `web` and the leaves. `cli.check` holds the options. This module
is all that the command line needs before the extra `check` is loaded.
"""

import html
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TextIO
from urllib.parse import quote

from xclade_store_mock.redaction import HIDDEN, hide_members

KEY_VARIABLE = "XCLADE_PUBLISHABLE_KEY"
"""The environment variable that holds the publishable key, here and in the printed commands."""

KEY_HEADER = "x-publishable-api-key"
"""The header that carries the publishable key."""

IDEMPOTENCY_KEY = "Idempotency-Key"
"""The header that carries the idempotency key, as the contract spells it."""

FINDINGS = 1
"""The exit code if something violates the contract."""

CANNOT_CHECK = 2
"""The exit code if the check could not be made; argparse uses it for invalid options."""

INTERRUPTED = 130
"""The exit code of an interrupted check."""

NOT_TESTED = 3
"""The exit code if there are no findings, but an operation was not tested."""

# Shorter words, such as those of `X-Debug: true`, are too common to be hidden wherever they occur.
_SHORTEST_SECRET = 8


def print_safely(text: str, stream: TextIO | None = None) -> None:
    """Print text, escaping what the stream's encoding lacks."""
    stream = stream or sys.stdout
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, errors="backslashreplace").decode(encoding))
    stream.flush()


@dataclass(frozen=True, slots=True)
class Secrets:
    """What no report shows: the publishable key, and the values of the headers given with -H."""

    key: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def hide(self, text: str) -> str:
        """Return a text without secrets, and with control characters escaped."""
        for secret, replacement in self._forms():
            text = text.replace(secret, replacement)
        text = hide_members(text)
        return "".join(each if each.isprintable() else _escape(each) for each in text)

    def _forms(self) -> Iterator[tuple[str, str]]:
        words = [word for value in self.headers.values() for word in value.split()]
        hidden = {word: HIDDEN for word in words if len(word) >= _SHORTEST_SECRET}
        if self.key:
            hidden[self.key] = "[publishable key]"
        for secret, replacement in hidden.items():
            quoted = quote(secret, safe=""), json.dumps(secret)[1:-1], html.escape(secret)
            for form in {secret, *quoted}:
                yield form, replacement


def _escape(character: str) -> str:
    return character.encode("unicode_escape", errors="surrogatepass").decode()
