"""The console command ``aerospike-emulator``: the same flags as the binary."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

from ._native import run_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command until SIGINT or SIGTERM; returns its exit status.

    Args:
        arguments: what follows the command's name; ``None`` takes the process's own.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    # The command watches for signals itself and stops in good order. Python's own handler would, after that, add a
    # KeyboardInterrupt to a stop that has succeeded.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return run_command(["aerospike-emulator", *arguments])
