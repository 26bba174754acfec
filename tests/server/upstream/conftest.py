"""An upstream and a proxy in front of it, which most tests share."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import pytest
from tests.server.upstream.raw import OK, Answer, Raw, proxied, upstream

Between = Callable[..., AbstractContextManager[tuple[str, Raw]]]
"""Returns the URL of a proxy, and the upstream with the answers that it is to give."""


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
