"""A repository where a run changed two files on a branch and left its note there; people do the rest."""

import asyncio
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from tests.unit.audit.facts import World, note_files

from pointsman.audit.checking.inspection import Outside, verify_range
from pointsman.audit.keys.keyring import trusted_from
from pointsman.domain.notes import NoteReport, SignedNote
from pointsman.domain.verified import NoteBinding
from pointsman.workspaces.note_source import GitNoteSource

TEXT = "".join(f"line {number}\n" for number in range(1, 31))
CODE = "Mend\n\nAssisted-by: Pointsman (coder)\nPointsman-Run: r-1"


def changed(*lines: int, to: str = "changed") -> str:
    """The text of the files with some of its lines in other words."""
    rows = TEXT.splitlines()
    for line in lines:
        rows[line - 1] = f"{to} {line}"
    return "\n".join(rows) + "\n"


@dataclass(frozen=True)
class Shop:
    """`start` is where both branches begin, `code` the run's commit on `work`, `tip` the one with its note."""

    world: World
    start: str
    code: str
    tip: str
    note: SignedNote

    @classmethod
    def made(cls, where: Path) -> "Shop":
        world = World.made(where)
        start = world.commit({"a.py": TEXT, "b.py": TEXT, "c.py": TEXT * 2}, "Have files")
        world.git("checkout", "--quiet", "-b", "work")
        code = world.commit({"a.py": changed(5), "b.py": changed(5)}, CODE)
        note = asyncio.run(world.signer.sign(replace(world.facts(start, code), branch="work")))
        tip = world.commit(note_files(note, world.signer), "Record\n\nPointsman-Run: r-1")
        world.git("checkout", "--quiet", "main")
        return cls(world, start, code, tip, note)

    def copied(self, where: Path) -> "Shop":
        """The same in another place, to be changed there."""
        shutil.copytree(self.world.folder, where / "shop")
        return replace(self, world=World(where / "shop", self.world.signer))

    def verify(
        self,
        base: str = "",
        head: str = "HEAD",
        *,
        folder: Path | None = None,
        outside: Outside | None = None,
        must_cover: bool = False,
    ) -> NoteReport:
        """What verification says of the commits since the start, or since `base`."""
        source = GitNoteSource(str(folder or self.world.folder))
        keys = trusted_from((self.world.signer.public_key(),))
        tip = asyncio.run(source.resolve(head))
        given = base or self.start
        return asyncio.run(verify_range(source, given, tip, trusted=keys, outside=outside, must_cover=must_cover))

    def files(self) -> tuple[tuple[str, bytes], ...]:
        """The note as it lies in a folder."""
        return (
            (f"{self.note.name}.intoto.jsonl", self.note.envelope),
            (f"{self.note.name}.md", self.note.page.encode()),
        )


def only(report: NoteReport) -> NoteBinding:
    """The one note that was bound."""
    (binding,) = report.bindings
    return binding


def covers(report: NoteReport) -> list[str]:
    """Who stands for each commit, oldest first."""
    return [row.by for row in report.coverage]


def rules(report: NoteReport) -> list[str]:
    """The rules that were broken."""
    return [problem.rule for problem in report.problems]
