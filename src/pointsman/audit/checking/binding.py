"""Which commits of a range a note speaks for: by the commit itself, its tree, its diff, or the hunks of its files."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pointsman.audit.checking.opening import OpenedNote
from pointsman.audit.checking.past import LONGEST_CHAIN, NoteSource, Past, Stretch
from pointsman.domain.history import NO_DIFF, NOTES, Difference, Trees, bound_by_lines, noted_path
from pointsman.domain.note_problem import NoteProblem
from pointsman.domain.verified import BindingKind

_NO_HUNKS = hashlib.sha256(b"\n").hexdigest()
_MANY = 500


@dataclass(frozen=True)
class Bound:
    """A note with what it is bound to. `part` has the paths of each commit that it stands for, where not for all."""

    note: OpenedNote
    kind: BindingKind
    why: str
    whole: frozenset[str] = frozenset()
    part: Mapping[str, frozenset[str]] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()
    problems: tuple[NoteProblem, ...] = ()
    unseen: tuple[NoteProblem, ...] = ()

    @property
    def covers(self) -> bool:
        """Whether it says that models wrote something; a review of others' work stands for no commit."""
        return bool(self.note.predicate.authors)


async def bound_to(source: NoteSource, past: Past, notes: Sequence[OpenedNote], base: str) -> list[Bound]:
    """Bind each note, by the strongest of its subjects that holds. `base` is where the range begins, if anywhere."""
    named = {oid for note in notes for oid in (_subject(note, "commit"), note.predicate.order.base_commit)}
    trees = await source.trees(sorted(named))
    at = {commit.id for commit in past.commits} | ({base} if base else set())
    exact = [note for note in notes if _subject(note, "commit") in at and _subject(note, "commit") in trees]
    others = [note for note in notes if note not in exact]
    stretches = _by_paths(past) if others else {}
    own = {note.digest: _own_pair(note, trees) for note in exact}
    wanted = [pair for pair in own.values() if pair]
    wanted += [stretch.pair for note in others for stretch in _candidates(note, stretches)]
    digests = await source.differences(wanted)
    found = {note.digest: _as_it_is(note, past, trees, digests.get(own[note.digest] or ("", ""))) for note in exact}
    for note in others:
        moved = _by_tree(note, past, digests, stretches) or _by_diff(note, digests, stretches)
        if moved:
            found[note.digest] = moved
    left = [note for note in others if note.digest not in found]
    for bound in await _by_files(source, past, left, trees):
        is_whole = bound.files and not bound.differing
        weaker = None if is_whole else _by_lines(bound.note, past, digests, stretches)
        found[bound.note.digest] = weaker or bound
    return [found[note.digest] for note in notes]


def _as_it_is(note: OpenedNote, past: Past, trees: Mapping[str, str], seen: Difference | None) -> Bound:
    commit, own_base = _subject(note, "commit"), note.predicate.order.base_commit
    problems, unseen = [], []
    if trees[commit] != _subject(note, "tree"):
        problems.append(NoteProblem(note.name, "subject-tree", f"Commit {commit[:12]} has another tree than signed."))
    if seen is None:
        said = f"Its base {own_base[:12]} is not in this copy, so the diff of {commit[:12]} was not computed."
        unseen.append(NoteProblem(note.name, "unseen-base", said))
    elif seen.whole != _subject(note, "diff"):
        problems.append(NoteProblem(note.name, "subject-diff", f"Commit {commit[:12]} has another diff than signed."))
    # Without its base nobody can say where the work of the run begins, so it stands for its last commit alone.
    held = past.ancestors([commit]) - past.ancestors([own_base]) if seen else {commit} & set(past.by_id)
    whole = frozenset() if problems else frozenset(held)
    why = f"Commit {commit[:12]} is here as it was signed."
    return Bound(note, "commit", why, whole, problems=tuple(problems), unseen=tuple(unseen))


