"""The command `xclade-store-mock`."""

import gc
import sys

_YOUNG_AT_START = 200_000


def main() -> int:
    """Run the command; return its exit code."""
    # A start creates many objects and no garbage: by default, a tenth of its time goes into looking
    # for cycles.
    gc.set_threshold(_YOUNG_AT_START)
    try:
        from xclade_store_mock.cli import main as run  # noqa: PLC0415 - Ctrl+C stops it, too

        return run()
    except KeyboardInterrupt:
        from xclade_store_mock.check import INTERRUPTED  # noqa: PLC0415 - few need it

        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
