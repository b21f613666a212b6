"""The command line."""


def main() -> None:
    """Run the command that the arguments name and leave with its exit code (docs/cli.md)."""
    from pointsman.entrypoints.cli.app import app

    app(prog_name="pointsman")
