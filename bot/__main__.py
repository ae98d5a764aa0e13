"""`imagine-bot`, and the same as `python -m bot`."""

from __future__ import annotations

import signal


def main() -> None:
    """Start the command line. Until a command listens for it, Ctrl-C ends the process without a word.

    Nothing is open yet, and Python's own way, an exception, would be a traceback or get lost in an import of torch.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from bot.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
