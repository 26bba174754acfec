"""Check any backend against the contract: `xclade-store-mock check`.

May import `contract`, `dialects`, `web` and the leaves. `cli.check` holds the options. This module
is all that the command line needs before the extra `check` is loaded.
"""

import html
import json
import sys
from collections.abc import Callable
from typing import TextIO
from urllib.parse import quote

from xclade_store_mock.redaction import hide_members

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

Show = Callable[[str], str]


def print_safely(text: str, stream: TextIO | None = None) -> None:
    """Print text, escaping what the stream's encoding lacks."""
    stream = stream or sys.stdout
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, errors="backslashreplace").decode(encoding))
    stream.flush()


def make_show(key: str) -> Show:
    """Return a function that hides the key and other secrets and escapes control characters."""
    forms = {key, quote(key, safe=""), json.dumps(key)[1:-1], html.escape(key)} if key else set()

    def show(text: str) -> str:
        for form in forms:
            text = text.replace(form, "[publishable key]")
        text = hide_members(text)
        return "".join(each if each.isprintable() else _escape(each) for each in text)

    return show


def _escape(character: str) -> str:
    return character.encode("unicode_escape", errors="surrogatepass").decode()
