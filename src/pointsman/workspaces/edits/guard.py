"""Which paths an edit may touch: plain names inside the tree, no links, nothing protected, nothing of ours."""

import unicodedata
from collections.abc import Mapping
from functools import cached_property

from pointsman.domain.work import EditRefusal, EditRules
from pointsman.workspaces.edits.alphabets import latin_look, mixed_words
from pointsman.workspaces.edits.patterns import matches_any
from pointsman.workspaces.names import reads_as_git

PROTECTED = (".gitattributes", ".gitmodules", ".lfsconfig", ".pointsman/**", ".pointsman.yml", ".pointsman.yaml")
"""What no edit touches, whatever the rules say: what git itself acts on, the routing file, the notes."""

_MAX_PATH_BYTES = 1024
_MAX_NAME_BYTES = 255
_FORBIDDEN = frozenset('\\:*?"<>|')
_REGULAR = ("100644", "100755", "100664")


class Ground:
    """The tree that edits land on: the git mode of every path, its folders, and its names folded for comparison."""

    def __init__(self, modes: Mapping[str, str]) -> None:
        self.modes = modes

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that holds something."""
        found: set[str] = set()
        for path in self.modes:
            while (path := path.rpartition("/")[0]) and path not in found:
                found.add(path)
        return frozenset(found)

    @cached_property
    def alike(self) -> Mapping[str, str]:
        """Present names by their folded form."""
        return {folded(name): name for name in (*self.folders, *self.modes)}


def refuse_path(path: str, rules: EditRules, ground: Ground) -> EditRefusal | None:
    """Why `path` may not be edited, or None."""
    why = _malformed(path) or _lands_elsewhere(path, ground) or _not_allowed(path, rules)
    return EditRefusal("protected", path[:200], why) if why else None


def _malformed(path: str) -> str:
    if not path or len(path.encode("utf-8", "surrogatepass")) > _MAX_PATH_BYTES:
        return "A path must have between 1 and 1024 bytes."
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for char in path):
        return "The path holds control, invisible or direction-changing characters. Use a plain path."
    if unicodedata.normalize("NFC", path) != path:
        return f"The path {path!r} is not in composed form (NFC). Use the composed characters."
    if path.startswith("/") or path[1:2] == ":":
        return f"The path {path!r} is absolute. Give it from the top of the repository."
    if _FORBIDDEN & set(path):
        return f'The path {path!r} holds one of \\ : * ? " < > |. Use slashes and plain names.'
    return next((why for part in path.split("/") if (why := _malformed_name(part, path))), "")


def _malformed_name(name: str, path: str) -> str:
    if name in ("", ".", ".."):
        return f"The path {path!r} has an empty, `.` or `..` part. Give it plainly, from the top of the repository."
    if reads_as_git(name):
        return f"The path {path!r} leads into git's own files."
    if name.startswith("-"):
        return f"A part of the path {path!r} starts with a dash and could be read as an option."
    if name != name.strip() or name.endswith("."):
        return f"A part of the path {path!r} starts or ends with a blank or ends with a dot."
    if mixed_words(name):
        return f"A part of the path {path!r} mixes Latin letters with others that look like them."
    if len(name.encode()) > _MAX_NAME_BYTES:
        return "A part of the path is longer than 255 bytes."
    return ""


def _lands_elsewhere(path: str, ground: Ground) -> str:
    """Links, submodules, files taken for folders, and names that differ from a present one by case or width only."""
    mode = ground.modes.get(path)
    if mode is not None:
        return "" if mode in _REGULAR else f"{path} is a link or a submodule, not a file."
    parts = path.split("/")
    above = ["/".join(parts[:length]) for length in range(1, len(parts))]
    if blocking := next((folder for folder in above if folder in ground.modes), None):
        return f"{blocking} is not a folder, so {path} cannot be made below it."
    if path in ground.folders:
        return f"{path} is a folder."
    for name in (*above, path):
        if name not in ground.folders and (twin := ground.alike.get(folded(name))):
            return f"{name} differs from the present {twin} only by case or look-alike characters."
    return ""


def folded(path: str) -> str:
    """The path as a file system sees it that minds neither case nor width, and as a person does who reads quickly."""
    return latin_look(unicodedata.normalize("NFKC", path)).casefold()


def _not_allowed(path: str, rules: EditRules) -> str:
    if pattern := matches_any(path, (*PROTECTED, *rules.protected), any_case=True):
        return f"{path} is protected (by {pattern!r}). Solve the task without touching it."
    if rules.allowed and path not in rules.allowed and not matches_any(path, rules.allowed):
        shown = ", ".join(rules.allowed[:10])
        return f"{path} is outside what this task may change: {shown}. Edit only those."
    return ""
