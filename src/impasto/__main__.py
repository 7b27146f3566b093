"""The ``impasto`` command, which is also ``python -m impasto``."""

import signal
import sys

_INTERRUPTED = 130


def main() -> None:
    """Run the command. Ctrl-C ends it in order from the first moment, while its modules are still loaded; at
    the end, when Python itself ends, it ends it at once."""
    try:
        from impasto.cli import main as run

        run()
    except KeyboardInterrupt:
        _end_at_once()
        print("impasto: interrupted", file=sys.stderr)
        sys.exit(_INTERRUPTED)
    finally:
        _end_at_once()


def _end_at_once() -> None:
    """Let signals end the process without an exception, which nothing would catch any more."""
    for one in (signal.SIGINT, signal.SIGTERM):
        if callable(signal.getsignal(one)):  # it may be ignored, as under nohup
            signal.signal(one, signal.SIG_DFL)


if __name__ == "__main__":  # processes that the studio starts import this module, too
    main()
