"""Limits of one connection, and of all together."""

import re
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from queue import SimpleQueue

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from tests.conftest import KEY, PATIENCE
from tests.server.command import running
from tests.server.limited import SECONDS, Limited, limited, read_all
from tests.server.wire import PROVIDERS, SESSIONS, connect

from xclade_store_mock.app import create_app
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.serving import LIMITS

REQUEST = (
    f"GET {PROVIDERS}?region_id=reg_demo HTTP/1.1\r\nHost: mock\r\n"
    "x-publishable-api-key: pk_demo\r\n"
)
HALF_A_BODY = (
    f"POST {SESSIONS} HTTP/1.1\r\nHost: mock\r\nContent-Length: 100\r\n"
    "Content-Type: application/json\r\nx-publishable-api-key: pk_demo\r\n\r\n{"
)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def status_of(response: str) -> int:
    """Return the status of a response."""
    return int(response.split(" ", 2)[1])


def id_of(response: str) -> str:
    """Return the request id of a response."""
    head, _, _ = response.partition("\r\n\r\n")
    (id_,) = re.findall(r"^x-request-id: (\S+)$", head.replace("\r", ""), re.MULTILINE)
    return str(id_)


def assert_serves_others(mock: Limited) -> None:
    """Check that the server responds on other connections."""
    response = httpx.get(f"{mock.url}{PROVIDERS}?region_id=reg_demo", headers=KEY)
    assert 200 == response.status_code


@pytest.mark.parametrize(
    "beginning",
    ["", "GET /store", REQUEST, HALF_A_BODY],
    ids=["nothing", "half a line", "half a head", "half a body"],
)
def test_request_does_not_arrive(beginning: str) -> None:
    """A request that takes too long gets 408, and the connection is closed."""
    with limited() as mock, connect(mock.url) as connection:
        connection.sendall(beginning.encode())

        assert 408 == status_of(mock.wait_for(connection))
        assert_serves_others(mock)


def test_request_arrives_too_slowly() -> None:
    """Sending a header now and then does not extend the time."""
    with limited() as mock, connect(mock.url) as connection:
        connection.sendall(REQUEST.encode())
        connection.settimeout(0.05)
        for _ in range(200):
            with suppress(TimeoutError):
                assert 408 == status_of(connection.recv(1_000).decode())
                return
            connection.sendall(b"X-Drop: 1\r\n")
            mock.put_forward(SECONDS / 4)
    pytest.fail("the request was never refused")


def test_long_body_arrives() -> None:
    """A body that goes on arriving may take longer than the time for a part of it."""
    received: SimpleQueue[bytes] = SimpleQueue()

    async def receive_body(scope: Scope, receive: Receive, send: Send) -> None:
        while scope["type"] == "http":
            message = await receive()
            received.put(message["body"])
            if not message["more_body"]:
                await send({"type": "http.response.start", "status": 204, "headers": []})
                await send({"type": "http.response.body"})
                return

    with limited(receive_body) as mock, connect(mock.url) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: mock\r\nContent-Length: 4\r\n\r\n")
        for byte in (b"1", b"2", b"3", b"4"):
            mock.put_forward(SECONDS / 3)
            connection.sendall(byte)
            while received.get(timeout=PATIENCE) != byte:
                pass

        assert 204 == status_of(connection.recv(65_536).decode())


def test_time_between_requests_is_not_counted() -> None:
    """A kept connection can be idle between requests."""
    with limited(kept=9 * SECONDS) as mock, connect(mock.url) as connection:
        for _ in range(3):
            connection.sendall(f"{REQUEST}\r\n".encode())
            assert 200 == status_of(connection.recv(65_536).decode())
            mock.put_forward(2 * SECONDS)


def test_later_request_does_not_arrive() -> None:
    """The time of each request starts when the request begins."""
    with limited(kept=9 * SECONDS) as mock, connect(mock.url) as connection:
        connection.sendall(f"{REQUEST}\r\n".encode())
        assert 200 == status_of(connection.recv(65_536).decode())
        mock.put_forward(2 * SECONDS)
        connection.sendall(REQUEST.encode())

        assert 408 == status_of(mock.wait_for(connection))


def test_closes_idle_connections() -> None:
    """A connection without further requests is closed without a response."""
    with limited() as mock, connect(mock.url) as connection:
        for _ in range(2):
            connection.sendall(f"{REQUEST}\r\n".encode())
            assert 200 == status_of(connection.recv(65_536).decode())

        assert "" == mock.wait_for(connection)
        assert_serves_others(mock)


