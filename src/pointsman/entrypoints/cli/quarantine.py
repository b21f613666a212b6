"""Who is in quarantine, and letting somebody out."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from pointsman.domain.errors import UsageMust
from pointsman.domain.ledger import Quarantined
from pointsman.entrypoints.cli.terminal import plain, table_of
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import Installation


async def quarantine(lift: str, home: Path | None, as_json: bool) -> int:
    """List the providers that nobody asks, or lift one. Raises UsageMust for one that is not held."""
    installation = Installation(read_settings(home))
    held = await installation.quarantine.held()
    if lift and not await installation.quarantine.lift(lift):
        raise UsageMust(
            f"Provider {lift} is not in quarantine.",
            code="not-held",
            hint="`pointsman quarantine` lists those that are.",
        )
    await installation.close()
    named = tuple(found for found in held if found.provider == lift) if lift else held
    if as_json:
        sys.stdout.write(json.dumps([asdict(found) for found in named], indent=1) + "\n")
    elif lift:
        sys.stdout.write(
            f"Provider {lift} may be asked again. Runs that it stopped go on with `pointsman resume RUN`.\n"
        )
    elif not held:
        sys.stdout.write("No provider is in quarantine.\n")
    else:
        _print(held)
    return 0


def _print(held: tuple[Quarantined, ...]) -> None:
    table = table_of("provider", "since", "run", "why")
    for found in held:
        table.add_row(found.provider, found.since, found.run_id, plain(f"{found.why} ({found.code})"))
    Console().print(table)
    sys.stdout.write("\nFind out why and mend it, then call `pointsman quarantine --lift PROVIDER`.\n")
