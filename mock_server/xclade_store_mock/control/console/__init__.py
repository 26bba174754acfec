"""The console: the page at `/` that shows and changes the mock's state."""

from collections.abc import Mapping
from pathlib import Path

from starlette.responses import Response

_FOLDER = Path(__file__).parent
_MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    # Everything comes from the mock itself, and nothing that is shown can become HTML or a script.
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; img-src 'self';"
    " script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def console_pages() -> Mapping[str, Response]:
    """Return the page and its parts, by path."""
    files = [file for file in _FOLDER.iterdir() if file.suffix in _MEDIA_TYPES]
    return {
        "/" if file.name == "index.html" else f"/console/{file.name}": Response(
            file.read_bytes(), media_type=_MEDIA_TYPES[file.suffix], headers=_HEADERS
        )
        for file in files
    }
