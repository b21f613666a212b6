"""Applies edits to texts in memory: all of them or none, with newlines, encoding and mode as they were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pointsman.domain.work import Delete, Edit, EditRefusal, EditRules, Replace, Write
from pointsman.workspaces.edits import refusals
from pointsman.workspaces.edits.check import refuse_text
from pointsman.workspaces.edits.guard import Ground, folded, refuse_path
from pointsman.workspaces.edits.lines import Splice
from pointsman.workspaces.edits.matcher import place
from pointsman.workspaces.text import MAX_TEXT_BYTES, Encoding, decode, newline_of


@dataclass(frozen=True, slots=True)
class Old:
    """A file before the edits: its text and how it is written down."""

    text: str
    encoding: Encoding


def refuse_paths(edits: Sequence[Edit], rules: EditRules, modes: Mapping[str, str]) -> EditRefusal | None:
    """Why these edits may not be made where they want to be, before any file is looked at."""
    paths = list(dict.fromkeys(edit.path for edit in edits))
    if not paths:
        return EditRefusal("unreadable", "", "There is no edit.")
    if len(paths) > rules.max_files:
        message = f"{len(paths)} files are edited; at most {rules.max_files} may be. Do the task in fewer files."
        return EditRefusal("too-large", "", message)
    if len({folded(path) for path in paths}) < len(paths):
        return EditRefusal("protected", "", "Two of the paths differ only by case or look-alike characters.")
    ground = Ground(modes)
    return next((refusal for path in paths if (refusal := refuse_path(path, rules, ground))), None)


def apply_edits(
    edits: Sequence[Edit], rules: EditRules, olds: Mapping[str, bytes | None]
) -> dict[str, bytes | None] | EditRefusal:
    """The new bytes of every file that changes (None: deleted). `olds` has the bytes of each path, None if absent."""
    before: dict[str, Old | None] = {}
    for path, data in olds.items():
        old = _read(path, data)
        if isinstance(old, EditRefusal):
            return old
        before[path] = old
    after: dict[str, str | None] = {path: old.text if old else None for path, old in before.items()}
    for edit in edits:
        new = _edited(edit, after[edit.path], before[edit.path])
        if isinstance(new, EditRefusal):
            return new
        after[edit.path] = new
    changed = {path: text for path, text in after.items() if text != _text_of(before[path])}
    if not changed:
        return refusals.unchanged(edits[0].path, applied=False)
    return _written(changed, before, edits, rules)


def splice_text(text: str, splice: Splice) -> str:
    """The text with one window replaced; every other byte of it, and the final newline or its lack, stays."""
    rows = _rows(text)
    old = [body for body, _ in rows[splice.start : splice.end]]
    new = list(splice.lines)
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    start, end = splice.start + head, splice.end - tail
    newline = newline_of(text)
    fresh = [(line, newline) for line in new[head : len(new) - tail]]
    kept = [*rows[:start], *fresh, *rows[end:]]
    # Without its newline a blank line would be none.
    if rows and not rows[-1][1] and kept and kept[-1][0]:
        kept = [(line, ending or newline) for line, ending in kept[:-1]] + [(kept[-1][0], "")]
    return "".join(line + ending for line, ending in kept)


def bodies(text: str) -> list[str]:
    """The lines without their newlines."""
    return [body for body, _ in _rows(text)]


def _read(path: str, data: bytes | None) -> Old | EditRefusal | None:
    if data is None:
        return None
    if len(data) > MAX_TEXT_BYTES:
        return EditRefusal("too-large", path, f"{path} is over a megabyte and is not edited.")
    decoded = decode(data)
    if decoded is None:
        return EditRefusal("protected", path, f"{path} is not a text file and is not edited.")
    return Old(*decoded)


def _edited(edit: Edit, text: str | None, old: Old | None) -> str | EditRefusal | None:
    if isinstance(edit, Delete):
        return _missing(edit.path) if text is None else None
    if isinstance(edit, Write):
        return _whole(edit.text, old)
    if not edit.search.strip():
        return _created(edit, text, old)
    if text is None:
        return _missing(edit.path)
    splice = place(edit.path, bodies(text), search=_asked(edit.search), replace=_asked(edit.replace))
    return splice if isinstance(splice, EditRefusal) else splice_text(text, splice)


def _created(edit: Replace, text: str | None, old: Old | None) -> str | EditRefusal:
    if text:
        message = f"{edit.path}: an empty SEARCH only makes a new file, and this one is there. Quote its lines."
        return EditRefusal("no-match", edit.path, message)
    return _whole(edit.replace, old)


def _missing(path: str) -> EditRefusal:
    message = f"{path} does not exist. Check the path; to make a new file leave SEARCH empty or send it whole."
    return EditRefusal("no-match", path, message)


def _whole(text: str, old: Old | None) -> str:
    """A whole text in the file's own newline style, with a final newline unless the file had none."""
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    ends = old is None or not old.text or old.text.endswith("\n")
    text = text.rstrip("\n") + "\n" if ends and text.strip("\n") else text.rstrip("\n")
    return text.replace("\n", "\r\n") if old and newline_of(old.text) == "\r\n" else text


def _asked(text: str) -> list[str]:
    text = text.replace("\r\n", "\n")
    return text.removesuffix("\n").split("\n") if text else []


def _rows(text: str) -> list[tuple[str, str]]:
    """Lines and their newlines. Only LF and CR LF end a line, as in git."""
    rows = [(part.removesuffix("\r"), "\r\n" if part.endswith("\r") else "\n") for part in text.split("\n")]
    last = text.rpartition("\n")[2]
    return rows[:-1] + ([(last, "")] if last else [])


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    pairs = zip(left, right, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))


def _text_of(old: Old | None) -> str | None:
    return old.text if old else None


def _written(
    changed: Mapping[str, str | None], before: Mapping[str, Old | None], edits: Sequence[Edit], rules: EditRules
) -> dict[str, bytes | None] | EditRefusal:
    whole = {edit.path for edit in edits if isinstance(edit, Write)}
    written: dict[str, bytes | None] = {}
    for path, text in changed.items():
        if text is None:
            written[path] = None
            continue
        old = before[path]
        refusal = refuse_text(path, _text_of(old), text, whole=path in whole)
        if refusal is not None:
            return refusal
        data = (old.encoding if old else Encoding()).encode(text)
        if data is None:
            message = f"{path} is written in Latin-1, which has no place for some of these characters. Use escapes."
            return EditRefusal("syntax", path, message)
        written[path] = data
    size = sum(len(data) for data in written.values() if data is not None)
    if size > rules.max_bytes:
        message = f"The edited files have {size} bytes; at most {rules.max_bytes} may be written. Do less at once."
        return EditRefusal("too-large", "", message)
    return written
