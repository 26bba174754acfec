"""Payment providers for tests, passed to `create_app(providers=...)`."""

import asyncio
import threading
from typing import NamedTuple

import httpx
from tests.conftest import PATIENCE

from xclade_store_mock.payments.providers import ProviderSession, SessionRequest


class ScriptedProvider:
    """Returns the next outcome of a script for each call, or raises it if it is an exception."""

    def __init__(self) -> None:
        self.play()

    def play(self, *outcomes: ProviderSession | Exception) -> None:
        """Set the script."""
        self._outcomes = iter(outcomes)

    async def initiate(self, request: SessionRequest) -> ProviderSession:  # noqa: ARG002 - the script is fixed
        """Return or raise the next outcome."""
        outcome = next(self._outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Scripted(NamedTuple):
    """A demo store whose manual provider follows a script."""

    client: httpx.Client
    provider: ScriptedProvider


class GatedProvider:
    """Blocks every call until a test opens it."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._opened = threading.Event()

    async def initiate(self, request: SessionRequest) -> ProviderSession:  # noqa: ARG002 - all calls are equal
        """Wait until the gate is open."""
        self._reached.set()
        if not await asyncio.to_thread(self._opened.wait, PATIENCE):
            raise TimeoutError
        return ProviderSession(data={})

    def wait_for_a_call(self) -> None:
        """Wait until the provider has been called."""
        if not self._reached.wait(PATIENCE):
            raise TimeoutError

    def open(self) -> None:
        """Release all calls."""
        self._opened.set()
