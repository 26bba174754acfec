"""What to check, and whether it may be checked: decided before anything is loaded or called."""

import base64
import ipaddress
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from xclade_store_mock.check import KEY_VARIABLE

AUTHORIZATION = "Authorization"
"""The header that user name and password in the URL become."""

_DEFAULT_RATE = "20/s"


class CannotCheck(Exception):
    """The check cannot be made; the message says why."""


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """The options of a check, as given; `time_limit` and `timeout` are in seconds.

    None means: ids unknown, rate and time unlimited (but see `confirm`), seed random.
    """

    url: str
    publishable_key: str
    dialect: str
    headers: Mapping[str, str]
    region_id: str | None
    cart_id: str | None
    create_cart: bool
    collection_id: str | None
    provider_id: str | None
    junit: Path | None
    html: Path | None
    github: bool
    allow_untested: bool
    yes: bool
    rate: str | None
    max_examples: int
    time_limit: int | None
    timeout: int
    seed: int | None


def confirm(options: CheckOptions) -> CheckOptions:
    """Return the options as they are used; ask before another machine is called.

    The URL is plain, its user name and password are a header, and another machine has a rate.

    Raises:
        CannotCheck: If the backend must not be called, or a report could not be written.
    """
    url, credentials = parse_url(options.url)
    if credentials and AUTHORIZATION.lower() in map(str.lower, options.headers):
        message = f"pass either a user name and password in the URL, or -H '{AUTHORIZATION}: …'"
        raise CannotCheck(message)
    options = replace(options, url=url, headers={**options.headers, **credentials})
    if not options.publishable_key:
        raise CannotCheck(f"pass --publishable-key, or set {KEY_VARIABLE}")
    for path in (options.junit, options.html):
        if path is not None:
            require_writable(path)
    if not is_loopback(options.url):
        options = replace(options, rate=options.rate or _DEFAULT_RATE)
        if not options.yes:
            _ask(options)
    return options


def parse_url(text: str) -> tuple[str, dict[str, str]]:
    """Return a backend's plain URL, and the header for the user name and password in it, if any.

    Raises:
        CannotCheck: If the URL is invalid.
    """
    try:
        parts = urlsplit(text)
        # As the host is sent: a label may be neither empty nor too long.
        host = (parts.hostname or "").encode("idna")
        is_valid = parts.scheme in {"http", "https"} and host and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid or parts.query or parts.fragment or not text.isprintable() or " " in text:
        # Without the password, if there is one.
        shown = text.rpartition("@")[2]
        message = f"{shown!r} is not the URL of a backend, such as https://demo.api.myxclade.com"
        raise CannotCheck(message)
    user, at, address = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    pair = f"{unquote(name)}:{unquote(password)}".encode()
    credentials = {AUTHORIZATION: f"Basic {base64.b64encode(pair).decode()}"} if at else {}
    return parts._replace(netloc=address).geturl().rstrip("/"), credentials


def is_loopback(url: str) -> bool:
    """Return whether a URL names this machine, without resolving the name."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def require_writable(path: Path) -> None:
    """Raise CannotCheck if a report cannot be written: better now than after the check."""
    try:
        is_new = not path.exists()
        path.touch()
        if is_new:
            path.unlink()
    except OSError as error:
        raise CannotCheck(f"cannot write {path}: {error.strerror}") from error


def _ask(options: CheckOptions) -> None:
    """Ask whether to call another machine; raise CannotCheck unless the answer is yes."""
    if not sys.stdin.isatty():
        raise CannotCheck(f"{options.url} is another machine: pass --yes to check it")
    sys.stdout.write(
        f"This makes several hundred calls to {options.url}, at most {options.rate},\n"
        "and creates payment sessions there. Continue? [y/N] "
    )
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CannotCheck("nothing was called")
