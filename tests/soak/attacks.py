"""The attacks, each in a process of its own, which prints what it did and what came back."""

import asyncio
import gzip
import json
import sys
from asyncio import StreamReader, StreamWriter, TaskGroup, Transport
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.bench.calls import DEMO, PUBLISHABLE_KEY

BURST = 1_000
"""How many requests are sent at once, none of their answers awaited."""
_ENOUGH = 100 * 2**20
_KEY = f"Host: mock\r\nx-publishable-api-key: {PUBLISHABLE_KEY}\r\n"
_LIST = f"GET /store/payment-providers?region_id=reg_demo HTTP/1.1\r\n{_KEY}".encode()
_POST = f"POST {DEMO} HTTP/1.1\r\nContent-Type: application/json\r\n{_KEY}".encode()


def _with_body(body: bytes, header: bytes = b"") -> bytes:
    return b"%b%bContent-Length: %d\r\n\r\n%b" % (_POST, header, len(body), body)


_VALID = _with_body(b'{"provider_id": "pp_system_default"}')
_LARGE_HEAD = b"%bX-Large: %b\r\n\r\n" % (_LIST, b"x" * 1_000_000)
_DEEP = _with_body(
    b'{"provider_id": "pp_system_default", "data": %b1%b}' % (b'{"a":' * 16_000, b"}" * 16_000)
)
_BOMB = _with_body(gzip.compress(b" " * _ENOUGH), b"Content-Encoding: gzip\r\n")
_TRAILERS = b"%bTransfer-Encoding: chunked\r\n\r\n0\r\n" % _POST


class Connection:
    """One connection of an attacker, who counts what comes back."""

    def __init__(self, reader: StreamReader, writer: StreamWriter, counts: Counter[str]) -> None:
        self._reader = reader
        self._writer = writer
        self._counts = counts

    async def send(self, content: bytes) -> None:
        """Send, as far as the server takes it."""
        self._writer.write(content)
        await self._writer.drain()

    async def read(self, answers: int = 1) -> None:
        """Count the statuses of the next answers, or that there is no other."""
        for _ in range(answers):
            head = await self._reader.readuntil(b"\r\n\r\n")
            self._counts[f"answered {head.split(b' ', 2)[1].decode()}"] += 1
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await self._reader.readexactly(int(length))

    async def ask(self, content: bytes) -> None:
        """Send, while the answer may come before all is sent."""
        async with TaskGroup() as both:
            sending = both.create_task(self._push(content))
            await self.read()
            sending.cancel()

    async def _push(self, content: bytes) -> None:
        with suppress(ConnectionError):
            await self.send(content)

    def send_no_more(self) -> None:
        """Close the half of the connection by which requests come."""
        self._writer.write_eof()

    def stop_reading(self) -> None:
        """Leave answers where they are: the server's system soon takes no more of them."""
        assert isinstance(self._writer.transport, Transport)
        self._writer.transport.pause_reading()

    def abort(self) -> None:
        """Reset the connection."""
        self._writer.transport.abort()


Act = Callable[[Connection], Awaitable[None]]


async def drip(connection: Connection) -> None:
    """Send a head that never ends, a header now and then."""
    await connection.send(_LIST)
    async with TaskGroup() as both:
        both.create_task(connection.read())
        while True:
            await asyncio.sleep(0.5)
            await connection.send(b"X-Drop: 1\r\n")


async def leave_half_way(connection: Connection) -> None:
    """Close one half of the connection in the middle of a body, and stay."""
    await connection.send(_POST + b"Content-Length: 100\r\n\r\n{")
    connection.send_no_more()
    await connection.read()


async def stay_silent(connection: Connection) -> None:
    """Connect, and send nothing."""
    await connection.read()
    await asyncio.sleep(1)


