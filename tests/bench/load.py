"""Generate load: with wrk, over 16 connections, or call by call."""

import http.client
import json
import math
from pathlib import Path
from typing import NamedTuple

from tests.bench.calls import DEMO, INITIALIZE, TEMPLATE, Call
from tests.bench.subjects import COLLECTIONS, Running
from tests.bench.tools import run

CONNECTIONS = 16
STEADY = 3
"""How often calls must cost no less than before until a server counts as warmed up."""
SCRIPT = Path(__file__).with_name("load.lua")


class Load(NamedTuple):
    """How a server performed under load."""

    calls: int
    rate: float
    """Calls per second."""
    p50: float
    """Milliseconds, like p99."""
    p99: float
    cpu: float
    """Microseconds of the server's CPU time per call."""


def drive(server: Running, call: Call, seconds: int, think: float = 0) -> Load:
    """Make calls for some seconds; each connection pauses `think` ms on average before a call.

    Raises AssertionError if any response is not the expected one.
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
    summary = json.loads(printed.splitlines()[-1])
    assert summary["broken"] == 0, printed
    assert summary["refused"] == (summary["requests"] if call.is_error else 0), printed
    rate = summary["requests"] / summary["us"] * 1e6
    cpu = spent / summary["requests"] * 1e6
    return Load(summary["requests"], rate, summary["p50"] / 1e3, summary["p99"] / 1e3, cpu)


def warm_up(server: Running, call: Call) -> None:
    """Make calls until they cost no less than before: virtual machines compile while they run."""
    least, repeated = math.inf, 0
    while repeated < STEADY:
        cpu = drive(server, call, seconds=2).cpu
        repeated = 0 if cpu < 0.97 * least else repeated + 1
        least = min(least, cpu)


def drive_at_half(server: Running, call: Call, seconds: int, rate: float) -> Load:
    """Make about half as many calls per second as the server can handle, by pausing connections.

    A pause is the interval between two calls of a connection, less the latency at half load: about
    one and a half times that of a single call.
    """
    interval = CONNECTIONS / (rate / 2)
    return drive(server, call, seconds, think=(interval - 1.5 / rate) * 1e3)


def make_calls(server: Running, count: int) -> None:
    """Initialize sessions, one after the other."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    headers = {"Content-Type": "application/json", **INITIALIZE.headers}
    for _ in range(count):
        connection.request("POST", DEMO, json.dumps(INITIALIZE.body), headers)
        assert connection.getresponse().read()
    connection.close()
