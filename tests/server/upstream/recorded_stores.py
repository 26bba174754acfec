"""Recordings to put the mock in front of."""

from pathlib import Path
from typing import Any

from xclade_store_mock.app import utc_now
from xclade_store_mock.dialects import DIALECTS
from xclade_store_mock.upstream.recorded import Recorded
from xclade_store_mock.upstream.recording import Recording, read_recording

RECORDINGS = Path(__file__).parents[2] / "contract/recordings"


def recorded(name: str) -> Recording:
    """Read one of the recordings of this repository."""
    return read_recording(RECORDINGS / f"{name}-2.21.2.json", utc_now())


def playing(recording: Recording, dialect: str = "medusa") -> dict[str, Any]:
    """Return the options of `create_app` that put the mock in front of a recording."""
    return {
        "store": recording.offline_store,
        "dialect": DIALECTS[dialect],
        "backend": Recorded(recording),
    }
