"""Runs the git binary so that no repository can talk it into more: no hooks, no network, no foreign configuration."""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pointsman.domain.errors import OperatorMust
from pointsman.workspaces.git_words import ENVIRONMENT, command_line, found_git

_MEGABYTE = 1 << 20
_OLDEST = (2, 39)
_VERSION = re.compile(r"git version (\d+)\.(\d+)")
_FULL = ("No space left on device", "Disk quota exceeded")


class GitFailed(OperatorMust):
    """git ended with an error that nobody expected here."""

    code = "git-failed"

    def __init__(self, message: str, *, stderr: str = "") -> None:
        super().__init__(message)
        self.stderr = stderr


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of git: its repository and arguments, what it reads, its bounds, and as whom it runs.

    `as_owner` is a user and group id to run as, for writing into a repository that is not ours. Times in seconds,
    `max_output` in bytes.
    """

    git_dir: Path
    args: tuple[str, ...]
    stdin: bytes = b""
    env: Mapping[str, str] = field(default_factory=dict)
    max_output: int = 256 * _MEGABYTE
    seconds: float = 300.0
    as_owner: tuple[int, int] | None = None

    def argv(self) -> list[str]:
        """The whole command line."""
        return command_line(binary(), str(self.git_dir), self.args)


def refuse_old(version: str) -> None:
    """Refuse what `git version` prints for a git below 2.39. Raises OperatorMust(git-too-old).

    2.39 is the oldest line that distributions still mend: objects from strangers have been a way into older ones.
    """
    found = _VERSION.match(version)
    if found is None or (int(found.group(1)), int(found.group(2))) < _OLDEST:
        raise OperatorMust(
            f"{version.strip()[:60]!r} is too old.", code="git-too-old", hint="Install git 2.39 or newer."
        )


def binary() -> str:
    """The path of the git binary. Raises OperatorMust when there is none in the usual places."""
    found = found_git()
    if not found:
        raise OperatorMust("git is not installed.", code="git-missing", hint="Install git 2.39 or newer.")
    return found


async def git(git_dir: Path, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
    """What git prints for `args` on the repository `git_dir`. Raises GitFailed, OperatorMust(disk-full, git-slow)."""
    return await run(Asked(git_dir, args, stdin=stdin, env=env or {}))


async def run(asked: Asked) -> bytes:
    """The same with every bound at hand."""
    process = await _start(asked, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(asked.seconds):
            _, out, err = await _together(
                _feed(process, asked.stdin), _read(process.stdout, asked), _read(process.stderr, asked)
            )
            status = await process.wait()
    except TimeoutError as error:
        raise _slow(asked) from error
    finally:
        await _end(process)
    _judge(asked, status, err)
    return out


async def pipe(source: Asked, target: Asked) -> None:
    """Let `target` read what `source` prints, as `git pack-objects | git index-pack` does."""
    read_end, write_end = os.pipe()
    started: list[asyncio.subprocess.Process] = []
    try:
        try:
            first = await _start(source, stdin=asyncio.subprocess.PIPE, stdout=write_end)
            started.append(first)
            second = await _start(target, stdin=read_end, stdout=asyncio.subprocess.DEVNULL)
            started.append(second)
        finally:
            os.close(read_end)
            os.close(write_end)
        async with asyncio.timeout(source.seconds):
            _, first_err, second_err = await _together(
                _feed(first, source.stdin), _read(first.stderr, source), _read(second.stderr, target)
            )
            statuses = (await first.wait(), await second.wait())
    except TimeoutError as error:
        raise _slow(source) from error
    finally:
        for process in started:
            await _end(process)
    # A reader that died takes the writer with it by SIGPIPE, so the reader's reason is the true one.
    _judge(target, statuses[1], second_err)
    _judge(source, statuses[0], first_err)


def printed(text: bytes) -> str:
    """One line of git's output as text; names that are no UTF-8 keep their bytes as surrogates."""
    return text.decode("utf-8", "surrogateescape").rstrip("\n")


async def _start(asked: Asked, *, stdin: int, stdout: int) -> asyncio.subprocess.Process:
    owner = asked.as_owner
    return await asyncio.create_subprocess_exec(
        *asked.argv(),
        stdin=stdin,
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
        env={**ENVIRONMENT, **asked.env},
        cwd="/",
        start_new_session=True,
        user=owner[0] if owner else None,
        group=owner[1] if owner else None,
        extra_groups=[] if owner else None,
    )


async def _together(*parts: Coroutine[object, object, bytes]) -> list[bytes]:
    """What each part gives; when one raises, none of the others goes on reading."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _feed(process: asyncio.subprocess.Process, data: bytes) -> bytes:
    if process.stdin is None:
        return b""
    try:
        process.stdin.write(data)
        await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        # git stopped reading; its exit status says why.
        return b""
    return b""


async def _read(stream: asyncio.StreamReader | None, asked: Asked) -> bytes:
    if stream is None:
        return b""
    parts: list[bytes] = []
    total = 0
    while part := await stream.read(_MEGABYTE):
        total += len(part)
        if total > asked.max_output:
            raise OperatorMust(
                f"`git {asked.args[0]}` printed more than {asked.max_output} bytes and was stopped.",
                code="repository-too-large",
                hint="The repository is larger than this installation takes.",
            )
        parts.append(part)
    return b"".join(parts)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    # asyncio tells the end of a process only after the ends of its pipes (python/cpython#119710), and the end of a
    # pipe that is full only to somebody who reads it.
    for stream in (process.stdout, process.stderr):
        while stream is not None and await stream.read(_MEGABYTE):
            pass
    await process.wait()


def _slow(asked: Asked) -> OperatorMust:
    return OperatorMust(
        f"`git {asked.args[0]}` did not end within {asked.seconds:.0f} seconds and was stopped.",
        code="git-slow",
        hint="Look whether the disk answers; the run can be started again.",
    )


def _judge(asked: Asked, status: int, stderr: bytes) -> None:
    if status == 0:
        return
    text = stderr.decode("utf-8", "replace")
    if any(sign in text for sign in _FULL):
        raise OperatorMust(
            "The disk is full.",
            code="disk-full",
            hint="Free some space, then resume the run; nothing was half written.",
        )
    first = next((line for line in text.splitlines() if line.strip()), "no message")
    raise GitFailed(f"`git {asked.args[0]}` failed with status {status}: {first[:200]}", stderr=text)
