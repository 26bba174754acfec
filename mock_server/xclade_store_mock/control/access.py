"""Access to the control API: with the token or, without a token, for this machine's own tools."""

import re
from dataclasses import dataclass, field
from hmac import compare_digest
from urllib.parse import quote

from starlette.types import Scope

from xclade_store_mock.control.errors import ControlForbidden, ControlTokenInvalid
from xclade_store_mock.web import read_header

_LOOPBACK = re.compile(
    r"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE
)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Access:
    """How the control API is guarded.

    Without a token it serves only requests to a loopback name, which prevents DNS rebinding, and
    none from pages of another origin.
    """

    token: str | None = field(default=None, repr=False)
    is_random: bool = False
    """Whether the token is the server's own choice, so that nobody knows it yet."""

    def console_url(self, url: str) -> str:
        """Return the link that opens the console of the server at a URL, with the token."""
        # Browsers do not send what follows "#".
        return f"{url}/" if self.token is None else f"{url}/#token={quote(self.token, safe='')}"

    def logged_console_url(self, url: str) -> str:
        """Return the same link for a log, which contains the token only if it is random."""
        return self.console_url(url) if self.is_random else f"{url}/"

    def check(self, scope: Scope) -> None:
        """Raise ControlTokenInvalid or ControlForbidden for a request that is not allowed."""
        if self.token is not None:
            _check_token(self.token, read_header(scope, "authorization") or "")
            return
        host = read_header(scope, "host") or ""
        if not _is_own(host, scope):
            raise ControlForbidden(
                f"The control API does not serve the host {host!r}: use a loopback address, or"
                " start the server with --control-token."
            )
        origin = read_header(scope, "origin")
        if origin is not None and origin.lower() != f"{scope['scheme']}://{host}".lower():
            raise ControlForbidden(f"The control API does not serve pages of {origin}.")


def _check_token(token: str, header: str) -> None:
    scheme, _, sent = header.partition(" ")
    if scheme.lower() != "bearer" or not compare_digest(sent.strip().encode(), token.encode()):
        raise ControlTokenInvalid


def _is_own(host: str, scope: Scope) -> bool:
    match = _LOOPBACK.fullmatch(host)
    _, port = scope.get("server") or (None, None)
    default = _PORTS[scope["scheme"]]
    return match is not None and int(match["port"] or default) == (port or default)
