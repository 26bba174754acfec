"""Respond to every request with the body read from standard input; print the port."""

import asyncio
import sys


class Canned(asyncio.Protocol):
    """One connection."""

    def __init__(self, response: bytes) -> None:
        self._response = response
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Respond once the request, which has a short body, is complete."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if end and len(body) >= int(length or 0):
            self._received = b""
            assert isinstance(self._transport, asyncio.Transport)
            self._transport.write(self._response)


async def main() -> None:
    """Serve until killed."""
    body = sys.stdin.buffer.read()
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Canned(head.encode() + body), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - the parent process reads it
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
