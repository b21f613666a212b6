"""What a risk officer asks of a span of time, counted from notes and from what came into the branch."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pointsman.domain.landed import Landed
from pointsman.domain.noted import Noted

PEOPLE = "people"
UNKNOWN = "unknown"
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Share:
    """One slice of a whole: how much, of how many changes."""

    name: str
    amount: int
    changes: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Who wrote and who reviewed: lines that landed, changes, and how the last review of each ended."""

    author: str
    reviewer: str
    lines: int
    changes: int
    approved: int
    objected: int
    unclear: int


@dataclass(frozen=True, slots=True)
class Overruled:
    """Something that people decided otherwise than the bot, or in its stead."""

    at: str
    run: str
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Left:
    """What went to the providers of one perimeter, of repositories of one sensitivity."""

    sensitivity: str
    perimeter: str
    provider: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost_micro_usd: int


@dataclass(frozen=True, slots=True)
class RiskReport:
    """All figures of one span: the notes written in it, and those of them whose work is in the branch."""

    notes: int
    landed: int
    not_landed: int
    lines: int
    authors: tuple[Share, ...]
    pairs: tuple[Pair, ...]
    evidence: tuple[Share, ...]
    overruled: tuple[Overruled, ...]
    left: tuple[Left, ...]
    cost: tuple[Share, ...]
    hops: tuple[Share, ...]
    claimed: tuple[str, ...]


def risk_report(notes: Sequence[Noted], landed: Sequence[Landed]) -> RiskReport:
    """Count a span. `notes` are the believable ones of it, `landed` the commits that came into the branch in it.

    A note's work landed with the commit that brought the note, or that brought the commit it speaks of. Of the lines
    that such a commit added, those that the note's edits added are the model's, at most all; the rest are people's.
    Where trailers claim a run that no believable note speaks of, all lines are unknown.
    """
    by_commit = _placed(notes, landed)
    arrived = {note.digest for found in by_commit.values() for note in found}
    here = [note for note in notes if note.digest in arrived]
    lines = _Lines()
    for commit in landed:
        lines.count(commit, by_commit.get(commit.commit, ()))
    return RiskReport(
        notes=len(notes),
        landed=len(here),
        not_landed=len(notes) - len(here),
        lines=sum(commit.added for commit in landed),
        authors=lines.authors(),
        pairs=lines.pairs(),
        evidence=_shares(Counter(note.evidence for note in here if note.edits)),
        overruled=_overruled(notes, by_commit),
        left=_left(notes),
        cost=_costs(notes),
        hops=_shares(Counter(f"{hop.kind}: {hop.from_model} -> {hop.to_model}" for n in notes for hop in n.hops)),
        claimed=tuple(commit.commit for commit in landed if commit.runs and not by_commit.get(commit.commit)),
    )


def share_of(amount: int, whole: int) -> str:
    """A share in per cent; `-` of nothing. What is not nothing is never shown as 0 %, nor less than all as 100 %."""
    if whole <= 0:
        return "-"
    percent = round(100 * amount / whole)
    if amount and not percent:
        return "<1 %"
    return ">99 %" if percent == 100 and amount < whole else f"{percent} %"


class _Lines:
    """Lines by who wrote them and who reviewed them, added up commit by commit."""

    def __init__(self) -> None:
        self._by: Counter[str] = Counter()
        self._changes: Counter[str] = Counter()
        self._pairs: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def count(self, commit: Landed, notes: Sequence[Noted]) -> None:
        """One commit, with the notes whose work it brought."""
        rest = commit.added
        seen = set()
        for note in notes:
            for author, written in _written(note).items():
                own = min(rest, written)
                rest -= own
                self._by[author] += own
                seen.add(author)
                pair = self._pairs[author, note.reviewer or NOBODY]
                pair["lines"] += own
                pair["all"] += 1
                pair[note.verdict] += 1
        other = UNKNOWN if commit.runs and not notes else PEOPLE
        if rest or not notes:
            self._by[other] += rest
            seen.add(other)
        self._changes.update(seen)

    def authors(self) -> tuple[Share, ...]:
        """The most lines first, people and the unknown at the end."""
        names = sorted(self._changes, key=lambda name: (name in (PEOPLE, UNKNOWN), -self._by[name], name))
        return tuple(Share(name, self._by[name], self._changes[name]) for name in names)

    def pairs(self) -> tuple[Pair, ...]:
        """By author, then by reviewer."""
        return tuple(
            Pair(author, reviewer, it["lines"], it["all"], it["approve"], it["changes"], it["inconclusive"])
            for (author, reviewer), it in sorted(self._pairs.items())
        )


