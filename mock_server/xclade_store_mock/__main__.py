"""The command, or a word about how to install what it needs."""

import sys

_INTERRUPTED = 130
"""What a shell says of a command that Ctrl+C ended."""


def main() -> int:
    """Run the command; answer its exit code."""
    try:
        return _run()
    except KeyboardInterrupt:
        return _INTERRUPTED


def _run() -> int:
    try:
        from xclade_store_mock.cli import main as run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"xclade-store-mock: {error}."
            " The server comes with the extra: pip install 'xclade-store[mock]'\n"
        )
        return 1
    return run()


if __name__ == "__main__":
    sys.exit(main())
