"""Check any backend against the contract: `xclade-store-mock check`.

May import `contract`, `dialects`, `web.dialect` and the leaves. `cli.check` holds the options.
"""

KEY_VARIABLE = "XCLADE_PUBLISHABLE_KEY"
"""The environment variable that holds the publishable key, here and in the printed commands."""

KEY_HEADER = "x-publishable-api-key"
"""The header that carries the publishable key."""

IDEMPOTENCY_KEY = "Idempotency-Key"
"""The header that carries the idempotency key, as the contract spells it."""

CANNOT_CHECK = 2
"""The exit code if the check could not be made; argparse uses it for invalid options."""

INTERRUPTED = 130
"""The exit code of an interrupted check."""
