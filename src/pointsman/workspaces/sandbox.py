"""The sandbox on Linux: exports a commit, runs commands on a copy of it, and brings back what they left."""

import asyncio
import os
import shutil
import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from pointsman.domain.outcome import CheckResult
from pointsman.domain.pictures import PreviewJob, Rendering
from pointsman.domain.work import SandboxJob, SandboxTier, Toolchain
from pointsman.workspaces import landlock, rendering, results, scratch, seccomp, selftest
from pointsman.workspaces.gallery import Gallery
from pointsman.workspaces.launch import launch
from pointsman.workspaces.names import hostile
from pointsman.workspaces.orders import Limits, Order
from pointsman.workspaces.tree_export import export

_PROGRAMS = "/usr/local/bin:/usr/bin:/bin"
_MEGABYTE = 2**20
_MOST_BYTES = 512 * _MEGABYTE
_NOTHING = Limits(seconds=0, data=0, resident=0)
_REMEDY = (
    "Install bubblewrap and allow user namespaces, or use a kernel with Landlock (6.2 or newer); "
    "keep the scratch folder where an ordinary user can reach it."
)


class LinuxSandbox:
    """Runs jobs behind bubblewrap, or behind Landlock where bubblewrap does not hold, or not at all.

    `scratch_folder` is the sandbox's own; it may be shared by processes. `refuse_tiers` are never used. `secret` are
    files that no job may be able to read, such as the key that signs.
    """

    def __init__(
        self,
        git_dir: Path,
        scratch_folder: Path,
        toolchains: tuple[Toolchain, ...] = (),
        *,
        refuse_tiers: Collection[str] = (),
        gallery: Gallery | None = None,
        secret: tuple[Path, ...] = (),
    ) -> None:
        self._git_dir = git_dir
        self._scratch = scratch_folder
        self._toolchains = toolchains
        self._refused = frozenset(refuse_tiers)
        self._gallery = gallery
        self._secret = secret
        self._tier: SandboxTier | None = None

    async def tier(self) -> SandboxTier:
        """What holds here, found by a self-test once; `why` says what is wrong with the tiers above it.

        Raises OperatorMust (`signing-key`) when a job could read what is secret.
        """
        if self._tier is None:
            self._tier = await self._find_tier()
        return self._tier

    async def toolchains(self) -> tuple[Toolchain, ...]:
        """The interpreters outside /usr that jobs can use."""
        return self._toolchains

    async def run(self, job: SandboxJob) -> tuple[CheckResult, ...]:
        """One result per command, which share one copy of the tree and nothing else.

        Raises OwnerMust and OperatorMust when the commit cannot be exported. Cancelling it ends all processes of the
        job before it returns.
        """
        tier = await self.tier()
        if tier.name == "none":
            return tuple(results.not_run(command, job.commit, tier.why) for command in job.commands)
        async with scratch.job_folder(self._scratch) as folder:
            await export(self._git_dir, job.commit, folder / "tree", max_bytes=_MOST_BYTES)
            if job.overlay_paths:
                await export(self._git_dir, job.overlay_commit, folder / "overlay", max_bytes=_MOST_BYTES)
                await asyncio.to_thread(_lay_over, folder / "tree", folder / "overlay", job.overlay_paths)
            await asyncio.to_thread(_write_over, folder / "tree", job.files)
            endings = await launch(self._order(tier.name, folder, job))
        rooms = (str(folder / "room" / "tree"), str(folder / "room"))
        # A result file may be megabytes of XML.
        return await asyncio.to_thread(results.all_of, job.commands, job.commit, endings, rooms=rooms)

    async def render(self, job: PreviewJob) -> Rendering:
        """The pictures of a commit's pages, kept in the gallery; or why there are none.

        Raises OwnerMust and OperatorMust when the commit cannot be exported or a picture cannot be kept. Cancelling
        it ends all processes of the job before it returns.
        """
        tier, browser = await self.tier(), rendering.browser()
        hindrance = rendering.hindrance(tier, browser) or ("" if self._gallery else "there is no place for pictures")
        if hindrance or self._gallery is None:
            return Rendering(job.commit, "not run", hindrance)
        await asyncio.to_thread(self._gallery.sweep)
        interpreter, prefix = await asyncio.to_thread(selftest.interpreter)
        async with scratch.job_folder(self._scratch) as folder:
            await export(self._git_dir, job.commit, folder / "tree", max_bytes=_MOST_BYTES)
            order = self._order(tier.name, folder, None)
            roots = (*order.roots, *rendering.roots(browser), *_unless_system(prefix))
            order = replace(
                order,
                commands=rendering.commands(job, interpreter, browser),
                limits=rendering.limits(job),
                roots=tuple(dict.fromkeys(roots)),
                pictures=rendering.names(job.order),
            )
            endings = await launch(order)
        found = await asyncio.to_thread(rendering.rendered, job, endings, self._gallery)
        return replace(found, seconds=sum(ending.seconds for ending in endings))

    def _order(self, tier: str, folder: Path, job: SandboxJob | None) -> Order:
        (folder / "room").mkdir(mode=0o711)
        bins = dict.fromkeys(toolchain.bin for toolchain in self._toolchains)
        return Order(
            tier="bubblewrap" if tier == "bubblewrap" else "landlock",
            room=str(folder / "room"),
            tree=str(folder / "tree"),
            commands=tuple(results.instrument(command) for command in job.commands) if job else (),
            roots=_outside_usr(self._toolchains),
            path=":".join((*bins, _PROGRAMS)),
            limits=_limits(job) if job else _NOTHING,
            bwrap=shutil.which("bwrap", path=_PROGRAMS) or "",
            prlimit=shutil.which("prlimit", path=_PROGRAMS) or "",
        )

    async def _find_tier(self) -> SandboxTier:
        wrong: list[str] = []
        for name in ("bubblewrap", "landlock"):
            reason = self._missing(name) or await self._try(name)
            if not reason:
                return SandboxTier("bubblewrap" if name == "bubblewrap" else "landlock", "; ".join(wrong))
            wrong.append(f"{name}: {reason}")
        return SandboxTier("none", f"No sandbox holds here, so nothing was run. {'; '.join(wrong)}. {_REMEDY}")

    def _missing(self, name: str) -> str:
        """What keeps the tier from being tried at all; empty when nothing does."""
        if name in self._refused:
            return "refused by the installation"
        if sys.platform != "linux" or not seccomp.supported():
            return "no system call filter is known for this machine"
        if name == "landlock":
            version = landlock.abi()
            return "" if version >= landlock.LEAST_ABI else f"the kernel's Landlock is too old (version {version})"
        absent = [program for program in ("bwrap", "prlimit") if not shutil.which(program, path=_PROGRAMS)]
        return f"{' and '.join(absent)} not installed" if absent else ""

    async def _try(self, name: str) -> str:
        async with scratch.job_folder(self._scratch) as folder:
            (folder / "tree").mkdir()
            secret = tuple(dict.fromkeys((*map(str, self._secret), *map(os.path.realpath, self._secret))))
            return await selftest.trial(self._order(name, folder, None), folder, secret)


