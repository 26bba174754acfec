"""Secrets that are known by their looks, whatever they are called: keys, and passwords in URLs."""

import re

HIDDEN = "[redacted]"

_LOOKS = re.compile(
    r"""
      (?P<user>  ://[^/\s:@]*: )  [^/\s@]+ (?=@)
    | \b(?:pk|sk|rk|whsec)_[\w-]+
    | \b\w+_secret_\w+
    """,
    re.IGNORECASE | re.VERBOSE,
)


def hide_by_looks(text: str) -> str:
    """Answer a text without what looks like a secret."""
    return _LOOKS.sub(lambda found: f"{found['user'] or ''}{HIDDEN}", text)
