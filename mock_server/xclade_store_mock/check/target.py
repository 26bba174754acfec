"""Whether a backend may be checked at all: found out before anything is loaded or called."""

import argparse
import ipaddress
import sys
from dataclasses import dataclass
from urllib.parse import urlsplit

from xclade_store_mock.check import KEY_VARIABLE

_RATE = "20/s"


class Unusable(Exception):
    """The check cannot be made; the message tells a person why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A backend that may be checked: its URL without a slash at the end, its key, and the rate."""

    url: str
    key: str
    rate: str | None


def approve(options: argparse.Namespace) -> Target:
    """Answer what may be checked; raise Unusable if nothing may."""
    url = parse_url(options.url)
    if options.publishable_key is None:
        message = f"pass --publishable-key, or set {KEY_VARIABLE}"
        raise Unusable(message)
    for path in filter(None, (options.junit, options.html)):
        try:
            # Better now than after the check.
            is_new = not path.exists()
            path.touch()
            if is_new:
                path.unlink()
        except OSError as error:
            message = f"cannot write {path}: {error.strerror}"
            raise Unusable(message) from error
    if is_loopback(url):
        return Target(url, options.publishable_key, options.rate)
    target = Target(url, options.publishable_key, options.rate or _RATE)
    if not options.yes:
        _ask(target)
    return target


def parse_url(text: str) -> str:
    """Answer a backend's URL without a slash at its end; raise Unusable if it is none."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        message = f"{text!r} is not the URL of a backend, such as https://demo.api.myxclade.com"
        raise Unusable(message)
    if parts.username is not None or parts.password is not None:
        message = "leave the user and the password out of the URL"
        raise Unusable(message)
    return text.rstrip("/")


def is_loopback(url: str) -> bool:
    """Tell whether a URL names this machine, whatever names resolve to."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _ask(target: Target) -> None:
    """Make sure that somebody wants another machine to be called; raise Unusable if not."""
    if not sys.stdin.isatty():
        message = f"{target.url} is another machine: pass --yes if it is to be checked"
        raise Unusable(message)
    sys.stdout.write(
        f"This makes some hundred calls to {target.url}, at most {target.rate},\n"
        "and creates payment sessions there. Go on? [y/N] "
    )
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        message = "nothing was called"
        raise Unusable(message)
