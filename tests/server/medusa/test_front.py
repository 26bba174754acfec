"""What the medusa dialect does before a route, as Node, Express and Medusa's middlewares do."""

import httpx
import pytest

PROVIDERS = "/store/payment-providers?region_id=reg_eu"
SESSIONS = "/store/payment-collections/pay_col_1/payment-sessions"


@pytest.mark.parametrize("method", ["GET", "PATCH", "OPTIONS", "POST", "HEAD"])
@pytest.mark.parametrize("id_", ["%", "a%2", "%E9", "%C0%AF"])
def test_malformed_percent_encoding(medusa: httpx.Client, method: str, id_: str) -> None:
    """An id that cannot be decoded is a failure with any method, but only behind the key."""
    url = httpx.URL(f"{medusa.base_url}", raw_path=SESSIONS.replace("pay_col_1", id_).encode())

    answer = medusa.request(method, url)
    without_key = medusa.request(method, url, headers={"x-publishable-api-key": ""})

    assert (500, 400) == (answer.status_code, without_key.status_code)


@pytest.mark.parametrize(
    ("path", "has_cors"),
    [
        ("/STORE//payment-providers/", True),
        ("/store///payment-providers", False),
        ("//store/payment-providers", False),
        ("/store/payment-providers//", False),
    ],
)
def test_one_slash_behind_store_is_ignored_by_cors(
    medusa: httpx.Client, path: str, *, has_cors: bool
) -> None:
    """No route has this path, but what Express mounts at /store does not see the slash."""
    url = httpx.URL(f"{medusa.base_url}", raw_path=path.encode())

    answer = medusa.get(url)

    assert 404 == answer.status_code
    assert has_cors == ("access-control-allow-credentials" in answer.headers)


@pytest.mark.parametrize(("size", "status"), [(16_383, 200), (16_384, 431)])
def test_heads_are_limited(medusa: httpx.Client, size: int, status: int) -> None:
    """Node counts the target, and the names and values of the headers."""
    request = medusa.build_request("GET", PROVIDERS)
    known = len(PROVIDERS) + sum(len(name) + len(value) for name, value in request.headers.raw)
    request.headers["cookie"] = "x" * (size - known - len("cookie"))

    answer = medusa.send(request)

    assert status == answer.status_code
    assert 200 == status or b"" == answer.content


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": 'W/"0-x",  ETAG , "y"'}, 304),
        ({"if-none-match": "STRONG"}, 304),
        ({"if-none-match": 'W/"0-x"'}, 200),
        ({"if-none-match": ""}, 200),
        ({"if-none-match": "*", "cache-control": "max-age=0, no-cache"}, 200),
        ({"if-none-match": "*", "cache-control": "max-age=0"}, 304),
        ({"if-none-match": "*", "if-modified-since": "Mon, 30 Nov 2026 00:00:00 GMT"}, 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditional_requests(
    medusa: httpx.Client, headers: dict[str, str], status: int, method: str
) -> None:
    """A client that has the response gets a 304, without a body but with the CORS headers."""
    etag = medusa.get(PROVIDERS).headers["etag"]
    known = {
        name: value.replace("ETAG", etag).replace("STRONG", etag.removeprefix("W/"))
        for name, value in headers.items()
    }

    answer = medusa.request(method, PROVIDERS, headers=known)

    assert (status, etag) == (answer.status_code, answer.headers["etag"])
    assert ("GET" == method) == ("access-control-allow-credentials" in answer.headers)
    assert 200 == status or ("content-type" not in answer.headers and b"" == answer.content)


def test_entity_tags_are_those_of_express(medusa: httpx.Client) -> None:
    """Errors of a route have a tag, too, pages have none; only what is read can be a 304."""
    refused = medusa.get("/store/payment-providers", headers={"if-none-match": "*"})
    posted = medusa.post(SESSIONS, json={}, headers={"if-none-match": "*"})

    assert [400, 400] == [refused.status_code, posted.status_code]
    assert 'W/"52-GYJRBK0c2RTLytgwO/QiEpZuPBA"' == refused.headers["etag"]
    assert "etag" not in medusa.get("/store/nope").headers
