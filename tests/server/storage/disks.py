"""Disks that are full or read-only."""

import errno
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest


class Disk(NamedTuple):
    """A small disk for one test."""

    folder: Path

    def remount(self, options: str) -> None:
        """Mount it again with other options."""
        subprocess.run(["mount", "-o", f"remount,{options}", self.folder], check=True)

    def fill(self) -> None:
        """Leave no free space."""
        with pytest.raises(OSError, match="No space left") as full:
            (self.folder / "ballast").write_bytes(bytes(2**30))
        assert errno.ENOSPC == full.value.errno

    def make_room(self) -> None:
        """Free the space again."""
        (self.folder / "ballast").unlink()


@pytest.fixture
def small_disk() -> Iterator[Disk]:
    """Mount a disk of 16 MB."""
    # Not in pytest's folders, which a database server's own user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="xclade-disk-"))
    command = ("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder)
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no command to mount a disk")
    if mounted.returncode != 0:
        pytest.skip(f"only root may mount a disk: {mounted.stderr.strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()
