"""What was measured in an installation, for commands that tell what a run would do."""

from pathlib import Path

from pointsman.domain.figures import NOTHING_MEASURED, Figures
from pointsman.entrypoints.settings import read_settings


async def measured(given: Path | None) -> Figures:
    """The figures that a run would be routed by now; nothing, and nothing is made, where no run ever was."""
    settings = read_settings(given)
    if not (settings.home / "ledger.sqlite").is_file():
        return NOTHING_MEASURED
    # Loaded only here: most of the time there is nothing to read, and these commands are quick.
    from pointsman.entrypoints.wiring import Installation

    installation = Installation(settings)
    try:
        return await installation.figures()
    finally:
        await installation.close()
