"""The command line."""

import contextlib
import gc
import os
import sys

_BLAME = ["audit", "blame"]


def main() -> None:
    """Run the command that the arguments name and leave with its exit code (docs/cli.md)."""
    if sys.argv[1:3] == _BLAME:
        _blame(sys.argv[3:])
        return
    from pointsman.entrypoints.cli.app import app

    app(prog_name="pointsman")


def _blame(words: list[str]) -> None:
    """The one command that is held against git's own: git begins at once, and no other command is read from disk."""
    from pointsman.entrypoints.blame_ahead import begin_blame, end_all

    begin_blame(words)
    # What a blame holds it holds to its end, and looking through it for what nobody needs takes a tenth of its time.
    gc.disable()
    try:
        from pointsman.entrypoints.cli.blame_app import blame_alone

        blame_alone()(prog_name="pointsman")
    except SystemExit as end:
        end_all()
        _leave(end)
        raise
    finally:
        end_all()


def _leave(end: SystemExit) -> None:
    """Leave at once when all that was printed has arrived; to take hundreds of notes apart first takes a while."""
    code = 0 if end.code is None else end.code
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
        if isinstance(code, int):
            os._exit(code)
