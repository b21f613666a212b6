"""The two files as a command names them: on disk, as they were committed, or as they come with Pointsman."""

from dataclasses import dataclass
from pathlib import Path

from pointsman.config.policy_file import PolicyFile, read_policy_text
from pointsman.config.problem import ConfigProblem
from pointsman.config.routing_file import ROUTE_KEYS, ROUTING_FILE, RoutingFile, read_routing
from pointsman.config.written import Written
from pointsman.config.yaml_source import YamlText, read_yaml
from pointsman.conversation.refusals import missing_routing_file
from pointsman.domain.errors import OwnerMust, UsageMust
from pointsman.domain.run import Repository
from pointsman.entrypoints.on_disk import committed, is_there, odd_routing, read_file, repository_at
from pointsman.runs.routing import no_text

_LARGEST = 1024 * 1024
_POLICY_KEYS = frozenset(PolicyFile.model_fields) - {"version", "paths", "protected", "review", "tasks"}

AnyFile = Written[RoutingFile] | Written[PolicyFile]


@dataclass(frozen=True)
class Ground:
    """The repository that a command is about, if it is one, and what it is called."""

    repository: Repository | None
    name: str


async def ground_of(location: Path, name: str) -> Ground:
    """The repository at a place, under the name that it has on a forge, if one is given."""
    try:
        found = await repository_at(location)
    except OwnerMust:
        return Ground(None, name)
    return Ground(found, name or found.name)


async def routing_of(ground: Ground, given: Path | None) -> Written[RoutingFile]:
    """The given routing file, else the one that is committed on the default branch, as a run reads it.

    Raises UsageMust for a file that is not there, OwnerMust for one that is missing or wrong.
    """
    if given is not None:
        return _right(read_routing(read_file(given)[0], str(given)))
    data = await committed(ground.repository) if ground.repository else None
    if data is None:
        odd = await odd_routing(ground.repository) if ground.repository else ""
        if odd:
            _wrong((no_text(odd),), "routing-file")
        raise OwnerMust(missing_routing_file(ROUTING_FILE), code="no-routing-file")
    return _right(read_routing(data, ROUTING_FILE))


async def any_file(ground: Ground, named: str) -> AnyFile:
    """A routing file or a policy: a file, or `REV:PATH` or `REV` of the repository, whose routing file it then is."""
    if is_there(named):
        return _either(read_file(Path(named))[0], named)
    revision, _, path = named.partition(":")
    if ground.repository is None or not revision:
        raise UsageMust(f"There is no file {named}.", code="no-file", hint="Name one that is there.")
    data = await committed(ground.repository, revision, path or ROUTING_FILE)
    if data is None:
        raise UsageMust(
            f"There is no file {path or ROUTING_FILE} in {revision}.", code="no-file", hint="Name one that is there."
        )
    return _either(data, f"{revision}:{path or ROUTING_FILE}")


def is_policy(data: bytes, name: str) -> bool:
    """Whether the bytes are those of a policy, by its keys; what cannot be read is by its name."""
    source = read_yaml(data, name, max_bytes=_LARGEST)
    keys = set(source.value) if isinstance(source, YamlText) and isinstance(source.value, dict) else set()
    if name.endswith(ROUTING_FILE) or keys & {"routes", *ROUTE_KEYS}:
        return False
    return bool(keys & _POLICY_KEYS) or Path(name).parent.name == "policies"


def _either(data: bytes, name: str) -> AnyFile:
    if is_policy(data, name):
        found = read_policy_text(data, name)
        return found if isinstance(found, Written) else _wrong(found, "policy-file")
    return _right(read_routing(data, name))


def _right(found: Written[RoutingFile] | tuple[ConfigProblem, ...]) -> Written[RoutingFile]:
    return found if isinstance(found, Written) else _wrong(found, "routing-file")


def _wrong(problems: tuple[ConfigProblem, ...], code: str) -> Written[RoutingFile]:
    told = "\n".join(str(problem) for problem in problems)
    raise OwnerMust(told, code=code, hint="Mend the file; `pointsman check` says when it is right.")
