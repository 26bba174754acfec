"""`xclade-store-mock check`: the contract, held against any backend."""

KEY_VARIABLE = "XCLADE_PUBLISHABLE_KEY"
"""The environment variable for the key, here and in the commands that are shown."""

KEY_HEADER = "x-publishable-api-key"
"""The header that carries the key."""

INTERRUPTED = 130
"""The exit code of a check that somebody ended before its time."""
