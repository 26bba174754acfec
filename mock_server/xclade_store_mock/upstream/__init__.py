"""In front of a real store, or of a recording of one.

The path of a request, where `→` is a call, and `Recorder` is there with --record:

    proxy: frame → Cors → faults → Checks → Recorder → Forward → Connection
    serve: frame → Split → Recorder → Cors → faults → the mock's own operations
           frame → Split → Cors → faults → Recorder → OneStore → Forward → Connection, or Recorded

`OneStore` and the mock's own operations share a `Learner`, which asks the same backend. `record`
writes a `Recording`, which `replay` sends again; its cases reveal the store before them.

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

KEY = "x-publishable-api-key"
"""The header that carries the publishable key."""

READS = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods that change nothing."""

OK = range(200, 206)
"""The statuses of success that may come with a whole document."""

BODILESS = frozenset({204, 304})
"""The statuses of responses that have no body."""

NO_CURRENCY = "xxx"
"""The code of ISO 4217 for a currency that is not known."""


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
