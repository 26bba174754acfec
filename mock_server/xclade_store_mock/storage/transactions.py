"""A transaction on a connection that commits each statement by itself otherwise."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

T = TypeVar("T")


def transact(connection: Connection, work: Callable[[Connection], T], begin: str = "BEGIN") -> T:
    """Do all of a work or nothing."""
    connection.exec_driver_sql(begin)
    try:
        result = work(connection)
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        # The driver knows whether there is still something to roll back.
        connection.rollback()
        raise
    return result
