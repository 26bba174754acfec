"""An upstream and a proxy in front of it, which most tests share."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.server.upstream.raw import OK, Answer, Raw, proxied, upstream

from xclade_store_mock.cli import main

Refused = Callable[..., str]
"""Returns the only line that a command prints which cannot start."""

Between = Callable[..., AbstractContextManager[tuple[str, Raw]]]
"""Returns the URL of a proxy, and the upstream with the answers that it is to give."""


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """Return a function that runs a command which cannot start; its exit code is 2."""

    def run(*arguments: str | Path, port: int = 0, code: int = 2) -> str:
        ended = main([*map(str, arguments), "--port", str(port)])
        out, err = capsys.readouterr()
        assert (code, "", 1) == (ended, out, err.count("\n"))
        assert err.startswith("xclade-store-mock: ")
        return err

    return run


@pytest.fixture(scope="session")
def _pair() -> Iterator[tuple[str, Raw]]:
    with upstream() as raw, proxied(raw.url) as url:
        yield url, raw


@pytest.fixture
def between(_pair: tuple[str, Raw]) -> Between:
    """Return a function that runs an upstream and a proxy; a new one if there are options."""

    @contextmanager
    def run(*answers: Answer, **options: Any) -> Iterator[tuple[str, Raw]]:
        with ExitStack() as stack:
            url, raw = _pair
            if options:
                raw = stack.enter_context(upstream())
                url = stack.enter_context(proxied(raw.url, **options))
            raw.answers[:] = answers or [OK]
            raw.received.clear()
            yield url, raw

    return run
