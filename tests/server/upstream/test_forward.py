"""Forwarding, over raw sockets: what the upstream receives, and what the client does."""

import base64

import pytest
from tests.server.upstream.conftest import Between
from tests.server.upstream.raw import (
    END,
    GET,
    OK,
    connected,
    exchange,
    parse,
    proxied,
    read_all,
    request,
    upstream,
)

FORWARDED = {
    b"via": [b"1.1 xclade-store-mock"],
    b"x-forwarded-for": [b"127.0.0.1"],
    b"x-forwarded-host": [b"shop.test:8000"],
    b"x-forwarded-proto": [b"http"],
}


@pytest.mark.parametrize(
    "target",
    [b"/a%zz%2F%2f//B/../c;d?x=%zz&&y=[]", b"//evil.test/x", b"/%2e%2e/%00", b"/a?b?c", b"/~'!$@:"],
)
def test_target_arrives_unchanged(between: Between, target: bytes) -> None:
    """Nothing is decoded, normalized or resolved."""
    with between() as (url, raw):
        exchange(url, b"GET %b HTTP/1.1\r\n%b" % (target, END))

        assert b"GET %b HTTP/1.1" % target == raw.last.line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"GET http://evil.test/x HTTP/1.1", b"GET /x HTTP/1.1"),
        (b"GET http://evil.test:1@evil.test/x?y HTTP/1.1", b"GET /x?y HTTP/1.1"),
    ],
)
def test_only_the_upstream_is_called(between: Between, line: bytes, expected: bytes) -> None:
    """A client cannot name another server: neither in the target nor in `Host`."""
    with between() as (url, raw):
        exchange(url, line + b"\r\nHost: evil.test\r\nHost: evil.test\r\nConnection: close\r\n\r\n")

        assert expected == raw.last.line
        assert [raw.url.removeprefix("http://").encode()] == raw.last.headers[b"host"]


def test_connect_is_refused(between: Between) -> None:
    """The proxy opens no tunnels."""
    with between() as (url, raw):
        answer = exchange(url, b"CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n")

        assert answer.line.startswith(b"HTTP/1.1 4")
        assert [] == raw.received


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        pytest.param(b"", b"", {}, id="none"),
        pytest.param(b"X-A: 1\r\nx-a: 2\r\n", b"", {b"x-a": [b"1", b"2"]}, id="repeated"),
        pytest.param(
            b"Keep-Alive: 5\r\nProxy-Connection: close\r\nTE: trailers\r\nTrailer: X-T\r\n"
            b"Proxy-Authorization: Basic eDp5\r\n",
            b"",
            {},
            id="hop-by-hop",
        ),
        pytest.param(
            b"Connection: X-Gone, x-too\r\nX-Gone: 1\r\nX-Too: 1\r\nX-Stays: 1\r\n",
            b"",
            {b"x-stays": [b"1"]},
            id="named by Connection",
        ),
        pytest.param(
            b"Connection: content-length, host\r\nContent-Length: 2\r\n",
            b"hi",
            {b"content-length": [b"2"]},
            id="framing named by Connection",
        ),
        pytest.param(
            b"X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For: 10.0.0.2\r\nVia: 1.0 first\r\n"
            b"X-Forwarded-Proto: https\r\nX-Forwarded-Host: a.test\r\n",
            b"",
            {
                b"x-forwarded-for": [b"10.0.0.1, 10.0.0.2, 127.0.0.1"],
                b"x-forwarded-proto": [b"https"],
                b"x-forwarded-host": [b"a.test"],
                b"via": [b"1.0 first, 1.1 xclade-store-mock"],
            },
            id="forwarded before",
        ),
        pytest.param(
            b"Cookie: a=1\r\nAuthorization: Bearer x\r\nAccept-Encoding: br, x\r\n"
            b"User-Agent: u\r\n",
            b"",
            {
                b"cookie": [b"a=1"],
                b"authorization": [b"Bearer x"],
                b"accept-encoding": [b"br, x"],
                b"user-agent": [b"u"],
            },
            id="end-to-end",
        ),
        pytest.param(
            b"Content-Length: 3\r\nContent-Encoding: gzip\r\n",
            b"\x1f\x8b\x00",
            {b"content-length": [b"3"], b"content-encoding": [b"gzip"]},
            id="encoded body",
        ),
    ],
)
def test_request_headers(
    between: Between, headers: bytes, body: bytes, expected: dict[bytes, list[bytes]]
) -> None:
    """The upstream receives the end-to-end headers, its own `Host`, and where a request is from."""
    with between() as (url, raw):
        answer = exchange(url, request(headers, body))
        own = {b"host": [raw.url.removeprefix("http://").encode()]}

        assert b"HTTP/1.1 200 OK" == answer.line
        assert own | FORWARDED | expected == raw.last.headers
        assert body == raw.last.body


