"""The report on a span of time in words and tables, the same for every form that it is read in."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pointsman.conversation.figures import counted, usd
from pointsman.conversation.risk_report import PEOPLE, UNKNOWN, Left, RiskReport, Share, share_of
from pointsman.domain.note_problem import NoteProblem

MOST_ROWS = 200
"""So many rows of one table are shown; how many more there are is said."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a plot: its name, how long it is, and the figure beside it."""

    name: str
    amount: int
    shown: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with sentences, bars and a table below; all of it plain text, names of others included.

    `right` are the columns, counted from 0, that hold figures.
    """

    title: str
    said: tuple[str, ...] = ()
    bars: tuple[Bar, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    right: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class About:
    """What the report is about: the repository and its tip, or an installation; days (ISO 8601), empty when open."""

    name: str
    tip: str
    since: str
    until: str
    written: str


def sections(report: RiskReport, problems: Sequence[NoteProblem], about: About) -> tuple[Section, ...]:
    """The whole report in the order in which it is read: what does not hold comes first."""
    made = (
        _doubt(report, problems),
        _short(report, about),
        _authors(report),
        _pairs(report),
        _overruled(report),
        _left(report.left),
        _of_all(
            "What their tests showed", "Runs whose work landed, by the evidence of their tests.", report.evidence
        ),
        _cost(report.cost),
        _of_all("Stand-ins and escalations", "Changes of model within a phase, and how often.", report.hops),
        Section("How this was counted", _METHOD),
    )
    return tuple(section for section in made if section is not None)


def headline(about: About) -> str:
    """The title of the report."""
    return f"Who wrote and who checked: {about.name}"


def span_text(about: About) -> str:
    """The span in words."""
    first = f"from {about.since}" if about.since else "from the beginning"
    last = f"to {about.until}" if about.until else "to the newest"
    tip = f", at commit {about.tip[:12]}" if about.tip else ""
    return f"{first} {last}{tip}; counted on {about.written[:10]}"


def _doubt(report: RiskReport, problems: Sequence[NoteProblem]) -> Section | None:
    if not problems and not report.claimed:
        return None
    rows = [(problem.note or "(the chain)", problem.rule, problem.message) for problem in problems]
    rows += [
        (commit[:12], "no note", "Its trailer names a run, but no believable note here speaks of it.")
        for commit in report.claimed
    ]
    said = (f"{counted(len(rows), 'thing')} could not be believed. What does not hold is in no figure below.",)
    return _cut(
        Section("What does not hold", said, head=("note or commit", "rule", "what is wrong"), rows=tuple(rows))
    )


def _short(report: RiskReport, about: About) -> Section:
    models = sum(share.amount for share in report.authors if share.name not in (PEOPLE, UNKNOWN))
    people = sum(share.amount for share in report.authors if share.name == PEOPLE)
    unknown = sum(share.amount for share in report.authors if share.name == UNKNOWN)
    written = f"{counted(report.notes, 'note')} {'was' if report.notes == 1 else 'were'} written"
    landed = f"; the work of {report.landed} landed, that of {report.not_landed} did not, or not here"
    said = [f"{written}{landed if about.tip else ''}."]
    if about.tip:
        said.append(
            f"{report.lines:,} lines landed: {share_of(models, report.lines)} by models, "
            f"{share_of(people, report.lines)} by people, {share_of(unknown, report.lines)} unknown."
        )
        said.append(_checked(report, models))
    said.append(_kept_inside(report.left))
    return Section("In short", tuple(one for one in said if one))


def _checked(report: RiskReport, models: int) -> str:
    approved = sum(pair.lines for pair in report.pairs if pair.reviewer != "nobody" and pair.approved == pair.changes)
    return (
        f"Of the lines by models, {share_of(approved, models)} lie in changes whose every review approved."
        if models
        else ""
    )


def _kept_inside(left: Sequence[Left]) -> str:
    closed = [one for one in left if one.sensitivity in ("restricted", "secret")]
    if not closed:
        return "No run worked on anything restricted or secret."
    outside = sum(one.calls for one in closed if one.perimeter == "public")
    if not outside:
        return "No call about anything restricted or secret went to a public provider."
    return f"{counted(outside, 'call')} about something restricted or secret went to a public provider."


def _authors(report: RiskReport) -> Section | None:
    if not report.authors:
        return None
    rows = tuple(
        (one.name, f"{one.amount:,}", share_of(one.amount, report.lines), f"{one.changes:,}")
        for one in report.authors
    )
    bars = tuple(Bar(one.name, one.amount, share_of(one.amount, report.lines)) for one in report.authors)
    return _cut(
        Section(
            "Who wrote the lines that landed",
            ("Lines that commits of the branch added, each counted where it landed.",),
            bars,
            ("written by", "lines", "share", "landings"),
            rows,
            frozenset({1, 2, 3}),
        )
    )


def _pairs(report: RiskReport) -> Section | None:
    if not report.pairs:
        return None
    rows = tuple(
        (
            pair.author,
            pair.reviewer,
            *(f"{number:,}" for number in (pair.lines, pair.changes, pair.approved, pair.objected, pair.unclear)),
        )
        for pair in report.pairs
    )
    head = ("written by", "reviewed by", "lines", "runs", "approved", "asked for changes", "unclear")
    return _cut(Section("Who reviewed them", (), (), head, rows, frozenset(range(2, 7))))


def _overruled(report: RiskReport) -> Section:
    if not report.overruled:
        return Section("What people decided otherwise", ("Nothing.",))
    rows = tuple((one.at[:16].replace("T", " "), one.run, one.who, one.what) for one in report.overruled)
    said = ("What people overrode by a command, and what was merged although the bot's last word on it was a doubt.",)
    return _cut(Section("What people decided otherwise", said, (), ("when", "run", "who", "what"), rows))


def _left(left: Sequence[Left]) -> Section | None:
    if not left:
        return None
    tokens: Counter[str] = Counter()
    for one in left:
        tokens[f"{one.sensitivity} → {one.perimeter}"] += one.input_tokens
    rows = tuple(
        (
            one.sensitivity,
            one.perimeter,
            one.provider,
            *(f"{number:,}" for number in (one.calls, one.input_tokens, one.output_tokens)),
            usd(one.cost_micro_usd / 1_000_000),
        )
        for one in left
    )
    return _cut(
        Section(
            "What left which perimeter",
            (
                "Tokens sent, by how closed the repository or its paths are and where the provider runs: local is "
                "own hardware, account is an own account in a cloud, public is everything else.",
            ),
            tuple(Bar(name, amount, f"{amount:,}") for name, amount in tokens.items()),
            ("sensitivity", "perimeter", "provider", "calls", "tokens in", "tokens out", "cost"),
            rows,
            frozenset(range(3, 7)),
        )
    )


def _cost(cost: Sequence[Share]) -> Section | None:
    if not cost:
        return None
    whole = sum(one.amount for one in cost)
    rows = tuple(
        (one.name, usd(one.amount / 1_000_000), share_of(one.amount, whole), f"{one.changes:,}") for one in cost
    )
    bars = tuple(Bar(one.name, one.amount, usd(one.amount / 1_000_000)) for one in cost)
    said = (f"All calls of these runs together: {usd(whole / 1_000_000)}.",)
    return _cut(Section("What it cost", said, bars, ("model", "cost", "share", "runs"), rows, frozenset({1, 2, 3})))


def _of_all(title: str, said: str, shares: Sequence[Share]) -> Section | None:
    if not shares:
        return None
    whole = sum(one.amount for one in shares)
    bars = tuple(Bar(one.name, one.amount, f"{one.amount:,}") for one in shares)
    rows = tuple((one.name, f"{one.amount:,}", share_of(one.amount, whole)) for one in shares)
    return _cut(Section(title, (said,), bars, ("", "runs", "share"), rows, frozenset({1, 2})))


_METHOD = (
    "Only notes whose signature held with a trusted key are counted; `pointsman audit verify` checks their chain.",
    "A note's work landed with the commit of the branch's own line that brought the note, or that brought the commit "
    "the note speaks of. Of the lines that it added, as many as the note's edits added are the model's, and "
    "the rest are people's; a person who rewrote a line of a model's before the merge is not told apart here. "
    "`pointsman audit blame` tells line by line.",
    "A commit whose trailers name a run without a believable note is unknown, never people's. What was squashed from "
    "a branch whose notes are kept elsewhere than in the tree is counted as people's or unknown.",
)


def _cut(section: Section) -> Section:
    more = len(section.rows) - MOST_ROWS
    if more <= 0:
        return section
    said = (*section.said, f"The first {MOST_ROWS} rows are shown; {more:,} more are not.")
    return Section(
        section.title, said, section.bars[:MOST_ROWS], section.head, section.rows[:MOST_ROWS], section.right
    )
