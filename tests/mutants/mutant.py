"""Small faults that the tests must find."""

from dataclasses import dataclass
from pathlib import PurePosixPath

SERVER = PurePosixPath("mock_server/xclade_store_mock")
CLIENT = PurePosixPath("client/xclade_store")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault: a text that replaces another one, which occurs once in the file.

    At least one of `tests` must fail.
    """

    name: str
    path: PurePosixPath
    present: str
    faulty: str
    tests: tuple[str, ...]
