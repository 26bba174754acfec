"""What a database's failures are to the rest of the server."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from xclade_store_mock.errors import StorageUnavailable


@contextmanager
def storage_failures() -> Iterator[None]:
    """Turn what an operator can mend into StorageUnavailable; let the server's own bugs pass."""
    try:
        yield
    except (DataError, IntegrityError):
        raise
    except (DBAPIError, OSError) as error:
        # What the database said, in a line.
        said = error.orig if isinstance(error, DBAPIError) and error.orig else error
        raise StorageUnavailable(" ".join(str(said).split())) from error
