"""What to change when something other than the Store API responds."""

import re
from http import HTTPStatus

import httpx

_TOO_LONG = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the request's body is too large: send less data",
    HTTPStatus.REQUEST_URI_TOO_LONG: "the URL is too long: select fewer fields",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        "the request's headers are too large: shorten customer_token, idempotency_key or the "
        "headers of http_client"
    ),
}
_LOGIN = re.compile(r"log-?in|sign-?in|sso|oauth", re.IGNORECASE)
_LONGEST = 300
_MOST_FAULTS = 1000


def explain_unreadable(response: httpx.Response, error: Exception) -> str:
    """Return what an unreadable response is, and what to change."""
    if response.has_redirect_location:
        what = _redirect(response.headers["location"][:_LONGEST])
    elif response.status_code in _TOO_LONG:
        what = _TOO_LONG[HTTPStatus(response.status_code)]
    elif _is_html(response):
        what = _page(response)
    else:
        what = f"not what the contract says: {type(error).__name__}: {error}"[:_MOST_FAULTS]
    return with_base_url_hint(what, response)


def explain_unauthorized(response: httpx.Response) -> str:
    """Return the message for a 401 without JSON, which the contract documents as a bare text."""
    return f"Unauthorized: {_page(response)}" if _is_html(response) else "Unauthorized"


def with_base_url_hint(message: str, response: httpx.Response) -> str:
    """Return the message, with what is wrong with base_url if its path has one part too many."""
    url = response.request.url
    found = re.match(rb"(.*)/(store|admin)/store/payment-(?:provider|collection)s", url.raw_path)
    if found is None:
        return message
    better = url.copy_with(userinfo=b"", raw_path=found[1] or b"/")
    end = found[2].decode()
    return f"{message} (base_url ends in /{end}, but the client adds /store itself: try {better})"


def _redirect(location: str) -> str:
    if _LOGIN.search(location):
        return (
            f"redirected to {location}, which looks like a login page: check base_url, and whether "
            "something in front of the store requires a login"
        )
    return f"redirected to {location}: check base_url"


def _is_html(response: httpx.Response) -> bool:
    kind = response.headers.get("content-type", "")
    return "html" in kind or response.content.lstrip()[:9].lower().startswith(
        (b"<!doctype", b"<html")
    )


def _page(response: httpx.Response) -> str:
    head = response.content[:20_000].decode(errors="replace")
    title = re.search(r"<title[^<>]*>([^<]*)", head, re.IGNORECASE)
    name = f" ({' '.join(title[1].split())[:80]!r})" if title else ""
    if response.is_server_error:
        return f"an HTML page{name} instead of JSON: something in front of the store failed"
    kind = "a login page" if 'type="password"' in head or _LOGIN.search(name) else "an HTML page"
    return f"{kind}{name} instead of JSON: base_url does not lead to the Store API"
