"""The command `config`: what holds in the end, and where it was written."""

import json
import sys
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from pointsman.config.policy_file import read_policy_text
from pointsman.config.written import Written
from pointsman.conversation.effective_page import HELD_HEAD, TITLES, by_section, held_words
from pointsman.domain.effective import Held
from pointsman.entrypoints.cli.asked import ConfigAsked
from pointsman.entrypoints.cli.errors import DONE
from pointsman.entrypoints.cli.terminal import plain, table_of
from pointsman.entrypoints.on_disk import measured, price_of
from pointsman.entrypoints.policies import read_policy
from pointsman.entrypoints.routing_files import ground_of, routing_of
from pointsman.entrypoints.settings import read_settings
from pointsman.policy.admission import Rulebook
from pointsman.policy.effective import Both, effective


async def config(asked: ConfigAsked) -> int:
    """Print the effective configuration for one class of task. Raises what reading the two files raises."""
    ground = await ground_of(asked.repo, asked.name)
    home = read_settings(asked.home).home
    law = read_policy(asked.policy, home)
    routing, policy = await routing_of(ground, asked.file), read_policy_text(law.data, law.place)
    assert isinstance(policy, Written), "read_policy refuses what cannot be read"
    book = Rulebook(law.policy, "", routing.content, "", price_of, await measured(home, routing.content))
    held = effective(Both(routing, policy, ground.name), book, asked.task)
    if asked.as_json:
        found = {"routing": routing.source.file, "policy": law.place, "values": [_as_json(one) for one in held]}
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
    else:
        _show(held, f"Routing file: {routing.source.file}. Policy: {law.place}. Class of task: {asked.task}.")
    return DONE


def _show(held: tuple[Held, ...], opening: str) -> None:
    console = Console()
    console.print(plain(opening), soft_wrap=True)
    for section, values in by_section(held).items():
        console.print()
        console.print(Text(TITLES[section], style="bold cyan"))
        table = table_of(*HELD_HEAD)
        for one in values:
            table.add_row(*map(plain, held_words(one)), style="dim" if one.by.file == "built-in" else "")
        console.print(table)


def _as_json(held: Held) -> dict[str, object]:
    besides = [{"value": value, "from": asdict(by)} for value, by in held.besides]
    return {
        "section": held.section,
        "key": held.key,
        "value": held.value,
        "from": asdict(held.by),
        "besides": besides,
    }
