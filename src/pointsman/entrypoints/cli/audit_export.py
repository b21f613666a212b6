"""The command that gives notes out of the installation's own store, as the files that they are in a repository."""

import asyncio
from pathlib import Path

from rich.console import Console
from rich.text import Text

from pointsman.domain.errors import UsageMust
from pointsman.domain.history import ENVELOPE_SUFFIX, PAGE_SUFFIX
from pointsman.domain.notes import KeptNote
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import Installation


async def export(run: str, to: Path, home: Path | None) -> int:
    """Write the notes of one run, or all of them, into a folder; exit code 1 when there is none.

    The keys, as they are published, lie in a folder of their own: they are for convenience only. Raises UsageMust for
    a folder that cannot be written, or that holds a file of that name which reads otherwise.
    """
    installation = Installation(read_settings(home))
    try:
        found = [note for note in await installation.notes.notes() if run in ("", note.run_id)]
        files = {name: data for note in found for name, data in _files(note).items()}
        if found:
            files["keys/pointsman-keys.json"] = await installation.keys.published()
        await asyncio.to_thread(_write, to, files)
    finally:
        await installation.close()
    for note in found:
        Console().print(Text(f"{note.digest}  {note.name}"), soft_wrap=True, highlight=False)
    if not found:
        Console(stderr=True).print(Text("There is no such note in the store of this installation."))
    return 0 if found else 1


def _files(note: KeptNote) -> dict[str, bytes]:
    return {note.name + ENVELOPE_SUFFIX: note.envelope, note.name + PAGE_SUFFIX: note.page.encode("utf-8")}


def _write(folder: Path, files: dict[str, bytes]) -> None:
    try:
        for name, data in files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.exists() and place.read_bytes() != data:
                raise UsageMust(
                    f"{place} is there already and reads otherwise; a note is never changed.",
                    code="note-in-the-way",
                    hint="Name an empty folder with --to.",
                )
            place.write_bytes(data)
    except OSError as error:
        raise UsageMust(
            f"The folder {folder} cannot be written: {error.strerror}.",
            code="export-folder",
            hint="Name another one.",
        ) from error
