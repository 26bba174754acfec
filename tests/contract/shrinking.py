"""Remove what a failure does not need."""

from collections.abc import Callable
from typing import Any, TypeVar

Parts = TypeVar("Parts", bytes, tuple[Any, ...])

_SMALL = 16
"""Up to this size, every slice is tried, and not only neighbouring ones."""


def shrink(parts: Parts, fails: Callable[[Parts], bool]) -> Parts:
    """Return the parts without those slices that it fails without: first halves, at last ones."""
    size = (len(parts) + 1) // 2
    while size:
        start = 0
        while start < len(parts):
            fewer = parts[:start] + parts[start + size :]
            if fails(fewer):
                parts = fewer
            else:
                start += size if size > _SMALL else 1
        size = size // 2 if size > _SMALL else size - 1
    return parts
