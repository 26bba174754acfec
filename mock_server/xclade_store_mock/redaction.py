"""Secrets: the names that they go by, and what they look like, whatever they are called."""

import re

HIDDEN = "[redacted]"
NAMES = "token|password|authorization|cookie|publishable|api[-_]?key"
"""A pattern: what stands behind a name with one of these in it is a secret."""

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
