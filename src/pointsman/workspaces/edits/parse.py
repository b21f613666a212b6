"""Reads the edits in a model's reply: SEARCH/REPLACE blocks, patches, whole files in fences, or one lone block."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pointsman.domain.models import EditStyle
from pointsman.domain.work import Delete, Edit, EditRefusal, Replace, Rewrite, Symbol, Write
from pointsman.workspaces.edits.blocks import Block, Cut, read_blocks
from pointsman.workspaces.edits.check import keeps_all_names
from pointsman.workspaces.edits.envelope import is_diff, is_envelope, read_diff, read_envelope
from pointsman.workspaces.edits.fences import Fence, read_fences
from pointsman.workspaces.edits.lines import indent, shift, shift_between
from pointsman.workspaces.edits.names import is_python
from pointsman.workspaces.edits.paths import path_of_comment

_DELETE = re.compile(r"\*\*\* Delete File: (\S.*)")
_DIFF = re.compile(r"^@@ -\d+(?:,\d+)? \+\d", re.MULTILINE)
_OPENS_PATCH = re.compile(r"\s*(?:\*\*\* |--- |diff --git )")
_THINKING = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_MARKDOWN = (".md", ".markdown", ".mdx", ".rst")

_FORM = (
    "Write each edit as the path on a line of its own, then\n<<<<<<< SEARCH\n(lines as they stand in the file)\n"
    "=======\n(the new lines)\n>>>>>>> REPLACE"
)
_PATCH_FORM = (
    "Write the patch as\n*** Begin Patch\n*** Update File: path\n@@ the line of the function or class\n"
    " (a line as it stands in the file)\n-(an old line)\n+(a new line)\n*** End Patch"
)
_WHOLE_FORM = "Write the path on a line of its own, then the whole new file in one fenced code block."


@dataclass(frozen=True, slots=True)
class Lone:
    """The file that a reply without any path means; `text` is None when it is to be created.

    `symbol` is the one definition that is to be written again, in the file with the git blob id `blob`.
    """

    path: str
    text: str | None
    symbol: Symbol | None = None
    blob: str = ""


def parse(
    reply: str, style: EditStyle, *, present: Collection[str], lone: Lone | None = None
) -> tuple[Edit, ...] | EditRefusal:
    """The edits of a reply, in its order. `present` are the paths of the tree, `style` what the model was asked for.

    Liberal in form: blocks count whatever stands around them, and a fence with a path is a whole file in any style.
    Strict in place: what has no certain path, or is cut off, makes the whole reply unreadable.
    """
    text = _THINKING.sub("", reply.replace("\r\n", "\n"))
    if not text.strip():
        return _unreadable("The reply is empty.", style)
    found = read_blocks(text, present)
    if isinstance(found, Cut):
        return _unreadable(found.why, style)
    blocks, rest = found
    if not blocks and (patched := _patch(rest, present)) is not None:
        return _unreadable(patched.why, style) if isinstance(patched, Cut) else patched
    deleted = tuple(Delete(line.strip()) for line in _DELETE.findall(rest))
    fences = read_fences(rest, present)
    if isinstance(fences, Cut):
        return _unreadable(fences.why, style)
    if blocks:
        return _with_blocks(blocks, fences, deleted, present=present, lone=lone, style=style)
    named = [fence for fence in fences if fence.path]
    if named:
        return _whole_files(named, fences, deleted, style)
    if _DIFF.search(rest):
        return _unreadable("The diff does not say which file it is for.", style)
    return deleted or _lone_block(rest, fences, lone, style)


def _patch(text: str, present: Collection[str]) -> tuple[Edit, ...] | Cut | None:
    """The edits of a patch or diff that the reply is, None when it is none; a file that quotes one is a file."""
    for is_one, read in ((is_envelope, read_envelope), (is_diff, read_diff)):
        if is_one(text):
            fences = read_fences(text, present)
            named = () if isinstance(fences, Cut) else tuple(fence for fence in fences if fence.path)
            quoted = any(is_one(fence.text) and not _OPENS_PATCH.match(fence.text) for fence in named)
            return None if quoted else read(text)
    return None


def _with_blocks(
    blocks: Sequence[Block],
    fences: Sequence[Fence],
    deleted: tuple[Delete, ...],
    *,
    present: Collection[str],
    lone: Lone | None,
    style: EditStyle,
) -> tuple[Edit, ...] | EditRefusal:
    edits: list[Edit] = []
    for number, block in enumerate(blocks, start=1):
        path = block.path or (lone.path if lone else "")
        if not path:
            return _unreadable(f"Block {number} does not say which file it is for.", style)
        edits.append(Replace(path, block.search, block.replace))
    for fence in fences:
        if fence.path and fence.path in present:
            return _unreadable(f"{fence.path} stands in the reply as a whole and other edits as blocks.", style)
        if fence.path:
            edits.append(Write(fence.path, fence.text))
    return (*edits, *deleted)


def _whole_files(
    named: Sequence[Fence], fences: Sequence[Fence], deleted: tuple[Delete, ...], style: EditStyle
) -> tuple[Edit, ...] | EditRefusal:
    texts: dict[str, str] = {}
    for fence in named:
        if texts.setdefault(fence.path, fence.text) != fence.text:
            return _unreadable(f"{fence.path} stands in the reply twice, with different texts.", style)
        if fence.path.endswith(_MARKDOWN) and len(fences) > len(named):
            why = f"It is not clear where {fence.path} ends. Fence a text that holds fences with four backticks."
            return _unreadable(why, style)
    return (*(Write(path, text) for path, text in texts.items()), *deleted)


def _lone_block(
    rest: str, fences: Sequence[Fence], lone: Lone | None, style: EditStyle
) -> tuple[Edit, ...] | EditRefusal:
    """One block without a path is the lone file if it reads as the whole of it; of several, exactly one may."""
    if lone is None:
        why = "No edit was found in the reply." if not fences else "The code block does not say which file it is."
        return _unreadable(why, style)
    texts = [fence.text for fence in fences]
    if lone.symbol is not None and lone.text is not None:
        return _definition(texts, lone, lone.text, lone.symbol, style)
    if not texts and is_python(lone.path):
        texts = [rest.strip("\n") + "\n"]
    if lone.text is None:
        fitting = texts if fences else []
    else:
        fitting = [text for text in texts if keeps_all_names(lone.path, lone.text, text)]
    if len(fitting) > 1:
        # Who explains a change first often shows the file as it was before the file as it is to be.
        before = (lone.text or "").strip()
        fitting = list(dict.fromkeys(text for text in fitting if text.strip() != before)) or fitting
    if len(fitting) == 1:
        return (Write(lone.path, fitting[0]),)
    if fences and not fitting:
        why = (
            f"The code block is not the whole of {lone.path}: it does not parse or loses names that the file defines."
        )
    else:
        why = "No edit was found in the reply." if not fitting else f"Several code blocks could be {lone.path}."
    return _unreadable(why, style)


def _definition(
    texts: Sequence[str], lone: Lone, old: str, symbol: Symbol, style: EditStyle
) -> tuple[Edit, ...] | EditRefusal:
    """The one block that holds the definition again, at the depth that it has in the file."""
    name = re.compile(rf"(?<!\w){re.escape(symbol.name)}(?!\w)")
    fitting = [text for text in texts if name.search(text)]
    if len(fitting) != 1:
        return _unreadable(f"Exactly one code block must hold {symbol.name} again, all of it.", style)
    was = old.split("\n")[symbol.top - 1 : symbol.end]
    lines = fitting[0].removesuffix("\n").split("\n")
    move = shift_between(
        [_first_full(lines)[: len(indent(_first_full(lines)))] + "x"], [indent(_first_full(was)) + "x"]
    )
    moved = shift(lines, move) if move is not None else None
    if moved is None:
        return _unreadable(f"The lines of {symbol.name} are indented in another way than the file.", style)
    return (Rewrite(lone.path, symbol.top, symbol.end, "\n".join(moved) + "\n", lone.blob),)


def _first_full(lines: Sequence[str]) -> str:
    """The first line that is not blank."""
    return next((line for line in lines if line.strip()), "")


def _unreadable(why: str, style: EditStyle) -> EditRefusal:
    form = {EditStyle.WHOLE: _WHOLE_FORM, EditStyle.APPLY_PATCH: _PATCH_FORM}.get(style, _FORM)
    return EditRefusal("unreadable", "", f"{why}\nNothing was changed. {form}")


def without_path_comment(path: str, text: str, old: str | None) -> str:
    """The text without a first line that only names its own file, unless the file had that line before."""
    first, newline, rest = text.partition("\n")
    if path_of_comment(first) != path or (old is not None and old.startswith(first)):
        return text
    return rest if newline else text