def test_chunked_request_is_framed_anew(between: Between) -> None:
    """Extensions of chunks and trailers are dropped, the content stays."""
    chunked = b"3;x=y\r\nabc\r\n4\r\ndefg\r\n0\r\nX-T: 1\r\n\r\n"
    with between() as (url, raw):
        exchange(url, request(b"Transfer-Encoding: Chunked\r\nTrailer: X-T\r\n", chunked))

        assert [b"chunked"] == raw.last.headers[b"transfer-encoding"]
        assert not {b"x-t", b"trailer", b"content-length"} & raw.last.headers.keys()
        sizes, parts = raw.last.body.split(b"\r\n")[:-2:2], raw.last.body.split(b"\r\n")[1:-2:2]
        assert b"abcdefg" == b"".join(parts)
        assert [len(part) for part in parts] == [int(size, 16) for size in sizes[:-1]]


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length : 5\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked\r\n X: 1\r\n",
        b"X: 1\rTransfer-Encoding: chunked\r\n",
    ],
)
def test_request_cannot_be_smuggled(between: Between, headers: bytes) -> None:
    """Where a request ends is either clear, or it is refused and goes no further."""
    smuggled = b"0\r\n\r\nGET /admin HTTP/1.1\r\nHost: shop\r\n\r\n"
    with between() as (url, raw):
        answer = exchange(url, request(headers, smuggled))

        assert answer.line.split()[1] in {b"400", b"501"}
        assert [] == raw.received


def test_continue_is_sent_before_the_body(between: Between) -> None:
    """A client that expects 100 gets it, and the upstream no expectation."""
    with between() as (url, raw), connected(url) as connection:
        connection.sendall(request(b"Expect: 100-continue\r\nContent-Length: 2\r\n"))
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == connection.recv(100)
        connection.sendall(b"hi")

        assert parse(read_all(connection)).line == b"HTTP/1.1 200 OK"
        assert b"hi" == raw.last.body
        assert b"expect" not in raw.last.headers


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(OK, OK, id="plain"),
        pytest.param(
            b"HTTP/1.1 418 Short And Stout\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 418 Short And Stout\r\nContent-Length: 0\r\n\r\n",
            id="reason",
        ),
        pytest.param(
            b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
            id="no reason",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nDate: then\r\nServer: s\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
            b"Content-Length: 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nDate: then\r\nServer: s\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
            b"Content-Length: 0\r\n\r\n",
            id="repeated",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x00",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x00",
            id="encoded",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nConnection: X-Hop, close\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
            b"Content-Length: 2\r\n\r\nok",
            OK,
            id="hop-by-hop",
        ),
        pytest.param(
            b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\n\r\n",
            id="204",
        ),
        pytest.param(
            b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 9\r\n\r\n',
            b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
            id="304",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nd\r\nuntil the end\r\n0\r\n\r\n",
            id="no length",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 99\r\n"
            b"Connection: close\r\n\r\n2;a=b\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            id="chunked",
        ),
    ],
)
def test_response_arrives_unchanged(between: Between, answer: bytes, expected: bytes) -> None:
    """Status, reason, repeated headers, encoding and bytes; only the framing is this server's."""
    with between(answer) as (url, _):
        line, headers, body = exchange(url, GET)
        wanted = parse(expected)

        assert (wanted.line, wanted.body) == (line, body)
        assert headers.pop(b"x-request-id")  # the proxy's, as the upstream sent none
        assert wanted.headers | {b"vary": [b"Origin"], b"connection": [b"close"]} == headers


def test_head_has_the_length_of_get(between: Between) -> None:
    """A response to HEAD has no body, whatever its length says."""
    with between(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n") as (url, _):
        answer = exchange(url, b"HEAD /x HTTP/1.1\r\n" + END)

        assert [b"9"] == answer.headers[b"content-length"]
        assert b"" == answer.body


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("{upstream}/app?x=%2F#y", "http://shop.test:8000/app?x=%2F#y"),
        ("//{host}/app", "http://shop.test:8000/app"),
        ("{upstream}", "http://shop.test:8000"),
        ("/app", "/app"),
        ("app", "app"),
        ("https://{host}/app", "https://{host}/app"),
        ("http://pay.test/checkout", "http://pay.test/checkout"),
        ("http://[bad/", "http://[bad/"),
    ],
)
def test_redirect_is_passed_on(sent: str, expected: str) -> None:
    """It is never followed; a location on the upstream becomes one on this server."""
    with upstream() as raw, proxied(raw.url) as url:
        names = {"upstream": raw.url, "host": raw.url.removeprefix("http://")}
        location = sent.format(**names).encode()
        raw.answers[:] = [
            b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %b\r\n\r\n" % location
        ]
        answer = exchange(url, GET)

        assert [expected.format(**names).encode()] == answer.headers[b"location"]
        assert 1 == len(raw.received)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"a=1; Domain=127.0.0.1; Path=/", b"a=1; Path=/"),
        (b"a=1; Path=/;domain = .127.0.0.1", b"a=1; Path=/"),
        (b"a=domain=127.0.0.1; Secure", b"a=domain=127.0.0.1; Secure"),
        (b"a=1; Domain=other.test", b"a=1; Domain=other.test"),
    ],
)
def test_cookie_of_the_upstream_becomes_ours(
    between: Between, sent: bytes, expected: bytes
) -> None:
    """A browser would refuse a cookie for the upstream's domain."""
    with between(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: %b\r\n\r\n" % sent) as (
        url,
        _,
    ):
        assert [expected] == exchange(url, GET).headers[b"set-cookie"]


