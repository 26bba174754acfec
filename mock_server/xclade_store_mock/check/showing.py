"""Text for people: without secrets, and without characters that control a terminal.

A module of its own, because the command line needs it before the extra `check` is loaded.
"""

import html
import json
import sys
from collections.abc import Callable
from typing import TextIO
from urllib.parse import quote

from xclade_store_mock.redaction import hide_members

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
