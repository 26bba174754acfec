"""How much the server takes, from one connection and from all of them."""

import sys
from contextlib import suppress
from dataclasses import dataclass, replace

if sys.platform != "win32":
    import resource

_OTHER_FILES = 64
"""How many files a process has open beside its connections, unless it is granted very few."""


@dataclass(frozen=True)
class Limits:
    """What is taken; beyond it connections are answered and closed."""

    connections: int = 10_000
    """How many there may be at a time; one more is answered 503."""
    head: int = 65_536
    """How many bytes a request's first line and headers may have; more are answered 431."""
    seconds: float = 30.0
    """How long a request may take to arrive; then it is answered 408."""


def allow(limits: Limits) -> Limits:
    """Let this process open as many files as that takes; answer what the system grants.

    Without a file for one more connection nobody would hear that there are too many.
    """
    if sys.platform == "win32":
        return limits
    granted, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections + _OTHER_FILES
    if granted < wanted:
        wanted = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        with suppress(ValueError, OSError):  # macOS has one more limit, which it does not tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
            granted = wanted
    room = max(granted - _OTHER_FILES, granted // 2)
    return replace(limits, connections=min(limits.connections, room))
