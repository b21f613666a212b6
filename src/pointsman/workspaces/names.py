"""Which names no tree may hold: those that some file system reads as `.git`, and those that climb."""

import unicodedata

# Code points that HFS+ ignores when it compares names (git's utf8.c, next_hfs_char).
_HFS_IGNORES = frozenset(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF, 0x200B, 0x2060, 0x00AD]
)


def reads_as_git(name: str) -> bool:
    """Whether a file system may take `name` for `.git`: by case, NTFS short name or stream, HFS+ or width folding."""
    plain = "".join(char for char in name if ord(char) not in _HFS_IGNORES)
    plain = unicodedata.normalize("NFKC", plain).casefold()
    plain = plain.split(":", 1)[0].rstrip(" .")
    short = plain.startswith("git~") and plain[4:].isdigit()
    return plain == ".git" or short


def climbs(path: str) -> bool:
    """Whether `path` is absolute or has an empty, `.` or `..` component."""
    return any(part in ("", ".", "..") for part in path.split("/"))


def hostile(path: str) -> bool:
    """Whether a tree that holds `path` must be refused as a whole."""
    return climbs(path) or any(reads_as_git(part) for part in path.split("/"))
