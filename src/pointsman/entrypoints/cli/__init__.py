"""The command line."""

import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer


def main() -> None:
    """Run the command that the arguments name and leave with its exit code (docs/cli.md)."""
    words = sys.argv[1:]
    if words[:2] != ["audit", "blame"]:
        _app(words)(prog_name="pointsman")
        return
    from pointsman.entrypoints.blame_ahead import begin_blame, end_all

    begin_blame(words)
    # What a blame holds it holds to its end, and looking through it for what nobody needs takes a tenth of its time.
    gc.disable()
    try:
        _app(words)(prog_name="pointsman")
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


def _app(words: list[str]) -> "typer.Typer":
    """The program with the commands that these words may mean."""
    if words[:2] == ["audit", "blame"]:
        from pointsman.entrypoints.cli.blame_app import blame_alone

        return blame_alone()
    from pointsman.entrypoints.cli.app import app

    return app
