"""What a database's failures are to the rest of the server."""

from types import TracebackType

from xclade_store_mock.errors import StorageUnavailable

Errors = tuple[type[Exception], ...]


class StorageFailures:
    """Turns what an operator can mend into StorageUnavailable; lets the server's own bugs pass.

    Of a driver's failures, those are bugs that come from what the database was given.
    """

    def __init__(self, failures: Errors, bugs: Errors) -> None:
        self._failures = failures
        self._bugs = bugs

    def __enter__(self) -> None:
        """Look at what is raised from here on."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Raise StorageUnavailable in place of a failure."""
        if isinstance(error, self._failures) and not isinstance(error, self._bugs):
            # What the database said, in a line.
            raise StorageUnavailable(" ".join(str(error).split())) from error
