"""The policies that come with Pointsman, each with the routing file that goes with it."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from pointsman.config.validation import nearest
from pointsman.domain.errors import UsageMust

DEFAULT = "default"
_SHIPPED = resources.files("pointsman.entrypoints").joinpath("shipped")


@dataclass(frozen=True)
class Preset:
    """A policy that is shipped: its name, both files as they are, and what the first line says that it is for."""

    name: str
    policy: bytes
    routing: bytes

    @property
    def purpose(self) -> str:
        """One sentence, without the title before it."""
        first = self.policy.decode().partition("\n")[0].removeprefix("# ")
        said = first.partition(": ")[2]
        return said[:1].upper() + said[1:]


def preset_names() -> tuple[str, ...]:
    """Every preset, the default first."""
    found = {Path(file.name).stem for file in _SHIPPED.iterdir() if file.name.endswith(".yml")}
    return (DEFAULT, *sorted(found - {DEFAULT}))


def preset(name: str) -> Preset:
    """The preset of that name. Raises UsageMust, with the names that there are, when there is none."""
    names = preset_names()
    if name not in names:
        near = nearest(name, names)
        raise UsageMust(
            f"There is no preset called {name}." + (f" Did you mean {near}?" if near else ""),
            code="no-preset",
            hint=f"There are {', '.join(names)}; `pointsman presets` says more. A file is named by its path.",
        )
    policy, routing = (_SHIPPED.joinpath(*place, f"{name}.yml").read_bytes() for place in ((), ("routing",)))
    return Preset(name, policy, routing)


def named_preset(given: Path) -> Preset | None:
    """The preset that a bare word names; None for a path, and for a file of that name, which comes first."""
    is_word = str(given) == given.name and not given.suffix
    return preset(str(given)) if is_word and not given.is_file() else None
