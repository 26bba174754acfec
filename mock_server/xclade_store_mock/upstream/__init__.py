"""In front of a real store: forward requests to it.

May import: `control`, `web`, `contract` and the leaves; never a dialect or the command line.
"""

import base64
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

import httpx

from xclade_store_mock.redaction import hide_text

PORTS = {"http": 80, "https": 443}
"""The default port of each scheme."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The address of a real store; its text has no credentials."""

    url: httpx.URL
    """The origin, and a path if the store is not at the top."""
    authorization: bytes | None = field(default=None, repr=False)
    """The header that sends the URL's credentials."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a URL. Raises ValueError, whose text says what is wrong."""
        shown = repr(hide_text(text))
        try:
            urlsplit(text)  # refuses brackets that httpx takes for a name
            url = httpx.URL(text)
        except (ValueError, httpx.InvalidURL):
            url = httpx.URL()
        if url.scheme not in PORTS or not url.host:
            raise ValueError(f"{shown} is not the URL of a store, such as http://localhost:9000")
        if url.query or url.fragment:
            raise ValueError(f"remove the query and the fragment from {shown}")
        if "store" in url.path.split("/"):
            raise ValueError(f"remove /store from {shown}: the paths of the requests contain it")
        credentials = f"{url.username}:{url.password}".encode()
        authorization = b"Basic " + base64.b64encode(credentials) if url.userinfo else None
        path = url.path.rstrip("/")
        return cls(url.copy_with(userinfo=b"", path=path), authorization)

    def __str__(self) -> str:
        return str(self.url).rstrip("/")

    @property
    def origin(self) -> tuple[str, str, int]:
        """The scheme, the host and the port."""
        scheme = self.url.scheme
        return scheme, self.url.raw_host.decode(), self.url.port or PORTS[scheme]

    @property
    def prefix(self) -> bytes:
        """What precedes the path of each request."""
        return self.url.raw_path.rstrip(b"/")