@pytest.mark.parametrize("part", [1_000_000, 1_000], ids=["at once", "bit by bit"])
@pytest.mark.parametrize("end", ["\r\n\r\n", ""], ids=["whole", "without end"])
def test_head_is_too_large(part: int, end: str) -> None:
    """The server does not read a megabyte of headers."""
    with limited() as mock, connect(mock.url) as connection:
        head = f"{REQUEST}X-Large: {'x' * 1_000_000}{end}".encode()
        # The server stops reading, and so its response can get lost.
        with suppress(BrokenPipeError, ConnectionResetError):
            for start in range(0, len(head), part):
                connection.sendall(head[start : start + part])
        response = read_all(connection)

        assert not response or 431 == status_of(response)
        assert_serves_others(mock)


def test_head_just_fits() -> None:
    """The limit is in bytes, however large the body is."""
    with limited(head=2_000) as mock:
        for size, status in ((1_800, 200), (2_200, 431)):
            response = httpx.post(
                f"{mock.url}{SESSIONS}",
                json={"provider_id": "pp_system_default", "data": {"note": "x" * 50_000}},
                headers={**KEY, "X-Large": "x" * (size - 250)},
            )
            assert status == response.status_code


def test_one_connection_too_many() -> None:
    """It gets 503; after another one is closed, the next is served."""
    with limited(connections=5) as mock, ExitStack() as stack:
        held = [stack.enter_context(connect(mock.url)) for _ in range(5)]
        # A response shows that the server has accepted the connection.
        for each in held:
            each.sendall(f"{REQUEST}\r\n".encode())
            assert 200 == status_of(each.recv(65_536).decode())
        with connect(mock.url) as one_more:
            assert 503 == status_of(read_all(one_more))
        # The server closes its end once it has noticed.
        held[0].shutdown(socket.SHUT_WR)
        assert "" == read_all(held[0])
        assert_serves_others(mock)


def test_logs_refusals_with_requests() -> None:
    """The log says where a 431 came from."""
    with running("--log-format", "text") as mock, connect(mock.url) as refused:
        # One byte too many: nothing is unread when the server closes the connection.
        refused.sendall(f"{REQUEST}X-Large: ".ljust(LIMITS.head + 1, "x").encode())
        id_ = id_of(read_all(refused))
        problem = f"Refused a connection: 431 Request Header Fields Too Large [{id_}]"
        assert problem == mock.next_problem()


@pytest.mark.parametrize(
    ("status", "sent"),
    [(400, "\x16\x03\x01\r\n\r\n"), (408, ""), (408, HALF_A_BODY), (431, f"X: {'x' * 3_000}")],
    ids=["not HTTP", "nothing", "half a body", "large head"],
)
def test_refusals_have_request_ids(status: int, sent: str) -> None:
    """What the server itself refuses has an id of its own, or the one that was sent."""
    sent = REQUEST + sent if sent.startswith("X: ") else sent
    with limited(head=2_000) as mock:
        read = mock.wait_for if status == 408 else read_all
        with connect(mock.url) as connection:
            connection.sendall(sent.encode())
            response = read(connection)
            assert status == status_of(response)
            assert id_of(response).startswith("req_")
        if sent == HALF_A_BODY:
            with connect(mock.url) as connection:
                more = "x-request-id: mine\r\nExpect: 100-continue\r\nHost:"
                connection.sendall(sent.replace("Host:", more).encode())
                # The head has arrived.
                assert CONTINUE == connection.recv(len(CONTINUE), socket.MSG_WAITALL)
                assert "mine" == id_of(read(connection))


OFFER = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"


@pytest.mark.parametrize("size", [1, 7, 100_000], ids=["by the byte", "in parts", "at once"])
def test_ignores_offers_of_an_upgrade(size: int) -> None:
    """With Java's offer of HTTP/2, requests have their bodies, and other requests can follow."""
    body = '{"provider_id": "pp_system_default"}'
    head = HALF_A_BODY.removesuffix("{").replace("100", str(len(body)))
    chunked = head.replace(f"Content-Length: {len(body)}", "Transfer-Encoding: chunked")
    sent = (
        f"{REQUEST}{OFFER}\r\n",
        head.replace("Host:", f"{OFFER}Host:") + body,
        f"{chunked.replace('Host:', f'{OFFER}Host:')}{len(body):x}\r\n{body}\r\n0\r\n\r\n",
        f"{REQUEST}{OFFER}\r\n",
        f"{REQUEST}Connection: close\r\n\r\n",
    )
    with running("--log-format", "text") as mock, connect(mock.url) as connection:
        data = "".join(sent).encode()
        for start in range(0, len(data), size):
            connection.sendall(data[start : start + size])

        statuses = [int(each[:3]) for each in read_all(connection).split("HTTP/1.1 ")[1:]]
        assert [200] * 5 == statuses
        assert ["GET", "POST", "POST", "GET", "GET"] == [each.split()[1] for each in mock.stop()]


