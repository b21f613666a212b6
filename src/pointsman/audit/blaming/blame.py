"""Blame: git's answer for each line joined with the notes that can be believed; never a guess."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

from pointsman.audit.blaming.cards import Shelf
from pointsman.audit.blaming.credit import pointers_of
from pointsman.audit.blaming.index import NoteIndex
from pointsman.audit.blaming.search import History, runs_in
from pointsman.audit.blaming.settling import Facts, Settling
from pointsman.audit.keys.keyring import TrustedKeys
from pointsman.domain.blame import Asked, Blame, BlamedLine, CommitSeen, ToldLine, Written

Groups = Mapping[tuple[str, str], Written]


async def blame(
    history: History,
    commit: str,
    asked: Asked,
    *,
    trusted: Callable[[], Awaitable[TrustedKeys]],
    also: tuple[str, ...] = (),
) -> Blame:
    """Who wrote each line of a file as it is at `commit`. `also` are commits whose notes are looked at as well.

    `trusted` is asked for the keys only when there is a note. The notes are read while git is at work.
    """
    lines = asyncio.ensure_future(history.lines(commit, asked))
    try:
        files = [one for place in dict.fromkeys((commit, *also)) for one in await history.notes(place)]
        shelf = await asyncio.to_thread(Shelf, files, await trusted() if files else TrustedKeys())
        notes = NoteIndex(shelf, await runs_in(history, shelf.cards))
        await asyncio.to_thread(_read_ahead, shelf, lines.done)
        found = await lines
    finally:
        lines.cancel()
    settling = Settling(history, commit, notes, await _facts(history, commit, found, notes))
    groups = dict.fromkeys((line.commit, line.path) for line in found)
    told = {group: await settling.settled(*group) for group in groups}
    mapped = await _mapped(history, settling, found, asked, told) if found else {}
    answers = tuple(ToldLine(line, mapped.get(line.number) or told[line.commit, line.path]) for line in found)
    return Blame(asked.path, commit, answers, len(shelf.cards), shelf.wrong())


def _read_ahead(shelf: Shelf, is_enough: Callable[[], bool]) -> None:
    """Open notes as long as git is at work anyway, the newest first; what is needed later is opened then."""
    for card in reversed(shelf.cards):
        if is_enough():
            return
        shelf.opened(card)


async def _facts(history: History, head: str, found: tuple[BlamedLine, ...], notes: NoteIndex) -> Facts:
    """What has to be known of the commits that no believable note names."""
    blamed = dict.fromkeys(line.commit for line in found)
    rest = [commit for commit in blamed if not notes.is_settled(commit)]
    if not rest:
        return Facts({}, {}, {}, await history.cut(), frozenset(card.digest for card in notes.shelf.cards))
    seen, added, cut = await asyncio.gather(history.commits(rest), history.introduced(rest), history.cut())
    inside = await _inside(history, head, blamed, notes)
    away = [card for card in notes.shelf.cards if card.wrote and card.digest not in inside]
    wanted = [one for one in rest if away or one in added or (one in seen and pointers_of(seen[one]))]
    pairs = [(_parent(seen[one]), one) for one in wanted if one in seen and one not in cut and _is_single(seen[one])]
    changes = await history.changes(pairs)
    known = {commit: change for (_, commit), change in zip(pairs, changes, strict=True) if change is not None}
    return Facts(seen, added, known, cut, inside)


async def _inside(history: History, head: str, blamed: Iterable[str], notes: NoteIndex) -> frozenset[str]:
    """The digests of the notes whose head lies in the history that is asked about."""
    met = frozenset(blamed)
    here = {card.digest: card for card in notes.shelf.cards if notes.runs.get(card.digest)}
    doubtful = [card for card in here.values() if card.head not in met]
    outside = await history.outside(head, [card.head for card in doubtful])
    return frozenset(digest for digest, card in here.items() if card.head not in outside)


async def _mapped(
    history: History, settling: Settling, found: tuple[BlamedLine, ...], asked: Asked, told: Groups
) -> dict[int, Written]:
    """Lines of squashes that hold more than a note's work, by the heads of the runs, as far as these are here.

    git is asked again, as if the squash were a merge of its parent with the heads that it was made of: what it then
    finds in a head is the run's, and what it still leaves to the squash was written afterwards.
    """
    mixed = {
        line.commit for line in found if not told[line.commit, line.path].is_bound and settling.heads(line.commit)
    }
    if not mixed:
        return {}
    heads = {commit: settling.parents(commit) for commit in mixed}
    again = await history.lines(settling.head, asked, heads=heads)
    answers: dict[int, Written] = {}
    for before, now in zip(found, again, strict=True):
        if before.commit in mixed and not told[before.commit, before.path].is_bound:
            answers[before.number] = settling.compared(before, now)
    return answers


def _parent(seen: CommitSeen) -> str:
    return seen.parents[0] if seen.parents else ""


def _is_single(seen: CommitSeen) -> bool:
    return len(seen.parents) < 2
