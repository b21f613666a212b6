"""The commands `check` and `schema`: what is wrong with a file, told before it is committed."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pointsman.config.json_schema import Which, schema_of
from pointsman.config.policy_file import read_policy_text
from pointsman.config.problem import ConfigProblem
from pointsman.config.routing_file import ROUTING_FILE, read_routing
from pointsman.conversation.figures import counted
from pointsman.entrypoints.cli.asked import CheckAsked
from pointsman.entrypoints.cli.errors import DONE, REFUSED
from pointsman.entrypoints.on_disk import measured, price_of, read_file
from pointsman.entrypoints.policies import read_policy
from pointsman.entrypoints.routing_files import ground_of, is_policy
from pointsman.entrypoints.settings import read_settings
from pointsman.policy.admission import Rulebook, level_of
from pointsman.policy.checking import Checked, check_policy, check_routing
from pointsman.runs.routing import no_text


@dataclass(frozen=True)
class _Found:
    """What was found in one file, and what it was held against."""

    file: str
    kind: Which
    checked: Checked
    against: str = ""


async def check(asked: CheckAsked) -> int:
    """Check files and print every mistake. Exit code 1 when there is one; warnings alone are no mistake."""
    found = [await _checked(path, asked) for path in asked.files or (asked.repo / ROUTING_FILE,)]
    if asked.as_json:
        sys.stdout.write(json.dumps({"files": [_as_json(each) for each in found]}, indent=1) + "\n")
    else:
        for each in found:
            sys.stdout.write(_as_text(each))
    return REFUSED if any(each.checked.mistakes for each in found) else DONE


async def schema(which: Which) -> int:
    """Print a schema."""
    sys.stdout.write(json.dumps(schema_of(which), indent=1, ensure_ascii=False) + "\n")
    return DONE


async def _checked(path: Path, asked: CheckAsked) -> _Found:
    data, is_link = read_file(path)
    if asked.kind == "policy" or (asked.kind is None and is_policy(data, str(path))):
        written = read_policy_text(data, str(path))
        checked = Checked(written) if isinstance(written, tuple) else check_policy(written, price_of)
        return _Found(str(path), "policy", checked)
    if is_link:
        return _Found(str(path), "routing", Checked((replace(no_text("link"), file=str(path)),)))
    found = read_routing(data, str(path))
    if isinstance(found, tuple):
        return _Found(str(path), "routing", Checked(found))
    home = read_settings(asked.home).home
    law = read_policy(asked.policy, home)
    name = (await ground_of(asked.repo, asked.name)).name
    level = level_of(name, law.policy)
    book = Rulebook(law.policy, "", found.content, "", price_of, await measured(home, found.content))
    against = f"{law.place} policy, {name or 'a repository of no name'} being {level}"
    return _Found(str(path), "routing", check_routing(found, book, level), against)


def _as_text(found: _Found) -> str:
    checked = found.checked
    mistakes = [str(problem) for problem in checked.mistakes]
    warnings = [_warning(problem) for problem in checked.warnings]
    against = f" ({found.against})" if found.against else ""
    count = ", ".join(
        counted(number, thing) for number, thing in ((len(mistakes), "mistake"), (len(warnings), "warning")) if number
    )
    return "\n".join((*mistakes, *warnings, f"{found.file}: {count or 'nothing is wrong with it'}{against}", ""))


def _warning(problem: ConfigProblem) -> str:
    place = f"{problem.file}:{problem.line}:{problem.column}: "
    return f"{place}warning: {str(problem).removeprefix(place)}"


def _as_json(found: _Found) -> Mapping[str, object]:
    return {
        "file": found.file,
        "kind": found.kind,
        "right": not found.checked.mistakes,
        "against": found.against,
        "mistakes": [asdict(problem) for problem in found.checked.mistakes],
        "warnings": [asdict(problem) for problem in found.checked.warnings],
    }
