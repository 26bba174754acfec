"""Values that are hard to send or to read, beyond what the contract's schemas tell apart."""

import json

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

SEEDED = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""The same cases in each run."""

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
"""What UTF-8 can carry, NUL included."""

NUMBERS = (
    st.integers()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(-(10**9), 10**9, places=2, allow_nan=False).map(float)
)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXT
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=4)

TIMES = st.builds(
    lambda moment, digits, offset: f"{moment.isoformat(timespec='seconds')}{digits}{offset}",
    st.datetimes(),
    st.sampled_from(["", ".1", ".000", ".123456", ".123456789"]),
    st.sampled_from(["Z", "+00:00", "-00:00", "+05:45", "-23:59"]),
)
"""RFC 3339, without its leap seconds and lower case letters."""


SPELLINGS = st.sampled_from(
    [
        json.dumps,
        lambda document: json.dumps(document, ensure_ascii=False),
        lambda document: json.dumps(document, indent=2),
        lambda document: "\ufeff" + json.dumps(document),
    ]
)
"""Ways to write the same JSON."""