def _written(note: Noted) -> Counter[str]:
    """Lines added by the model that wrote them."""
    written: Counter[str] = Counter()
    for edit in note.edits:
        written[edit.model] += edit.added
    return written


def _placed(notes: Sequence[Noted], landed: Sequence[Landed]) -> dict[str, list[Noted]]:
    """The notes by the commit with which their work landed, oldest first."""
    by_name = {name: commit.commit for commit in landed for name in commit.notes}
    by_commit = {each: commit.commit for commit in landed for each in commit.brought}
    placed: dict[str, list[Noted]] = defaultdict(list)
    for note in sorted(notes, key=lambda note: note.written_at):
        where = by_name.get(note.name) or by_commit.get(note.commit)
        if where:
            placed[where].append(note)
    return placed


def _overruled(notes: Iterable[Noted], by_commit: Mapping[str, Sequence[Noted]]) -> tuple[Overruled, ...]:
    """Overrides by name, and what landed although the last note about it ends with a doubt, whoever merged it."""
    found = [
        Overruled(act.at, note.run, act.login, f"override: {act.detail}" if act.detail else "override")
        for note in notes
        for act in note.people
        if act.act == "override"
    ]
    for commit, about in by_commit.items():
        last = about[-1]
        doubts = _doubts(last)
        if doubts:
            what = f"landed with {commit[:12]} although {doubts}"
            found.append(Overruled(last.written_at, last.run, "who merged it", what))
    return tuple(sorted(found, key=lambda one: (one.at, one.run, one.what)))


def _doubts(note: Noted) -> str:
    """Why the run did not end well; empty when it did."""
    doubts = []
    if note.verdict == "changes":
        doubts.append("the review asked for changes")
    elif note.verdict != "approve":
        doubts.append("no review approved it")
    if note.edits and note.evidence != "passed":
        doubts.append(f"the evidence of its tests was: {note.evidence}")
    if not doubts and note.result == "needs-person":
        doubts.append("the run asked for a person")
    return " and ".join(doubts)


_RISING = ("public", "internal", "restricted", "secret")


def _left(notes: Iterable[Noted]) -> tuple[Left, ...]:
    sums: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for note in notes:
        for call in note.calls:
            found = sums[note.sensitivity, call.perimeter, call.provider]
            found["calls"] += 1
            found["in"] += call.input_tokens
            found["out"] += call.output_tokens
            found["cost"] += call.cost_micro_usd
    order = sorted(sums, key=lambda key: (_rank(key[0]), *key[1:]))
    return tuple(Left(*key, it["calls"], it["in"], it["out"], it["cost"]) for key in order for it in (sums[key],))


def _rank(sensitivity: str) -> int:
    """The most closed first."""
    return -_RISING.index(sensitivity) if sensitivity in _RISING else -len(_RISING)


def _costs(notes: Iterable[Noted]) -> tuple[Share, ...]:
    cost: Counter[str] = Counter()
    runs: dict[str, set[str]] = defaultdict(set)
    for note in notes:
        for call in note.calls:
            cost[call.model] += call.cost_micro_usd
            runs[call.model].add(note.run)
    return tuple(Share(name, amount, len(runs[name])) for name, amount in sorted(cost.items(), key=_most))


def _shares(counted: Counter[str]) -> tuple[Share, ...]:
    return tuple(Share(name, amount, amount) for name, amount in sorted(counted.items(), key=_most))


def _most(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]
