"""What the mock is measured beside keeps working between measurements."""

from collections.abc import Callable

import pytest
from tests.bench.answers import find_fault
from tests.bench.calls import INITIALIZE, INVALID, KEYLESS
from tests.bench.subjects import Subject, bare, mock, prism, started, stock


@pytest.mark.parametrize("make", [mock, prism, stock, bare])
def test_servers_answer_what_is_measured(make: Callable[[], Subject]) -> None:
    """Each call gets an answer of the right status, and such as the contract documents."""
    with started(make()) as server:
        faults = [find_fault(server.url, call) for call in (INITIALIZE, INVALID, KEYLESS)]

    assert [None, None, None] == faults
