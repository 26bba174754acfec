"""The command `xclade-store-mock`, or a message that says which extra it needs."""

import sys

from xclade_store_mock.check import CANNOT_CHECK, INTERRUPTED


def main() -> int:
    """Run the command; return its exit code."""
    try:
        return _run()
    except KeyboardInterrupt:
        return INTERRUPTED


def _run() -> int:
    try:
        from xclade_store_mock.cli import main as run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"xclade-store-mock: {error}. `serve` comes with the extra mock, `check` with the extra"
            " check: pip install 'xclade-store[mock]' or 'xclade-store[check]'\n"
        )
        return CANNOT_CHECK
    return run()


if __name__ == "__main__":
    sys.exit(main())
