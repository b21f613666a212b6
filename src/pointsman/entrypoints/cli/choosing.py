"""The command that shows the policies that come with Pointsman, to choose one and to copy it."""

import sys

from rich.console import Console

from pointsman.domain.errors import UsageMust
from pointsman.entrypoints.cli.terminal import table_of
from pointsman.entrypoints.presets import preset, preset_names

_HOW = """
To use one as it is:       --policy NAME
To start from one:         pointsman presets NAME > policy.yml, and then --policy policy.yml
Its routing file:          pointsman presets NAME --routing > .pointsman.yml, committed to the default branch
"""


async def presets(name: str, routing: bool) -> int:
    """All presets with what they are for, or one of the two files of one."""
    if name:
        chosen = preset(name)
        sys.stdout.write((chosen.routing if routing else chosen.policy).decode())
        return 0
    if routing:
        raise UsageMust(
            "Name the preset whose routing file you want.", code="no-preset", hint="`pointsman presets` lists them."
        )
    table = table_of("preset", "what it is for")
    for each in preset_names():
        table.add_row(each, preset(each).purpose)
    Console().print(table)
    sys.stdout.write(_HOW)
    return 0
