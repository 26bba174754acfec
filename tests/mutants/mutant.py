"""Small faults that the tests must find, wherever somebody might make them."""

from dataclasses import dataclass
from pathlib import PurePosixPath

SERVER = PurePosixPath("mock_server/xclade_store_mock")
CLIENT = PurePosixPath("client/xclade_store")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault: in one file, one text in the place of another that is there once.

    `tests` are those that ought to find it; one of them has to.
    """

    name: str
    path: PurePosixPath
    present: str
    faulty: str
    tests: tuple[str, ...]
