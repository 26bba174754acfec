"""Compare the proxy with Prism's, in front of the same upstream, and measure its streams."""

import http.client
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.calls import CONTRACT, INITIALIZE
from tests.bench.figures import Bar, bars, ratios, spread, table
from tests.bench.load import Load, drive
from tests.bench.page import Section
from tests.bench.streams import PART
from tests.bench.subjects import PRISM, Running, Subject, peer, started, write_store
from tests.bench.tools import install_wrk, node

SECONDS = 3
PAUSE = 100  # ms between the calls of a connection, so that none waits for another
STREAMS = 1_000
PARTS = 2**30 // len(PART)
PROXY, PRISM_PROXY, DIRECT = "the proxy", "Prism's proxy", "without a proxy"


def subjects(url: str) -> list[Subject]:
    """Return the proxies in front of a URL."""
    command = Path(sys.executable).with_name("xclade-store-mock")
    start = (PRISM, "proxy", CONTRACT, url, "--verboseLevel", "fatal", "--port")
    return [
        Subject(PROXY, lambda port: (command, "proxy", url, "--port", port)),
        Subject(PRISM_PROXY, lambda port: (node(), *start, port)),
    ]


@contextmanager
def running() -> Iterator[dict[str, Running]]:
    """Run the upstream on the second core, and the proxies on the first."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        store = Path(folder) / "store.json"
        write_store(store)
        upstream = stack.enter_context(started(peer(DIRECT, "streams", store), is_measured=False))
        proxies = [stack.enter_context(started(each)) for each in subjects(upstream.url)]
        yield {each.name: each for each in (upstream, *proxies)}


def connect(server: Running) -> http.client.HTTPConnection:
    """Return a connection to a server."""
    return http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)


def transfer(server: Running, parts: int) -> float:
    """Send and receive this many parts; return the largest resident memory seen, in MB."""
    most = 0.0
    connection = connect(server)
    connection.putrequest("POST", "/upload")
    connection.putheader("Content-Length", str(parts * len(PART)))
    connection.endheaders()
    for number in range(parts):
        connection.send(PART)
        if number % 1_000 == 0:
            most = max(most, server.resident())
    assert connection.getresponse().read() == str(parts * len(PART)).encode()
    connection.request("GET", f"/download/{parts}")
    response, size = connection.getresponse(), 0
    while part := response.read(len(PART)):
        size += len(part)
        if size % (1_000 * len(PART)) == 0:
            most = max(most, server.resident())
    assert size == parts * len(PART)
    connection.close()
    return max(most, server.resident())


def growth(server: Running) -> float:
    """Return by how many MB the memory grows while 1 GB passes in each direction."""
    before = transfer(server, parts=1_000)
    return transfer(server, PARTS) - before


def with_streams(server: Running) -> tuple[float, float]:
    """Return the p50 of calls in ms, without and with open event streams."""
    alone = drive(server, INITIALIZE, SECONDS, think=PAUSE).p50
    with ExitStack() as stack:
        for _ in range(STREAMS):
            connection = connect(server)
            stack.callback(connection.close)
            connection.request("GET", "/events")
            assert connection.getresponse().readline() == b"data: 1\n"
        return alone, drive(server, INITIALIZE, SECONDS, think=PAUSE).p50


def measure(rounds: int) -> Section:
    """Measure, and return the section of the page."""
    install_wrk()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8 * STREAMS), most))
    with running() as servers:
        full: dict[str, list[Load]] = {name: [] for name in servers}
        calm: dict[str, list[Load]] = {name: [] for name in servers}
        for number in range(rounds):
            sys.stderr.write(f"Round {number + 1} of {rounds} ...\n")
            for name, server in servers.items():
                full[name].append(drive(server, INITIALIZE, SECONDS))
                calm[name].append(drive(server, INITIALIZE, SECONDS, think=PAUSE))
        proxy = servers[PROXY]
        alone, beside = zip(*(with_streams(proxy) for _ in range(rounds)), strict=True)
        grown = [growth(proxy) for _ in range(rounds)]
    rates = {name: [load.rate for load in loads] for name, loads in full.items()}
    p50 = {name: [load.p50 for load in loads] for name, loads in calm.items()}
    added = {
        name: [one - direct for one, direct in zip(p50[name], p50[DIRECT], strict=True)]
        for name in (PROXY, PRISM_PROXY)
    }
    by_cpu = ratios([each.cpu for each in full[PRISM_PROXY]], [each.cpu for each in full[PROXY]])
    speed = ratios(rates[PROXY], rates[PRISM_PROXY])
    proxy_adds = ratios(added[PROXY], added[PRISM_PROXY])
    slower = ratios(beside, alone)
    aims = (
        Bar("calls/s, relative to Prism's proxy", speed, 3, at_least=True, by_cpu=by_cpu),
        Bar("latency added at p50, relative to Prism's", proxy_adds, 0.5),
        Bar("MB by which memory grows for 1 GB in each direction", grown, 5),
        Bar(f"p50 with {STREAMS:,} open event streams, relative to without", slower, 2),
    )
    rows = ((name, spread(rates[name]), spread(p50[name], 1)) for name in servers)
    return Section(
        "In front of a real store",
        f"""The proxies check the same calls against the contract, in front of the same upstream
(Starlette alone, on the second cpu). A calm connection pauses {PAUSE} ms before each call.

{bars(*aims)}

{table((INITIALIZE.title, "calls/s", "p50 of calm connections, ms"), rows)}
""",
    )
