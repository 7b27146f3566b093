"""The ``impasto`` command, which is also ``python -m impasto``."""

import signal
import sys

_INTERRUPTED = 130


def main() -> None:
    """Run the command. Ctrl-C ends it in order from the first moment, while its modules are still loaded."""
    try:
        from impasto.cli import main as run

        run()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("impasto: interrupted", file=sys.stderr)
        sys.exit(_INTERRUPTED)


if __name__ == "__main__":  # processes that the studio starts import this module, too
    main()