def _limits(job: SandboxJob) -> Limits:
    data = job.memory_mb * _MEGABYTE
    # Each process may hold `data`; all together somewhat more, because what they share is counted for each.
    return Limits(seconds=job.timeout_seconds, data=data, resident=data * 3 // 2)


def _unless_system(prefix: str) -> tuple[str, ...]:
    return () if Path(prefix).is_relative_to("/usr") else (prefix,)


def _outside_usr(toolchains: tuple[Toolchain, ...]) -> tuple[str, ...]:
    roots = dict.fromkeys(os.path.normpath(toolchain.root) for toolchain in toolchains)
    return tuple(root for root in roots if not Path(root).is_relative_to("/usr"))


def _lay_over(tree: Path, overlay: Path, paths: tuple[str, ...]) -> None:
    """Make `paths` in the tree what they are in the overlay; what the overlay lacks goes."""
    for path in paths:
        target, source = tree / path, overlay / path
        if ".." in Path(path).parts or not target.is_relative_to(tree) or target == tree:
            continue
        _clear_way(tree, target)
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
        if source.is_symlink() or source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
        elif source.is_dir():
            shutil.copytree(source, target, symlinks=True)


def _write_over(tree: Path, files: tuple[tuple[str, str], ...]) -> None:
    """Put texts into the tree, never through a link and never in place of a folder."""
    for path, text in files:
        target = tree / path
        if hostile(path) or (target.is_dir() and not target.is_symlink()):
            continue
        _clear_way(tree, target)
        target.unlink(missing_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("utf-8", "replace"))


def _clear_way(tree: Path, target: Path) -> None:
    """No file and no link stands where a folder above the target has to be, so nothing is written through one."""
    for folder in reversed(target.relative_to(tree).parents):
        step = tree / folder
        if step.is_symlink() or step.is_file():
            step.unlink()
