"""The command about the authors of lines, apart from the others, whose options take longer to read than it takes."""

import typer

from pointsman.entrypoints.cli.blame_asked import BlameAsked
from pointsman.entrypoints.cli.options import leave_after, taking
from pointsman.entrypoints.cli.root import notes_group, program


@taking(BlameAsked)
def blame_command(asked: BlameAsked) -> None:
    """What wrote each line of a file, and who checked it."""
    from pointsman.entrypoints.cli import audit_blame

    leave_after(audit_blame.blame(asked))


def blame_alone() -> typer.Typer:
    """The program with no other command than this."""
    app = program()
    notes_group(app).command("blame")(blame_command)
    return app
