"""Finds the interpreters that a job may use, reading the disk only: nothing that is found is run."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from pointsman.domain.work import Toolchain

_PROOFS: dict[str, tuple[str, ...]] = {
    "python": ("lib/python3*/os.py", "lib64/python3*/os.py"),
    "node": ("include/node/node_version.h", "lib/node_modules"),
    "go": ("src/runtime", "VERSION"),
    "rust": ("lib/rustlib",),
    "ruby": ("lib/ruby",),
    "java": ("lib/modules", "lib/rt.jar"),
}
"""What proves that a folder is an installation and not somebody's home with a `bin` in it."""

_PROGRAMS = {
    "python3": "python",
    "python": "python",
    "node": "node",
    "go": "go",
    "cargo": "rust",
    "rustc": "rust",
    "ruby": "ruby",
    "java": "java",
}
_SYSTEM_BINS = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")
_VERSION_FILES = (
    ("include/node/node_version.h", r"NODE_M(?:AJOR|INOR)_VERSION (\d+)|NODE_PATCH_VERSION (\d+)"),
    ("VERSION", r"go(\d[\w.]*)"),
    ("release", r'JAVA_VERSION="([^"]+)"'),
)
_MOST_BYTES = 65_536


def discover(path: str, extra: tuple[str, ...] = ()) -> tuple[Toolchain, ...]:
    """The interpreters on `path` (as in PATH) and those that the operator names in `extra`, which come first.

    An extra is a folder (an installation, a virtual environment) or an interpreter in one. Shims of pyenv and proxies
    of rustup are followed to the version that is the default there. A virtual environment brings its base along. What
    lies in the system's own folders needs no toolchain and is not listed.
    """
    found: dict[str, Toolchain] = {}
    for named in extra:
        for toolchain in _named(Path(named)):
            found.setdefault(toolchain.root, toolchain)
    for folder in dict.fromkeys(path.split(os.pathsep)):
        if not folder.startswith("/"):
            continue
        for program, kind in _PROGRAMS.items():
            for toolchain in _behind(Path(folder, program), kind):
                found.setdefault(toolchain.root, toolchain)
    return tuple(found.values())


def _named(given: Path) -> Iterator[Toolchain]:
    programs = (
        [given] if given.is_file() else [folder / name for folder in (given / "bin", given) for name in _PROGRAMS]
    )
    for program in programs:
        yield from _behind(program, _PROGRAMS.get(program.name, _kind_of(program.name)))


def _kind_of(name: str) -> str:
    """`python3.12` is a python too."""
    return next((kind for known, kind in _PROGRAMS.items() if name.startswith(known)), "")


def _behind(program: Path, kind: str) -> Iterator[Toolchain]:
    """The installations that `program` needs, the one to come first on PATH first."""
    hops = list(_hops(_through_shim(program)))
    if not kind or not hops or not os.access(hops[-1], os.X_OK):
        return
    for hop in hops:
        if (hop.parent.parent / "pyvenv.cfg").is_file():
            yield from _virtual(hop.parent.parent)
            return
    yield from _installation(kind, hops)


def _hops(program: Path) -> Iterator[Path]:
    """The program and what its links lead to, with the folders of each as they are written."""
    for _ in range(20):
        if not program.is_symlink():
            if program.is_file():
                yield program
            return
        yield program
        program = Path(os.path.normpath(program.parent / program.readlink()))


def _installation(kind: str, hops: list[Path]) -> Iterator[Toolchain]:
    real = Path(os.path.realpath(hops[-1])).parent
    root = real.parent
    if _of_the_system(hops[0], real) or not any(list(root.glob(proof)) for proof in _PROOFS[kind]):
        return
    version = _version(kind, root)
    yield Toolchain(kind, str(root), str(real), version)
    for hop in hops:
        # A link to the whole installation (`3.11` for `3.11.7`) must exist inside as well.
        alias = hop.parent.parent
        if alias != root and os.path.realpath(alias) == str(root):
            yield Toolchain(kind, str(alias), str(alias / "bin"), version)


def _of_the_system(program: Path, real: Path) -> bool:
    """Whether /usr and the sandbox's own PATH are enough to reach it."""
    by_name = str(program.parent) in _SYSTEM_BINS and real.is_relative_to("/usr")
    return by_name or str(real) in _SYSTEM_BINS


def _virtual(root: Path) -> Iterator[Toolchain]:
    settings = dict(_settings(root / "pyvenv.cfg"))
    version = settings.get("version", settings.get("version_info", ""))
    yield Toolchain("python", str(root), str(root / "bin"), version)
    for name in ("python", "python3"):
        hops = [hop for hop in _hops(root / "bin" / name) if hop.parent != root / "bin"]
        if hops:
            yield from _installation("python", hops)
    home = Path(settings.get("home", ""))
    if home.is_absolute():
        yield from _installation("python", list(_hops(home / "python3")))


def _settings(path: Path) -> Iterator[tuple[str, str]]:
    for line in _text(path).splitlines():
        name, equals, value = line.partition("=")
        if equals:
            yield name.strip().lower(), value.strip()


def _through_shim(program: Path) -> Path:
    """The program that a shim of pyenv or a proxy of rustup starts when nothing else is asked for."""
    if program.parent.name == "shims":
        root = program.parent.parent
        for version in _text(root / "version").split():
            candidate = root / "versions" / version / "bin" / program.name
            if candidate.exists():
                return candidate
    if Path(os.path.realpath(program)).name == "rustup":
        return _through_rustup(program)
    return program


def _through_rustup(program: Path) -> Path:
    # By default rustup keeps its toolchains in ~/.rustup beside ~/.cargo.
    home = Path(os.path.realpath(program)).parent.parent.parent / ".rustup"
    default = re.search(r'^default_toolchain = "([\w.-]+)"', _text(home / "settings.toml"), re.MULTILINE)
    return home / "toolchains" / default.group(1) / "bin" / program.name if default else program


def _version(kind: str, root: Path) -> str:
    if named := re.search(r"\d+(\.\d+)+[\w.]*", root.name):
        return named.group(0)
    if kind == "python":
        libraries = sorted(root.glob("lib/python3*"))
        return libraries[-1].name.removeprefix("python") if libraries else ""
    for name, pattern in _VERSION_FILES:
        if numbers := re.findall(pattern, _text(root / name)):
            return ".".join("".join(number) for number in numbers)
    return root.name if kind == "rust" else ""


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            return stream.read(_MOST_BYTES)
    except OSError:
        return ""
