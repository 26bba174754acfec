"""Raw bytes cause no error in the server, and `scripts/fuzz --raw` finds what does."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest
from tests.contract.fuzz import SUBJECTS, serving
from tests.contract.raw_fuzz import Server, find_troubles, raw_requests

from xclade_store_mock.app import utc_now
from xclade_store_mock.payments.seed import demo_store

OK = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
REQUEST = b"POST /?a=b HTTP/1.1\r\nHost: mock\r\nX-Odd: -%b-\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize("dialect", ["documented", "medusa"])
def test_raw_bytes_cause_no_trouble(dialect: str, tmp_path: Path) -> None:
    """Whatever the bytes, the server responds or disconnects, and logs no error."""
    log = tmp_path / "log"
    with serving(SUBJECTS[dialect], log) as url:
        server = Server(url, log)
        requests = islice(raw_requests(demo_store(utc_now()), server.host, 20261130), 400)
        found = [str(each) for each in find_troubles(server, requests)]

    assert [] == found


@contextmanager
def breakable(log: Path) -> Iterator[str]:
    """Serve what breaks when a request contains certain words; yield the URL."""
    log.touch()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            received = self.request.recv(65_536)
            if b"bug" in received:
                with log.open("a") as file:
                    file.write(f"12:00:00 ERROR Bug: KeyError: {len(received)} (web.py:7)\n")
            if b"hang" in received:
                while self.request.recv(65_536):
                    pass
            else:
                self.request.sendall(b"nonsense\r\n" if b"odd" in received else OK)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize(("word", "trouble"), [(b"bug", "KeyError"), (b"odd", "BadStatusLine")])
def test_trouble_is_found_once_and_minimized(tmp_path: Path, word: bytes, trouble: str) -> None:
    """Requests that cause the same error are one finding, with the bytes that it takes."""
    log = tmp_path / "log"
    with breakable(log) as url:
        contents = [REQUEST % each for each in (b"fine", word, word + b"2")]
        (found,) = find_troubles(Server(url, log), contents)

    assert trouble in found.trouble
    assert word == found.content


def test_missing_response_is_found(tmp_path: Path) -> None:
    """A connection that stays open without a response is a finding."""
    log = tmp_path / "log"
    with breakable(log) as url:
        (found,) = find_troubles(Server(url, log, patience=0.2), [REQUEST % b"hang"])

    assert "no response" == found.trouble
