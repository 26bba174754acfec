"""`xclade-store-mock check`: the contract, held against any backend."""

KEY_VARIABLE = "XCLADE_PUBLISHABLE_KEY"
"""The environment variable for the key, here and in the commands that are shown."""

KEY_HEADER = "x-publishable-api-key"
"""The header that carries the key."""

CANNOT = 2
"""The exit code of a check that could not be made, as argparse has it for wrong options."""

INTERRUPTED = 130
"""The exit code of a check that somebody ended before its time."""
