"""Where code that nobody vouches for is run."""

from typing import Protocol

from pointsman.domain.outcome import CheckResult
from pointsman.domain.pictures import PreviewJob, Rendering
from pointsman.domain.work import SandboxJob, SandboxTier, Toolchain


class Sandbox(Protocol):
    """Runs commands without network, secrets or a writable host; never runs anything unsandboxed."""

    async def tier(self) -> SandboxTier:
        """What holds here, found by a self-test once per process."""

    async def toolchains(self) -> tuple[Toolchain, ...]:
        """The interpreters outside /usr that jobs can use."""

    async def run(self, job: SandboxJob) -> tuple[CheckResult, ...]:
        """One result per command; `not run` for each when no tier holds."""

    async def render(self, job: PreviewJob) -> Rendering:
        """The pictures of a commit's pages, kept where `pointsman show` finds them; or why there are none."""
