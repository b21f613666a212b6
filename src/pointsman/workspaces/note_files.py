"""Notes and public keys that lie in files of the machine, as they are named on the command line."""

from pathlib import Path

from pointsman.domain.errors import UsageMust
from pointsman.domain.history import ENVELOPE_SUFFIX, PAGE_SUFFIX


def notes_in_folder(folder: Path) -> tuple[tuple[str, bytes], ...]:
    """The notes that lie in a folder of files, by name; other files are left. Raises UsageMust."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.name.endswith((ENVELOPE_SUFFIX, PAGE_SUFFIX)))
        return tuple((path.name, path.read_bytes()) for path in paths)
    except OSError as error:
        raise UsageMust(f"The notes in {folder} cannot be read: {error.strerror}.", code="note-folder") from error


def read_keys(path: Path) -> tuple[bytes, ...]:
    """A file with public keys, or each PEM file of a folder. Raises UsageMust when it cannot be read."""
    try:
        if not path.is_dir():
            return (path.read_bytes(),)
        found = tuple(file.read_bytes() for file in sorted(path.glob("*.pem")))
    except OSError as error:
        raise UsageMust(f"The public key {path} cannot be read: {error.strerror}.", code="key-file") from error
    if not found:
        raise UsageMust(f"The folder {path} holds no PEM file.", code="key-file")
    return found
