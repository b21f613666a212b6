"""The organisation's policy file: which one holds, and what it says."""

from dataclasses import dataclass
from pathlib import Path

from pointsman.config.policy_file import PolicyFile, load_policy
from pointsman.domain.errors import OperatorMust, UsageMust
from pointsman.entrypoints.presets import DEFAULT, named_preset, preset


@dataclass(frozen=True)
class LoadedPolicy:
    """A policy file with its bytes' origin: where it lies, and what it holds."""

    place: str
    data: bytes
    policy: PolicyFile


def read_policy(given: Path | None, home: Path) -> LoadedPolicy:
    """The organisation's policy: the given file or preset, else `policy.yml` in the home, else the shipped default.

    Raises UsageMust for a file or preset that is not there, OperatorMust for a file with problems, each at its line
    and column.
    """
    data, place = _bytes_of(given, home)
    found = load_policy(data, place)
    if not isinstance(found, PolicyFile):
        raise OperatorMust(
            "\n".join(str(problem) for problem in found),
            code="policy-file",
            hint="Mend the policy file; until then nothing is run.",
        )
    return LoadedPolicy(place, data, found)


def _bytes_of(given: Path | None, home: Path) -> tuple[bytes, str]:
    own = home / "policy.yml"
    path = given or (own if own.is_file() else None)
    shipped = preset(DEFAULT) if path is None else named_preset(path)
    if shipped is not None:
        return shipped.policy, shipped.name
    try:
        return (path or own).read_bytes(), str(path)
    except OSError as error:
        raise UsageMust(
            f"The policy file {path} cannot be read: {error.strerror}.",
            code="no-policy",
            hint="Name another file, or one of `pointsman presets`, with --policy; without it the default holds.",
        ) from error