def _by_tree(
    note: OpenedNote, past: Past, digests: Mapping[Trees, Difference], stretches: "Stretches"
) -> Bound | None:
    ends = {commit.id for commit in past.commits if commit.tree == _subject(note, "tree")}
    for stretch in _candidates(note, stretches):
        if stretch.commits[0] in ends and _is_its_diff(note, digests.get(stretch.pair)):
            why = f"Commit {stretch.commits[0][:12]} has the same tree; the commit itself was made anew."
            return Bound(note, "tree", why, frozenset(stretch.commits))
    return None


def _by_diff(note: OpenedNote, digests: Mapping[Trees, Difference], stretches: "Stretches") -> Bound | None:
    for stretch in _candidates(note, stretches):
        if _is_its_diff(note, digests.get(stretch.pair)):
            why = f"{_words(stretch.commits)} the same diff, on another base or in another cut."
            return Bound(note, "diff", why, frozenset(stretch.commits))
    return None


def _by_lines(
    note: OpenedNote, past: Past, digests: Mapping[Trees, Difference], stretches: "Stretches"
) -> Bound | None:
    """By what went and came in every file of the note, and nothing else, in commits that themselves lead to the note.

    Where the lines stand is not signed, so the commits must say that they are of this run, or bring its note.
    """
    signed = [(edit.path, edit.hunks_sha256, edit.lines_sha256) for edit in note.predicate.edits]
    for stretch in _candidates(note, stretches):
        seen = digests.get(stretch.pair)
        moved = bound_by_lines(signed, seen.files, seen.lines) if seen is not None else None
        if moved and _leads_to(note, past, stretch) and _are_plain(past, stretch, moved):
            why = (
                f"{_words(stretch.commits)} the lines that were signed, gone and come between the same neighbours. "
                f"Where they stand was not signed, nor what lies around them: {', '.join(moved)}."
            )
            return Bound(note, "lines", why, frozenset(stretch.commits))
    return None


def _leads_to(note: OpenedNote, past: Past, stretch: Stretch) -> bool:
    for oid in stretch.commits:
        commit = past.by_id[oid]
        names_it = commit.is_ours and (not commit.runs or note.predicate.run in commit.runs)
        if not names_it and NOTES + note.name not in past.own.get(oid, {}):
            return False
    return True


async def _by_files(
    source: NoteSource, past: Past, notes: Sequence[OpenedNote], trees: Mapping[str, str]
) -> list[Bound]:
    trunk = past.trunk()
    pieces = {note.digest: _pieces(note, past, trunk) for note in notes}
    digests = await source.differences([stretch.pair for found in pieces.values() for stretch in found])
    found = []
    for note in notes:
        own = pieces[note.digest]
        is_whole = past.is_whole and all(stretch.pair in digests for stretch in own)
        found.append(_partial(note, past, own, digests) or _nowhere(note, trees, is_whole=is_whole))
    return found


def _partial(
    note: OpenedNote, past: Past, pieces: Sequence[Stretch], digests: Mapping[Trees, Difference]
) -> Bound | None:
    part: defaultdict[str, set[str]] = defaultdict(set)
    matching: dict[str, None] = {}
    signed = {edit.path: edit.hunks_sha256 for edit in note.predicate.edits if edit.hunks_sha256 != _NO_HUNKS}
    for stretch in pieces:
        seen = digests.get(stretch.pair)
        for path, digest in (seen.files if seen else {}).items():
            if signed.get(noted_path(path)) != digest or not _is_plain(past, stretch, path):
                continue
            matching[noted_path(path)] = None
            for commit in stretch.commits:
                if path in past.touched[commit]:
                    part[commit].add(path)
    if not matching:
        return None
    differing = tuple(edit.path for edit in note.predicate.edits if edit.path not in matching)
    why = (
        f"Only in part: the hunks of {len(matching)} of {len(note.predicate.edits)} files are here as signed."
        if differing
        else "The hunks of every file are here as signed; what stands around them is not."
    )
    paths = {commit: frozenset(held) for commit, held in part.items()}
    return Bound(note, "files", why, frozenset(), paths, tuple(matching), differing)


