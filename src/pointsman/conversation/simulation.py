"""What an edit of the routing would move, in words: for the terminal, and as Markdown for a check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pointsman.conversation.figures import counted, duration, tokens, usd
from pointsman.conversation.fitting import Part, fitted
from pointsman.conversation.outbound import outbound_line
from pointsman.conversation.tables import folded, table
from pointsman.domain.levels import classes_in_words
from pointsman.domain.moves import Kind, Move

HEAD = ("what", "before", "after", "for")
_MOST = 60
_WHAT: Mapping[Kind, str] = {
    Kind.CROSSING: "{phase}: text goes further out, to {about}",
    Kind.REFUSED: "{phase}: nobody does it any more",
    Kind.APPROVAL_LOST: "a person's approval of the plan",
    Kind.EVIDENCE_LOST: "passed tests before a change is ready",
    Kind.REVIEW_LOST: "a review",
    Kind.PROTECTION_LOST: "no model edits these paths",
    Kind.LEVEL_LOWERED: "less closed",
    Kind.MODEL: "{phase}",
    Kind.SERVED: "{phase}: somebody does it now",
    Kind.LEVEL_RAISED: "more closed",
    Kind.FALLBACK: "{phase} on outage",
    Kind.ESCALATION: "{phase} when stuck",
    Kind.LIMIT: "{phase}: {about}",
    Kind.APPROVAL: "a person's approval of the plan",
    Kind.EVIDENCE: "passed tests before a change is ready",
    Kind.REVIEW: "a review",
    Kind.PROTECTION: "no model edits these paths",
}


@dataclass(frozen=True, slots=True)
class MoveWords:
    """One move as four cells of plain text; `is_grave` says whether a person should look at it first."""

    what: str
    before: str
    after: str
    whom: str
    is_grave: bool

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """The cells under `HEAD`."""
        return self.what, self.before, self.after, self.whom


def move_words(move: Move) -> MoveWords:
    """What became different, from what to what, and for which classes of task, levels and paths."""
    what = _WHAT[move.kind].format(phase=move.phase or "", about=move.about)
    classes = classes_in_words(move.tasks) if move.tasks else ""
    levels = f"at level {', '.join(str(level) for level in move.levels)}" if move.levels else ""
    whom = ", ".join(part for part in (move.place, classes, levels) if part)
    return MoveWords(what, _side(move, move.before), _side(move, move.after), whom, move.kind.is_grave)


def moves_title(moves: Sequence[Move]) -> str:
    """`Routing: 3 phases move, 1 crosses a perimeter`; the gravest things in one line."""
    if not moves:
        return "Routing: nothing moves"
    phases = {kind: len({move.phase for move in moves if move.kind is kind}) for kind in Kind}
    moved = len({move.phase for move in moves if move.kind in (Kind.MODEL, Kind.SERVED)})
    lost = sum(1 for move in moves if move.kind.is_grave and move.kind not in (Kind.CROSSING, Kind.REFUSED))
    told = (
        (moved, f"{counted(moved, 'phase')} {'moves' if moved == 1 else 'move'}"),
        (phases[Kind.CROSSING], f"{phases[Kind.CROSSING]} {_verb(phases[Kind.CROSSING], 'cross')} a perimeter"),
        (phases[Kind.REFUSED], f"{phases[Kind.REFUSED]} {_verb(phases[Kind.REFUSED], 'find')} nobody"),
        (lost, f"{counted(lost, 'safeguard')} less"),
    )
    said = ", ".join(words for number, words in told if number)
    return f"Routing: {said or counted(len(moves), 'smaller difference')}"


def moves_page(moves: Sequence[Move]) -> str:
    """All moves as Markdown: those that a person should look at first, then the rest."""
    if not moves:
        return "Every phase of every class of task goes where it went before."
    grave, rest = ([move_words(move) for move in moves if move.kind.is_grave is side] for side in (True, False))
    looked_at = f"### Look at this first\n\n{_table(grave)}" if grave else ""
    others = _table(rest) if rest else ""
    return fitted(
        (
            Part(looked_at),
            Part(folded(counted(len(rest), "other difference"), others) if grave and rest else others, 1),
        )
    )


def _table(words: Sequence[MoveWords]) -> str:
    shown = [tuple(map(_cell, each.cells)) for each in words[:_MOST]]
    more = f"\n\nAnd {len(words) - _MOST} more; `pointsman route --diff` shows all." if len(words) > _MOST else ""
    return table(HEAD, shown) + more


def _cell(text: str) -> str:
    return outbound_line(text, limit=400)


def _side(move: Move, text: str) -> str:
    if move.kind is not Kind.LIMIT:
        return text
    written = usd if move.about.endswith("_usd") else duration if move.about == "seconds" else _count
    return written(float(text))


def _count(number: float) -> str:
    return tokens(round(number))


def _verb(number: int, word: str) -> str:
    return word if number != 1 else f"{word}es" if word.endswith("ss") else f"{word}s"
