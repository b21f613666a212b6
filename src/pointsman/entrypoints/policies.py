"""The organisation's policy file: which one holds, and what it says."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from pointsman.config.policy_file import PolicyFile, load_policy
from pointsman.domain.errors import OperatorMust, UsageMust


@dataclass(frozen=True)
class LoadedPolicy:
    """A policy file with its bytes' origin: where it lies, and what it holds."""

    place: str
    data: bytes
    policy: PolicyFile


def read_policy(given: Path | None, home: Path) -> LoadedPolicy:
    """The organisation's policy: the given file, else `policy.yml` in the home, else the shipped default.

    Raises UsageMust for a file that is not there, OperatorMust for one with problems, each at its line and column.
    """
    own = home / "policy.yml"
    path = given or (own if own.is_file() else None)
    if path is None:
        data, place = resources.files("pointsman.entrypoints").joinpath("default_policy.yml").read_bytes(), "default"
    else:
        try:
            data, place = path.read_bytes(), str(path)
        except OSError as error:
            raise UsageMust(
                f"The policy file {path} cannot be read: {error.strerror}.",
                code="no-policy",
                hint="Name another with --policy; without it the policy that comes with Pointsman holds.",
            ) from error
    found = load_policy(data, place)
    if not isinstance(found, PolicyFile):
        raise OperatorMust(
            "\n".join(str(problem) for problem in found),
            code="policy-file",
            hint="Mend the policy file; until then nothing is run.",
        )
    return LoadedPolicy(place, data, found)
