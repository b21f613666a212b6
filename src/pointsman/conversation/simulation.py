"""What an edit of the routing would move, in words: for the terminal, and as Markdown for a check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pointsman.config.problem import ConfigProblem
from pointsman.conversation.figures import counted, duration, short, tokens, usd
from pointsman.conversation.fitting import Part, fitted
from pointsman.conversation.outbound import inline_code, outbound_line
from pointsman.conversation.refusals import problem_lines
from pointsman.conversation.tables import folded, order_table, table
from pointsman.domain.forge import CheckOrder, CheckState, Mark
from pointsman.domain.levels import classes_in_words
from pointsman.domain.moves import Kind, Move
from pointsman.domain.run import TaskOrder

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
    """One move in plain text; `is_grave` says whether a person should look at it first."""

    what: str
    before: str
    after: str
    place: str
    whom: str
    is_grave: bool

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """The cells under `HEAD`."""
        return self.what, self.before, self.after, ", ".join(part for part in (self.place, self.whom) if part)


def move_words(move: Move) -> MoveWords:
    """What became different, from what to what, and for which classes of task, levels and paths."""
    what = _WHAT[move.kind].format(phase=move.phase or "", about=move.about)
    classes = classes_in_words(move.tasks) if move.tasks else ""
    levels = f"at level {', '.join(str(level) for level in move.levels)}" if move.levels else ""
    whom = ", ".join(part for part in (classes, levels) if part)
    return MoveWords(what, _side(move, move.before), _side(move, move.after), move.place, whom, move.kind.is_grave)


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
    shown = [_cells(each) for each in words[:_MOST]]
    more = f"\n\nAnd {len(words) - _MOST} more; `pointsman route --diff` shows all." if len(words) > _MOST else ""
    return table(HEAD, shown) + more


def _cells(words: MoveWords) -> tuple[str, ...]:
    told = [outbound_line(text, limit=400) for text in (words.what, words.before, words.after)]
    whom = (inline_code(words.place) if words.place else "", outbound_line(words.whom))
    return (*told, ", ".join(part for part in whom if part))


def _side(move: Move, text: str) -> str:
    if move.kind is not Kind.LIMIT:
        return text
    written = usd if move.about.endswith("_usd") else duration if move.about == "seconds" else _count
    return written(float(text))


def _count(number: float) -> str:
    return tokens(round(number))


def _verb(number: int, word: str) -> str:
    return word if number != 1 else f"{word}es" if word.endswith("ss") else f"{word}s"


@dataclass(frozen=True, slots=True)
class Simulated:
    """What came of reading a change's routing file: its mistakes, or what it moves; `first` when there was none."""

    head: str
    mistakes: Sequence[ConfigProblem] = ()
    warnings: Sequence[ConfigProblem] = ()
    moves: Sequence[Move] = ()
    first: TaskOrder | None = None
    is_gone: bool = False


def routing_check(check_id: str, found: Simulated) -> CheckOrder:
    """The check `pointsman/routing` on a change that edits the routing file; nothing of that file is obeyed."""
    state = CheckState.FAILED if found.mistakes else CheckState.PASSED
    marks = [_mark(problem, is_mistake=True) for problem in found.mistakes]
    marks += [_mark(problem, is_mistake=False) for problem in found.warnings]
    title, page = _verdict(found)
    said = (
        f"{page}\n\nDecided for `{short(found.head)}` by the organisation's policy as it is now; no model was asked. "
        "The file on the default branch holds until this change is merged."
    )
    warned = f"## Worth a look\n\n{problem_lines(found.warnings)}" if found.warnings else ""
    return CheckOrder(check_id, state, title[:120], said, warned, marks=tuple(marks), about="routing")


def _verdict(found: Simulated) -> tuple[str, str]:
    if found.mistakes:
        title = f"Routing: {counted(len(found.mistakes), 'mistake')}"
        return title, f"With this file the bot would not do what it says:\n\n{problem_lines(found.mistakes)}"
    if found.is_gone:
        return "Routing: the file is taken away", "Without a routing file the bot does nothing in this repository."
    if found.first is not None:
        return "Routing: a first file that can be used", order_table(found.first)
    return moves_title(found.moves), moves_page(found.moves)


def _mark(problem: ConfigProblem, *, is_mistake: bool) -> Mark:
    hint = f" ({problem.hint})" if problem.hint else ""
    message = outbound_line(f"{problem.message}{hint}", limit=600)
    return Mark(problem.file, problem.line, problem.column, message, is_mistake)
