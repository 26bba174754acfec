"""A store that echoes each session's data after a moment, over HTTP or HTTPS."""

import json
import random
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.client.wire import COLLECTION, SESSION


class EchoStore(ThreadingHTTPServer):
    """Serves the echo, and records the processes that used each connection, and cookies."""

    request_queue_size = 512
    daemon_threads = True

    def __init__(self, certificate: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        scheme = "http"
        if certificate is not None:
            scheme = "https"
            self.socket = certificate.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"{scheme}://127.0.0.1:{self.server_address[1]}"
        self.processes: list[set[int]] = []
        self.cookies: list[str | None] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that went away."""


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: EchoStore

    def setup(self) -> None:
        """Start to record the connection."""
        super().setup()
        self.seen: set[int] = set()
        self.server.processes.append(self.seen)

    def do_POST(self) -> None:
        """Echo the session's data, with the path's collection."""
        sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.seen.add(sent["data"].get("process", 0))
        self.server.cookies.append(self.headers["cookie"])
        time.sleep(random.random() / 50)
        session = {**SESSION, "provider_id": sent["provider_id"], "data": sent["data"]}
        collection = {**COLLECTION, "id": self.path.split("/")[3], "payment_sessions": [session]}
        body = json.dumps({"payment_collection": collection}).encode()
        head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nset-cookie: user=a; Path=/\r\n"
        self.wfile.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def echo_store(certificate: ssl.SSLContext | None = None) -> Iterator[EchoStore]:
    """Serve an EchoStore."""
    with EchoStore(certificate) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