async def repeat_trailers(connection: Connection) -> None:
    """Send headers behind the body, without end."""
    await connection.send(_TRAILERS)
    async with TaskGroup() as both:
        both.create_task(connection.read())
        for _ in range(100):
            await connection.send((b"X-Large: %b\r\n" % (b"x" * 10_000)) * 10)
            await asyncio.sleep(0.01)


def asking(content: bytes) -> Act:
    """Send one request and wait for its answer."""
    return lambda connection: connection.ask(content)


async def ask_again(connection: Connection) -> None:
    """Send valid requests, each as soon as the one before is answered."""
    while True:
        await connection.ask(_VALID)


async def pipeline(connection: Connection) -> None:
    """Send many requests at once, and read their answers."""
    while True:
        async with TaskGroup() as both:
            both.create_task(connection.send((_LIST + b"\r\n") * BURST))
            await connection.read(BURST)


async def never_read(connection: Connection) -> None:
    """Send requests as long as they are taken, and read no answer."""
    connection.stop_reading()
    while True:
        await connection.send(_VALID * BURST)


async def come_and_go(connection: Connection) -> None:
    """Connect, ask for the connection's end, and reset it without waiting."""
    await connection.send(_LIST + b"Connection: close\r\n\r\n")


class Attack(NamedTuple):
    """What each connection does, and how many there are."""

    act: Act
    crowd: int
    """How many there are at a time; in the place of one that has ended comes another."""
    pause: float = 0
    """How many seconds later that is."""
    seconds: float = 5
    is_flood: bool = False
    """Whether it is a lot of what is allowed, so that others have to wait for their turn."""


ATTACKS: Mapping[str, Attack] = {
    "slow-loris": Attack(drip, crowd=500, pause=0.1),
    "half-open connections": Attack(leave_half_way, crowd=100, pause=1),
    "idle connections": Attack(stay_silent, crowd=10_000, pause=1, seconds=15),
    "headers of 1 MB": Attack(asking(_LARGE_HEAD), crowd=5, pause=0.1),
    "endless trailers": Attack(repeat_trailers, crowd=5, pause=0.1),
    "deep JSON": Attack(asking(_DEEP), crowd=2, pause=0.1),
    "zip bombs": Attack(asking(_BOMB), crowd=2, pause=0.1),
    "answers never read": Attack(never_read, crowd=20, is_flood=True),
    "pipelining": Attack(pipeline, crowd=20, is_flood=True),
    "a flood of connections": Attack(come_and_go, crowd=50, is_flood=True),
    "a flood of valid calls": Attack(ask_again, crowd=50, is_flood=True),
}


class Attacker:
    """Carries out an attack until it is cancelled."""

    def __init__(self, url: str, attack: Attack) -> None:
        self._address = urlsplit(url)
        self._attack = attack
        self.counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Have all connections at a time."""
        async with TaskGroup() as crowd:
            for number in range(self._attack.crowd):
                crowd.create_task(self._one_after_the_other())
                if number % 100 == 0:
                    # No more at once than wait in the server's backlog.
                    await asyncio.sleep(0.01)

    async def _one_after_the_other(self) -> None:
        while True:
            try:
                address = self._address.hostname, self._address.port
                reader, writer = await asyncio.open_connection(*address)
            except OSError:
                self.counts["not connected"] += 1
            else:
                self.counts["connections"] += 1
                await self._act(Connection(reader, writer, self.counts))
            await asyncio.sleep(self._attack.pause)

    async def _act(self, connection: Connection) -> None:
        try:
            await self._attack.act(connection)
        except* (OSError, EOFError):
            self.counts["closed by the server"] += 1
        finally:
            connection.abort()


async def attack(name: str, url: str, seconds: float) -> Mapping[str, int]:
    """Attack for some seconds, and return the counts."""
    attacker = Attacker(url, ATTACKS[name])
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await attacker.run()
    return attacker.counts


if __name__ == "__main__":
    name, url, seconds = sys.argv[1:]
    print(json.dumps(asyncio.run(attack(name, url, float(seconds)))))