def _are_plain(past: Past, stretch: Stretch, moved: Iterable[str]) -> bool:
    """The same of files by their names in the note."""
    named = frozenset(moved)
    return all(_is_plain(past, stretch, path) for path in stretch.paths if noted_path(path) in named)


def _is_plain(past: Past, stretch: Stretch, path: str) -> bool:
    """Whether no commit made a link or a program of the file: hunks say nothing of that, and so nobody signed it."""
    seen = [past.touched[commit][path] for commit in stretch.commits if path in past.touched[commit]]
    return all(one.keeps_its_kind for one in seen)


def _nowhere(note: OpenedNote, trees: Mapping[str, str], *, is_whole: bool) -> Bound:
    """Not found, which says that the note is of another change only where everything could be seen."""
    commit = _subject(note, "commit")
    where = "is in this copy, outside the range" if commit in trees else "is not in this copy"
    why = f"Commit {commit[:12]} {where}, and nothing in the range has its tree, its diff or the hunks of its files."
    if not is_whole:
        unseen = NoteProblem(note.name, "unseen-subject", f"{why} Not all of the range could be looked at.")
        return Bound(note, "none", why, unseen=(unseen,))
    problem = NoteProblem(note.name, "subject", f"The note belongs to another change. {why}")
    return Bound(note, "none", why, problems=(problem,))


Stretches = dict[frozenset[str], list[Stretch]]


def _by_paths(past: Past) -> Stretches:
    """Every short stretch of the range by the paths that it changes, so that few are compared by their digests."""
    found: Stretches = defaultdict(list)
    for commit in past.commits:
        if past.touched.get(commit.id):
            for stretch in past.chain(commit.id, LONGEST_CHAIN):
                found[frozenset(map(noted_path, stretch.paths))].append(stretch)
    return found


def _candidates(note: OpenedNote, stretches: Stretches) -> Iterable[Stretch]:
    """The stretches that change just the paths of the note; all of them for a review, which lists no paths."""
    if _subject(note, "diff") == NO_DIFF:
        return ()
    paths = frozenset(edit.path for edit in note.predicate.edits)
    if paths:
        return stretches.get(paths, ())
    whole = [stretch for found in stretches.values() for stretch in found]
    # A review stands for no commit: in a long range it is worth no more than a look at each commit, as for a squash.
    return whole if len(whole) <= _MANY else [stretch for stretch in whole if len(stretch.commits) == 1]


def _pieces(note: OpenedNote, past: Past, trunk: Stretch | None) -> list[Stretch]:
    """Where hunks of the note may lie: each commit that touches a file of it, and the whole range taken together."""
    paths = {edit.path for edit in note.predicate.edits}
    found = [
        next(iter(past.chain(commit.id, 1)))
        for commit in past.commits
        if not paths.isdisjoint(map(noted_path, past.touched.get(commit.id, ())))
    ]
    return [*found, trunk] if trunk else found


def _own_pair(note: OpenedNote, trees: Mapping[str, str]) -> Trees | None:
    base, commit = note.predicate.order.base_commit, _subject(note, "commit")
    return (trees[base], trees[commit]) if base in trees and commit in trees else None


def _is_its_diff(note: OpenedNote, seen: Difference | None) -> bool:
    return seen is not None and seen.whole == _subject(note, "diff")


def _subject(note: OpenedNote, name: str) -> str:
    return next((v for part in note.statement.subject if part.name == name for v in part.digest.values()), "")


def _words(commits: Sequence[str]) -> str:
    if len(commits) == 1:
        return f"Commit {commits[0][:12]} has"
    return f"Commits {commits[-1][:12]} to {commits[0][:12]} together have"
