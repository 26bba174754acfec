"""A client that calls the main operation at a low, steady rate."""

import http.client
import json
import statistics
import time
from http import HTTPStatus
from typing import NamedTuple

from tests.bench.calls import DEMO, INITIALIZE
from tests.bench.subjects import Running

RATE = 50
"""Calls per second."""
PATIENCE = 10


class Times(NamedTuple):
    """Milliseconds of the calls, and how many failed."""

    p50: float
    p99: float
    failed: int


class Probe:
    """Make the calls."""

    def __init__(self, server: Running) -> None:
        address = server.url.removeprefix("http://")
        self._connection = http.client.HTTPConnection(address, timeout=PATIENCE)

    def watch(self, seconds: float) -> Times:
        """Call for a while on one new connection, since the server closes idle ones."""
        self._connection.close()
        times, failed = [], 0
        began = time.perf_counter()
        for number in range(int(seconds * RATE)):
            time.sleep(max(0, began + number / RATE - time.perf_counter()))
            if time.perf_counter() > began + 2 * seconds:
                break
            called = time.perf_counter()
            failed += not self._call()
            times.append((time.perf_counter() - called) * 1e3)
        return Times(statistics.median(times), statistics.quantiles(times, n=100)[98], failed)

    def _call(self) -> bool:
        headers = {"Content-Type": "application/json", **INITIALIZE.headers}
        try:
            self._connection.request("POST", DEMO, json.dumps(INITIALIZE.body), headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return False
        return answer.status == HTTPStatus.OK
