"""Applies edits to texts in memory: all of them or none, with newlines, encoding and mode as they were."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pointsman.domain.work import Delete, Edit, EditRefusal, EditRules, Move, Replace, Rewrite, Write
from pointsman.workspaces.edits import refusals
from pointsman.workspaces.edits.check import refuse_text
from pointsman.workspaces.edits.guard import Ground, folded, refuse_path
from pointsman.workspaces.edits.lines import Splice, shared
from pointsman.workspaces.edits.matcher import Wanted, place
from pointsman.workspaces.edits.regions import is_in, is_last, regions
from pointsman.workspaces.text import MAX_TEXT_BYTES, Encoding, decode, newline_of


@dataclass(frozen=True, slots=True)
class Old:
    """A file before the edits: its text and how it is written down."""

    text: str
    encoding: Encoding

    def is_blob(self, oid: str) -> bool:
        """Whether git knows these bytes by this id, of SHA-1 or of SHA-256."""
        data = self.encoding.encode(self.text) or b""
        name = "sha1" if len(oid) == 40 else "sha256"
        return hashlib.new(name, b"blob %d\0%s" % (len(data), data), usedforsecurity=False).hexdigest() == oid


def refuse_paths(edits: Sequence[Edit], rules: EditRules, modes: Mapping[str, str]) -> EditRefusal | None:
    """Why these edits may not be made where they want to be, before any file is looked at."""
    paths = paths_of(edits)
    if not paths:
        return EditRefusal("unreadable", "", "There is no edit.")
    if len(paths) > rules.max_files:
        message = f"{len(paths)} files are edited; at most {rules.max_files} may be. Do the task in fewer files."
        return EditRefusal("too-large", "", message)
    if len({folded(path) for path in paths}) < len(paths):
        return EditRefusal("protected", "", "Two of the paths differ only by case or look-alike characters.")
    ground = Ground(modes)
    return next((refusal for path in paths if (refusal := refuse_path(path, rules, ground))), None)


def paths_of(edits: Sequence[Edit]) -> list[str]:
    """Every path that the edits read or write, in their order."""
    both = ((edit.path, edit.to) if isinstance(edit, Move) else (edit.path,) for edit in edits)
    return list(dict.fromkeys(path for paths in both for path in paths))


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
    held = {path: old.text for path, old in before.items() if old}
    after: dict[str, str | None] = {path: held.get(path) for path in before}
    for edit in edits:
        if isinstance(edit, Move):
            if (refusal := _moved(edit, rules, before, after)) is not None:
                return refusal
            continue
        new = _edited(edit, after[edit.path], before[edit.path])
        if isinstance(new, EditRefusal):
            return new
        after[edit.path] = new
    changed = {path: text for path, text in after.items() if text is None or text != held.get(path)}
    changed = {path: text for path, text in changed.items() if text is not None or path in held}
    if not changed:
        return refusals.unchanged(edits[0].path, applied=False)
    return _written(changed, before, edits, rules)


def _moved(
    edit: Move, rules: EditRules, before: dict[str, Old | None], after: dict[str, str | None]
) -> EditRefusal | None:
    """Take the text to its new path, which then counts as a file that had been there in the old form."""
    if edit.path in rules.unmoved:
        return EditRefusal("protected", edit.path, f"{edit.path} is closed to this run; leave it where it is.")
    text = after[edit.path]
    if text is None:
        return _missing(edit.path)
    if after[edit.to] is not None:
        return EditRefusal("protected", edit.to, f"{edit.to} is there already; nothing is moved over it.")
    before[edit.to] = before[edit.path]
    after[edit.path], after[edit.to] = None, text
    return None


def splice_text(text: str, splice: Splice) -> str:
    """The text with one window replaced; every other byte of it, and the final newline or its lack, stays."""
    rows = _rows(text)
    old = [body for body, _ in rows[splice.start : splice.end]]
    new = list(splice.lines)
    head = shared(old, new)
    tail = shared(old[head:][::-1], new[head:][::-1])
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


def _edited(edit: Replace | Rewrite | Write | Delete, text: str | None, old: Old | None) -> str | EditRefusal | None:
    if isinstance(edit, Write):
        return _whole(edit.text, old)
    if isinstance(edit, Replace) and not edit.search.strip() and not (text and edit.at_end):
        return _created(edit, text, old)
    if text is None:
        return _missing(edit.path)
    if isinstance(edit, Delete):
        return None
    splice = _rewritten(edit, text, old) if isinstance(edit, Rewrite) else _replaced(edit, bodies(text))
    return splice if isinstance(splice, EditRefusal) else splice_text(text, splice)


def _rewritten(edit: Rewrite, text: str, old: Old | None) -> Splice | EditRefusal:
    """The counted lines, in the very file that they were counted in."""
    lines = bodies(text)
    if old is None or text != old.text or not old.is_blob(edit.blob):
        return refusals.stale(edit.path)
    if not 1 <= edit.first <= edit.last + 1 <= len(lines) + 1:
        return refusals.no_such_lines(edit.path, len(lines))
    new = asked(edit.text)
    if lines[edit.first - 1 : edit.last] == new:
        return refusals.unchanged(edit.path, applied=False)
    return Splice(edit.first - 1, edit.last, tuple(new))


def _replaced(edit: Replace, lines: list[str]) -> Splice | EditRefusal:
    if not edit.search.strip():
        return Splice(len(lines), len(lines), tuple(asked(edit.replace)))
    parts = regions(lines, edit.below)
    if not parts:
        return refusals.no_head(edit.path, edit.below)

    def fits(splice: Splice) -> bool:
        return is_in(splice, parts) and (not edit.at_end or is_last(splice, lines))

    return place(edit.path, lines, Wanted(asked(edit.search), asked(edit.replace), fits))


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


def asked(text: str) -> list[str]:
    """The lines of a text that a model wrote."""
    text = text.replace("\r\n", "\n")
    return text.removesuffix("\n").split("\n") if text else []


def _rows(text: str) -> list[tuple[str, str]]:
    """Lines and their newlines. Only LF and CR LF end a line, as in git."""
    rows = [(part.removesuffix("\r"), "\r\n" if part.endswith("\r") else "\n") for part in text.split("\n")]
    last = text.rpartition("\n")[2]
    return rows[:-1] + ([(last, "")] if last else [])


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
