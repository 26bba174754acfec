"""The addresses that the server listens on."""

import errno
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from tests.server.command import running

from xclade_store_mock.cli import main
from xclade_store_mock.serving.processes import listen, listen_on

IPV4 = (socket.AF_INET, socket.IPPROTO_TCP, ("127.0.0.1", 0))
IPV6 = (socket.AF_INET6, socket.IPPROTO_TCP, ("::1", 0, 0, 0))
# Reserved for documentation, so that no machine has it.
LACKING = (socket.AF_INET, socket.IPPROTO_TCP, ("203.0.113.1", 0))

# As `serve --host localhost` where that name has both addresses, which not every machine does.
SERVE = f"""
import asyncio, sys
from datetime import UTC, datetime
from xclade_store_mock.payments.seed import demo_store
from xclade_store_mock.serving import Service
from xclade_store_mock.serving.processes import listen_on, run, run_with_reload
from xclade_store_mock.storage import prepare_storage

listeners = listen_on({[(int(family), protocol, at) for family, protocol, at in (IPV4, IPV6)]})
print(listeners[0].getsockname()[1], flush=True)
store = demo_store(datetime.now(UTC))
match sys.argv[1:]:
    case ["one"]:
        run(Service(store, "documented"), listeners)
    case ["watching"]:
        run_with_reload(Service(store, "documented"), listeners, lambda: store, [])
    case ["several", url]:
        asyncio.run(prepare_storage(url, store))
        run(Service(store, "documented", url, workers=2), listeners)
"""


def has_ipv6() -> bool:
    """Return whether this machine has an IPv6 loopback address."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="there is no IPv6 here")


def ports(listeners: list[socket.socket]) -> list[tuple[str, int]]:
    """Close the listeners; return their addresses and ports."""
    with ExitStack() as stack:
        return [stack.enter_context(each).getsockname()[:2] for each in listeners]


@needs_ipv6
def test_listens_on_all_addresses_at_one_port() -> None:
    """The port that the system chooses for the first address is the others', too."""
    (one, port), (other, other_port) = ports(listen_on([IPV4, IPV6]))

    assert ("127.0.0.1", "::1") == (one, other)
    assert port == other_port != 0


def test_leaves_out_addresses_that_the_machine_lacks() -> None:
    """A name can have an IPv6 address on a machine without IPv6."""
    for addresses in ([LACKING, IPV4], [IPV4, LACKING]):
        assert ["127.0.0.1"] == [address for address, _ in ports(listen_on(addresses))]


def test_refuses_a_host_of_which_the_machine_lacks_all_addresses() -> None:
    """There must be something to listen on."""
    with pytest.raises(OSError, match="assign") as raised:
        listen_on([LACKING, LACKING])

    assert errno.EADDRNOTAVAIL == raised.value.errno


def test_frees_the_other_addresses_if_one_is_taken() -> None:
    """Nothing listens after an error."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (free,) = ports(listen("127.0.0.1", 0))
        both = [(*IPV4[:2], free), (*IPV4[:2], taken.getsockname())]
        with pytest.raises(OSError, match="in use"):
            listen_on(both)

    socket.create_server(free).close()


@needs_ipv6
@pytest.mark.parametrize("mode", ["one", "watching", "several"])
def test_serves_all_addresses(mode: str, tmp_path: Path) -> None:
    """One process, one that reloads and several workers serve each address."""
    url = [f"sqlite:///{tmp_path}/store.db"] if mode == "several" else []
    command = [sys.executable, "-c", SERVE, mode, *url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            port = process.stdout.readline().strip()
            for host in ("127.0.0.1", "[::1]"):
                response = httpx.get(f"http://{host}:{port}/_mock/ready")
                assert 200 == response.status_code
        finally:
            process.terminate()


@needs_ipv6
def test_prints_the_url_of_an_ipv6_address() -> None:
    """The banner's URL has the brackets that it needs."""
    with running("--host", "::1") as mock:
        assert mock.url.startswith("http://[::1]:")


def test_refuses_an_unknown_host(capsys: pytest.CaptureFixture[str]) -> None:
    """The message has the name and the resolver's reason."""
    assert 1 == main(["serve", "--host", "nowhere.invalid"])

    message = capsys.readouterr().err
    assert message.startswith("xclade-store-mock: cannot listen on nowhere.invalid, port 4010: ")
    assert "--port" not in message