@pytest.mark.parametrize("offer", ["", OFFER], ids=["alone", "with an offer"])
def test_refuses_a_body_without_an_end(offer: str) -> None:
    """A body whose length cannot be known gets 400, with an offer of an upgrade, too."""
    with running() as mock, connect(mock.url) as connection:
        head = f"POST / HTTP/1.1\r\nHost: mock\r\n{offer}Transfer-Encoding: gzip\r\n\r\n"
        connection.sendall(head.encode())

        assert 400 == status_of(read_all(connection))
        assert [] == [each for each in mock.stop() if "ERROR" in each or "Traceback" in each]


def test_answers_pipelined_requests_in_order() -> None:
    """Requests that arrive together get their responses one after the other."""
    with limited() as mock, connect(mock.url) as connection:
        paths = (PROVIDERS, "/nowhere", PROVIDERS)
        asked = "".join(REQUEST.replace(PROVIDERS, path) + "\r\n" for path in paths)
        connection.sendall(f"{asked}{REQUEST}Connection: close\r\n\r\n".encode())

        statuses = [int(each[:3]) for each in read_all(connection).split("HTTP/1.1 ")[1:]]
        assert [200, 404, 200, 200] == statuses


def test_many_pipelined_requests() -> None:
    """Requests that have to wait keep their order and their bodies."""
    with limited() as mock, connect(mock.url) as connection:
        bodies = [
            b'{"provider_id": "pp_system_default", "data": {"n": %d}}' % n for n in range(500)
        ]
        head = HALF_A_BODY.removesuffix("{").replace("100", "%d").encode()
        asked = b"".join(head % len(body) + body for body in bodies)
        connection.sendall(asked + f"{REQUEST}Connection: close\r\n\r\n".encode())

        answers = read_all(connection).split("HTTP/1.1 ")[1:]
        assert ["200"] * 501 == [answer[:3] for answer in answers]
        assert [*range(500)] == [int(n) for n in re.findall(r'"n":(\d+)', "".join(answers))]


@pytest.mark.parametrize(
    "endless",
    ["0\r\n" + "X-Large: x\r\n" * 20_000, "0\r\nX-Large: " + "x" * 200_000, "1;" + "x" * 200_000],
    ids=["trailers", "a trailer", "a chunk's extension"],
)
def test_chunked_body_without_content(endless: str) -> None:
    """Trailers and chunk extensions have the limit of headers."""
    with limited() as mock, connect(mock.url) as connection:
        head = HALF_A_BODY.replace("Content-Length: 100", "Transfer-Encoding: chunked")
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall((head.removesuffix("{") + endless).encode())
        response = read_all(connection)

        assert not response or 431 == status_of(response)
        assert_serves_others(mock)


@pytest.mark.parametrize(("dialect", "refused"), [("documented", 401), ("medusa", 400)])
def test_ignores_trailers(dialect: str, refused: int) -> None:
    """A key after the body does not count."""
    app = create_app(dialect=DIALECTS[dialect])
    with limited(app) as mock, connect(mock.url) as connection:
        head = HALF_A_BODY.replace("Content-Length: 100", "Transfer-Encoding: chunked")
        key = "x-publishable-api-key: pk_demo\r\n"
        body = f'22\r\n{{"provider_id":"pp_stripe_stripe"}}\r\n0\r\n{key}\r\n'
        connection.sendall((head.removesuffix("{").replace(key, "") + body).encode())

        assert refused == status_of(connection.recv(65_536).decode())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_opens_as_many_files_as_allowed() -> None:
    """The limit is raised as far as the system allows; some files are left for other uses."""
    code = (
        "from xclade_store_mock.serving.processes import raise_open_file_limit;"
        "from xclade_store_mock.serving import Limits;"
        "print(raise_open_file_limit(Limits()).connections)"
    )
    for hard, connections in (("64", 32), ("264", 200), ("12000", 10_000)):
        command = f"ulimit -Sn 64; ulimit -Hn {hard}; exec '{sys.executable}' -c '{code}'"
        result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
        assert connections == int(result.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_warns_of_fewer_connections() -> None:
    """A warning has the number of connections if the system allows fewer than the limit."""
    serve = f"'{sys.executable}' -m xclade_store_mock serve --port 0"
    with subprocess.Popen(
        ["sh", "-c", f"ulimit -n 256; exec {serve}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        url = process.stdout.readline().split()[2]
        httpx.get(f"{url}/_mock/ready").raise_for_status()
        process.terminate()
        _, problems = process.communicate()
    warnings = [each.partition("WARNING ")[2] for each in problems.splitlines()]
    assert ["No more than 192 connections: the system's limit"] == warnings
