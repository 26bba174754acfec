"""What a database's failures are to the rest of the server."""

from collections.abc import Iterator
from contextlib import contextmanager

from xclade_store_mock.errors import StorageUnavailable

Errors = tuple[type[Exception], ...]


@contextmanager
def storage_failures(failures: Errors, bugs: Errors) -> Iterator[None]:
    """Turn what an operator can mend into StorageUnavailable; let the server's own bugs pass.

    Of a driver's failures, those are bugs that come from what the database was given.
    """
    try:
        yield
    except bugs:
        raise
    except failures as error:
        # What the database said, in a line.
        raise StorageUnavailable(" ".join(str(error).split())) from error
