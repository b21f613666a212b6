"""The commands about the keys that notes are signed with."""

from typing import Annotated

import typer

from pointsman.entrypoints.cli.options import AsJson, Home, leave_after

keys = typer.Typer(help="The keys that notes are signed with.", no_args_is_help=True, rich_markup_mode=None)


@keys.command("list")
def list_command(home: Home = None, as_json: AsJson = False) -> None:
    """Every key that signed notes here, and what became of it."""
    from pointsman.entrypoints.cli import keeping_keys

    leave_after(keeping_keys.list_keys(home, as_json))


@keys.command("rotate")
def rotate_command(
    why: Annotated[str, typer.Option("--why", help="The reason that is published with the old key.")] = "rotated",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let another key sign from now on; notes of the old one hold."""
    from pointsman.entrypoints.cli import keeping_keys

    leave_after(keeping_keys.rotate(why, home, as_json))


@keys.command("revoke")
def revoke_command(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id; its beginning will do.")],
    why: Annotated[str, typer.Option("--why", help="The reason that is published.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Believe a key no more, but for the notes that the ledger knows now."""
    from pointsman.entrypoints.cli import keeping_keys

    leave_after(keeping_keys.revoke(key_id, why, home, as_json))


@keys.command("export")
def export_command(
    pem: Annotated[bool, typer.Option("--pem", help="Print the keys that are not revoked as PEM.")] = False,
    home: Home = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what the server publishes; so it is anyway.")
    ] = False,
) -> None:
    """The public halves, for whoever checks notes elsewhere."""
    from pointsman.entrypoints.cli import keeping_keys

    leave_after(keeping_keys.export(home, as_pem=pem and not as_json))
