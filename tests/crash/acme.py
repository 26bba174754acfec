"""A payment provider that records each call, in one ledger for all processes."""

import asyncio
import json
import os
from pathlib import Path

from xclade_store_mock.payments.providers import ProviderSession, SessionRequest


class Acme:
    """Does what a request's data says."""

    def __init__(self) -> None:
        self._folder = Path(os.environ["ACME_FOLDER"])
        # Each line is appended in one write.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._ledger = os.open(self._folder / "ledger", flags, 0o600)

    async def initiate(self, request: SessionRequest) -> ProviderSession:
        """Record when the call begins and when it ends, unless the process ends first."""
        self._write("began", request)
        try:
            await self._follow(request)
        finally:
            self._write("ended", request)
        return ProviderSession({"session": request.session_id, "worker": os.getpid()})

    async def _follow(self, request: SessionRequest) -> None:
        match request.data:
            case {"do": "wait", "until": signal}:
                while not (self._folder / signal).exists():  # noqa: ASYNC110 - another process's
                    await asyncio.sleep(0.01)
            case {"do": "fail once"} if self._is_new(request):
                raise RuntimeError
            case {"do": "die once"} if self._is_new(request):
                os._exit(1)
            case _:
                await asyncio.sleep(0)

    def _is_new(self, request: SessionRequest) -> bool:
        seen = self._folder / request.session_id
        known = seen.exists()
        seen.touch()
        return not known

    def _write(self, event: str, request: SessionRequest) -> None:
        line = {
            "event": event,
            "collection_id": request.data.get("collection"),
            "attempt": request.data.get("attempt"),
            "session_id": request.session_id,
            "worker": os.getpid(),
        }
        os.write(self._ledger, json.dumps(line).encode() + b"\n")
