"""What a database's failures are to the rest of the server."""

from xclade_store_mock.errors import StorageUnavailable


def unavailable(failure: Exception) -> StorageUnavailable:
    """Say what a database said, in a line."""
    return StorageUnavailable(" ".join(str(failure).split()))
