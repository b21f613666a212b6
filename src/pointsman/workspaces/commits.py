"""Commits by plumbing in the mirror: no working tree, no filters, the same inputs give the same commit id."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pointsman.domain.errors import OperatorMust
from pointsman.domain.work import CommitText
from pointsman.workspaces import scratch
from pointsman.workspaces.git import git, printed
from pointsman.workspaces.messages import message_of, people


@dataclass(frozen=True, slots=True)
class NewFile:
    """The bytes of a file and whether it is executable; its git mode is 100644 or 100755 and nothing else."""

    data: bytes
    executable: bool = False


async def commit_files(
    git_dir: Path, onto: str, *, files: Mapping[str, NewFile | None], text: CommitText
) -> tuple[str, str]:
    """Commit `files` (None: deleted) onto the commit `onto`; onto nothing where that is empty, as a first commit.

    Returns the ids of the commit and its tree.
    """
    zero = "0" * len(onto)
    rows: list[str] = []
    for path, new in sorted(files.items()):
        if new is None:
            rows.append(f"0 {zero}\t{path}\0")
            continue
        blob = await git(git_dir, "hash-object", "-w", "--no-filters", "--stdin", stdin=new.data)
        rows.append(f"{'100755' if new.executable else '100644'} {printed(blob)}\t{path}\0")
    try:
        async with scratch.job_folder(git_dir / "indexes") as folder:
            env = {"GIT_INDEX_FILE": f"{folder}/index"}
            await git(git_dir, "read-tree", onto or "--empty", env=env)
            await git(git_dir, "update-index", "-z", "--index-info", stdin="".join(rows).encode(), env=env)
            tree = printed(await git(git_dir, "write-tree", env=env))
    except OSError as error:
        raise OperatorMust(f"The mirror cannot be written: {error.strerror}.", code="home-unwritable") from error
    parent = ("-p", onto) if onto else ()
    made = await git(git_dir, "commit-tree", tree, *parent, "-F", "-", stdin=message_of(text), env=people(text.at))
    return printed(made), tree
