"""Load: wrk, with 16 connections."""

import json
from pathlib import Path
from typing import NamedTuple

from tests.bench.calls import TEMPLATE, Call
from tests.bench.subjects import COLLECTIONS, Running
from tests.bench.tools import run

CONNECTIONS = 16
SCRIPT = Path(__file__).with_name("load.lua")


class Load(NamedTuple):
    """What a server did under load."""

    calls: int
    rate: float
    """Calls per second."""
    p50: float
    """Milliseconds, like p99."""
    p99: float
    core: float
    """Microseconds that a call took of the server's core."""


def drive(server: Running, call: Call, seconds: int, think: float = 0) -> Load:
    """Make calls for a while, every connection as fast as it is answered, or thinking meanwhile.

    Raises AssertionError if a single one is not answered as it should be.
    """
    headers = {**call.headers, "Content-Type": "application/json"}
    options = [part for item in headers.items() for part in ("-H", ": ".join(item))]
    kind = "idempotent" if call.idempotent else "plain"
    arguments = (TEMPLATE, str(COLLECTIONS), json.dumps(call.body), kind, str(think))
    spent = -server.cpu()
    printed = run(
        *("wrk", "-t1", "--timeout", "10s", f"-c{CONNECTIONS}", f"-d{seconds}s", *options),
        *("-s", SCRIPT, server.url, "--", *arguments),
    )
    spent += server.cpu()
    told = json.loads(printed.splitlines()[-1])
    assert told["broken"] == 0, printed
    assert told["refused"] == (told["requests"] if call.is_error else 0), printed
    rate = told["requests"] / told["us"] * 1e6
    core = spent / told["requests"] * 1e6
    return Load(told["requests"], rate, told["p50"] / 1e3, told["p99"] / 1e3, core)


def drive_at_half(server: Running, call: Call, seconds: int, rate: float) -> Load:
    """Make about half as many calls as a server can answer: its connections think in between.

    What is left of a connection's turn is the time that a call takes at half load, about one and a
    half times what it takes alone.
    """
    turn = CONNECTIONS / (rate / 2)
    return drive(server, call, seconds, think=(turn - 1.5 / rate) * 1e3)
