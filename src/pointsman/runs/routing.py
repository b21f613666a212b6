"""The routing file of a repository, as it stands in a tree: its very bytes, nothing, or no file of text at all."""

from pointsman.config.problem import ConfigProblem
from pointsman.config.routing_file import ROUTING_FILE
from pointsman.domain.work import FileEntry
from pointsman.ports.workspace import Workspace

_HINT = "commit the text itself there, as a plain file; nothing else is followed"
_ODD = {
    "link": "this is a symbolic link",
    "submodule": "this is a submodule",
    "folder": "this is a folder",
    "file": "this is no text: it is binary, or over a megabyte",
}


async def committed_routing(workspace: Workspace, commit: str) -> bytes | ConfigProblem | None:
    """The bytes of the routing file at a commit; a problem for what is there and no text; None where nothing is."""
    source = await workspace.read(commit, ROUTING_FILE)
    if source is not None:
        return source.text.encode(source.encoding)
    entries = await workspace.files(commit, every=True)
    kind = next((found for entry in entries if (found := _kind(entry))), "")
    return no_text(kind) if kind else None


def no_text(kind: str) -> ConfigProblem:
    """What is wrong with a routing file that is a `link`, a `submodule`, a `folder`, or a `file` of no text."""
    return ConfigProblem(ROUTING_FILE, 1, 1, _ODD[kind], _HINT)


def _kind(entry: FileEntry) -> str:
    """What stands under the file's name, as far as this entry says."""
    if entry.path.startswith(f"{ROUTING_FILE}/"):
        return "folder"
    return entry.kind if entry.path == ROUTING_FILE else ""