PREFLIGHT = (
    b"OPTIONS /store/carts HTTP/1.1\r\nOrigin: http://shop.test\r\n"
    b"Access-Control-Request-Method: DELETE\r\nAccess-Control-Request-Headers: x-a\r\n"
)


def test_pages_of_other_origins_can_call(between: Between) -> None:
    """The upstream's permission for another origin is replaced; it gets preflights, too."""
    foreign = b"HTTP/1.1 401 No\r\nAccess-Control-Allow-Origin: http://b.test\r\n\r\n"
    with between(foreign) as (url, raw):
        allowed = exchange(url, PREFLIGHT + END)
        assert raw.received[0].startswith(b"OPTIONS /store/carts ")
        assert b"HTTP/1.1 200 OK" == allowed.line
        assert [b"DELETE"] == allowed.headers[b"access-control-allow-methods"]
        assert [b"x-a"] == allowed.headers[b"access-control-allow-headers"]

        answer = exchange(url, b"GET /x HTTP/1.1\r\nOrigin: http://shop.test\r\n" + END)
        for each in (allowed, answer):
            assert [b"http://shop.test"] == each.headers[b"access-control-allow-origin"]
            assert [b"true"] == each.headers[b"access-control-allow-credentials"]
            assert [b"Origin"] == each.headers[b"vary"]


@pytest.mark.parametrize("origin", [b"http://shop.test", b"*"])
def test_permission_of_the_upstream_passes_unchanged(between: Between, origin: bytes) -> None:
    """No CORS header is added or replaced."""
    own = {b"access-control-allow-origin": [origin], b"access-control-allow-methods": [b"PUT"]}
    lines = b"".join(b"%b: %b\r\n" % (name, value) for name, (value,) in own.items())
    with between(b"HTTP/1.1 204 Fine\r\n" + lines + b"\r\n") as (url, _):
        answer = exchange(
            url, PREFLIGHT.replace(b"Access-Control-Request-Headers: x-a\r\n", b"") + END
        )
        to_nobody = exchange(url, GET)

    for headers in (answer.headers, to_nobody.headers):
        assert own == {name: each for name, each in headers.items() if name.startswith(b"access")}


def test_pages_of_origins_that_are_not_listed_cannot_call(between: Between) -> None:
    """Even if the upstream permits it."""
    permission = b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: http://shop.test\r\n\r\n"
    with between(permission, cors_origins=("http://other.test",)) as (url, _):
        answer = exchange(url, PREFLIGHT + END)

    assert b"access-control-allow-origin" not in answer.headers


def test_upgrade_is_refused(between: Between) -> None:
    """A clear message instead of a connection that hangs."""
    with between() as (url, raw):
        answer = exchange(url, request(b"Connection: Upgrade\r\nUpgrade: websocket\r\n"))

        assert answer.line.startswith(b"HTTP/1.1 501 ")
        assert b"does not forward upgrades" in answer.body
        assert [] == raw.received


def test_offer_of_http_2_is_ignored(between: Between) -> None:
    """Java's client makes it with each request; the upstream does not see it."""
    offer = b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n"
    with between(b"HTTP/1.1 200 OK\r\n\r\n") as (url, raw):
        assert b"HTTP/1.1 200 OK" == exchange(url, request(offer, b"{}")).line

    assert b"upgrade" not in raw.received[0].lower()
    assert b"{}" == parse(raw.received[0]).body


def test_credentials_are_sent_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    """As basic authentication, percent-decoded; no message contains them."""
    with upstream(b"") as raw, proxied(raw.url.replace("//", "//ann:p%40ss@")) as url:
        answer = exchange(url, request(b"Authorization: Bearer other\r\n"))
        journal = exchange(
            url,
            b"GET /_mock/journal HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n"
            % url.removeprefix("http://").encode(),
        )

        assert [b"Basic " + base64.b64encode(b"ann:p@ss")] == raw.last.headers[b"authorization"]
        for text in (answer.body, journal.body, caplog.text.encode()):
            assert raw.url.encode() in text
            assert not [secret for secret in (b"ann", b"p@ss", b"p%40ss") if secret in text]


def test_path_of_the_upstream() -> None:
    """A store below a path: requests get the prefix, locations lose it."""
    moved = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /shop/x\r\n\r\n"
    with upstream(moved) as raw, proxied(f"{raw.url}/shop/") as url:
        answer = exchange(url, GET)

        assert b"GET /shop/store/regions HTTP/1.1" == raw.last.line
        assert [b"/x"] == answer.headers[b"location"]
