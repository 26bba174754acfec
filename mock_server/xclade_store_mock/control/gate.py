"""Where requests wait."""

import asyncio
from contextlib import suppress


class Gate:
    """Holds whoever comes until their time is up or it is opened for them."""

    def __init__(self) -> None:
        self.waiting = 0
        self._arrival = asyncio.Event()
        self._opening = asyncio.Event()
        self._stays_open = False

    async def wait(self, milliseconds: int) -> None:
        """Wait so long at most."""
        if self._stays_open or not milliseconds:
            return
        self.waiting += 1
        self._arrival.set()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(milliseconds / 1000):
                    await self._opening.wait()
        finally:
            self.waiting -= 1

    async def arrival(self) -> None:
        """Wait until somebody has come here."""
        await self._arrival.wait()

    def release(self) -> int:
        """Let those go who wait now; tell how many."""
        self._opening.set()
        self._opening = asyncio.Event()
        return self.waiting

    def open(self) -> None:
        """Hold nobody any more."""
        self._stays_open = True
        self.release()
