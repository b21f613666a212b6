"""The commands `check` and `schema`: what is wrong with a file, told before it is committed."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pointsman.config.json_schema import Which, schema_of
from pointsman.config.policy_file import MAX_POLICY_BYTES, PolicyFile, read_policy_text
from pointsman.config.problem import ConfigProblem
from pointsman.config.routing_file import ROUTE_KEYS, ROUTING_FILE, read_routing
from pointsman.config.yaml_source import YamlText, read_yaml
from pointsman.conversation.figures import counted
from pointsman.domain.errors import OwnerMust
from pointsman.domain.levels import Sensitivity
from pointsman.entrypoints.cli.asked import CheckAsked
from pointsman.entrypoints.cli.errors import DONE, REFUSED
from pointsman.entrypoints.on_disk import price_of, read_file, repository_at
from pointsman.entrypoints.policies import LoadedPolicy, read_policy
from pointsman.entrypoints.settings import read_settings
from pointsman.policy.admission import Rulebook, level_of
from pointsman.policy.checking import Checked, check_policy, check_routing

_POLICY_KEYS = frozenset(PolicyFile.model_fields) - {"version", "paths", "protected", "review", "tasks"}


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
    if (asked.kind or _kind(path, data)) == "policy":
        written = read_policy_text(data, str(path))
        checked = Checked(written) if isinstance(written, tuple) else check_policy(written, price_of)
        return _Found(str(path), "policy", checked)
    if is_link:
        link = ConfigProblem(str(path), 1, 1, "this is a link, which is never followed", "commit the file itself")
        return _Found(str(path), "routing", Checked((link,)))
    found = read_routing(data, str(path))
    if isinstance(found, tuple):
        return _Found(str(path), "routing", Checked(found))
    law = read_policy(asked.policy, read_settings(asked.home).home)
    name, level = await _level(asked, law)
    book = Rulebook(law.policy, "", found.content, "", price_of)
    against = f"{law.place} policy, {name} being {level}"
    return _Found(str(path), "routing", check_routing(found, book, level), against)


async def _level(asked: CheckAsked, law: LoadedPolicy) -> tuple[str, Sensitivity]:
    """What the policy says of the repository; a file that lies in none is judged as one that matches nothing."""
    name = asked.name
    if not name:
        try:
            name = (await repository_at(asked.repo)).name
        except OwnerMust:
            name = "a repository that no pattern matches"
    return name, level_of(name, law.policy)


def _kind(path: Path, data: bytes) -> Which:
    source = read_yaml(data, str(path), max_bytes=MAX_POLICY_BYTES)
    keys = set(source.value) if isinstance(source, YamlText) and isinstance(source.value, dict) else set()
    if path.name == ROUTING_FILE or keys & {"routes", *ROUTE_KEYS}:
        return "routing"
    return "policy" if keys & _POLICY_KEYS or path.parent.name == "policies" else "routing"


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
