"""Payment providers that behave as a test wants: real ones, passed to create_app(providers=...)."""

import asyncio
import threading
from typing import NamedTuple

import httpx

from xclade_store_mock.payments.providers import ProviderSession, SessionRequest

PATIENCE = 5
"""How many seconds to wait for what should happen at once."""


class Scripted:
    """Answers each call with the next outcome of its script; an exception is raised."""

    def __init__(self) -> None:
        self.play()

    def play(self, *outcomes: ProviderSession | Exception) -> None:
        """Begin this script."""
        self._outcomes = iter(outcomes)

    async def initiate(self, request: SessionRequest) -> ProviderSession:  # noqa: ARG002 - the script is fixed
        """Play the next outcome."""
        outcome = next(self._outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Stage(NamedTuple):
    """A demo store whose manual provider follows a script."""

    client: httpx.Client
    provider: Scripted


class Gate:
    """Lets nobody pass until a test opens it."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._opened = threading.Event()

    async def initiate(self, request: SessionRequest) -> ProviderSession:  # noqa: ARG002 - all wait alike
        """Wait, then answer."""
        self._reached.set()
        if not await asyncio.to_thread(self._opened.wait, PATIENCE):
            raise TimeoutError
        return ProviderSession(data={})

    def wait_for_a_call(self) -> None:
        """Wait until the provider has been asked."""
        if not self._reached.wait(PATIENCE):
            raise TimeoutError

    def open(self) -> None:
        """Let everybody pass."""
        self._opened.set()


class Meeting:
    """Answers nobody until as many as expected have asked."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._arrived = 0
        self._complete = asyncio.Event()

    async def initiate(self, request: SessionRequest) -> ProviderSession:  # noqa: ARG002 - who asks does not matter
        """Wait for the others."""
        self._arrived += 1
        if self._arrived == self._expected:
            self._complete.set()
        async with asyncio.timeout(PATIENCE):
            await self._complete.wait()
        return ProviderSession(data={})


class Turnstile:
    """Counts how many calls are inside at once."""

    def __init__(self) -> None:
        self.crowds: set[int] = set()
        self._inside = 0

    async def initiate(self, request: SessionRequest) -> ProviderSession:
        """Give way to other calls while inside."""
        self._inside += 1
        self.crowds.add(self._inside)
        await asyncio.sleep(0)
        self._inside -= 1
        return ProviderSession(data={"session": request.session_id})
