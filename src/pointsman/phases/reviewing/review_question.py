"""The question of a review: the issue, the criteria, the diff, the changed code whole and the evidence; no author."""

from collections.abc import Mapping
from dataclasses import dataclass

from pointsman.domain.models import Ask, Shape
from pointsman.domain.outcome import Earlier, Evidence, Finding
from pointsman.domain.run import RunSpec
from pointsman.phases.asking import CHARS_PER_TOKEN, Asking, Piece, fit, temperature_of
from pointsman.phases.proof.feedback import evidence_in_words
from pointsman.phases.reading import choice_schema, list_schema, object_schema, text_schema
from pointsman.phases.reviewing.anchors import FileDiff
from pointsman.phases.reviewing.changed import Shown
from pointsman.phases.reviewing.picturing import pictures_for
from pointsman.phases.reviewing.subject import Subject
from pointsman.phases.shown.context import joined
from pointsman.phases.templates import bullets, fenced, fill, mark_of, shorten

_TEXT = text_schema("")
_FINDING = object_schema(
    path=_TEXT,
    quote=text_schema("one whole line copied from the diff"),
    severity=choice_schema("blocking", "major", "minor", "note"),
    kind=choice_schema("bug", "security", "criteria", "tests", "other"),
    criterion=text_schema("the sentence that is not met, copied from the issue or the criteria, or empty"),
    message=_TEXT,
    failing_input=text_schema("the concrete input for which it goes wrong"),
    suggestion=text_schema("the exact text that replaces the quoted line, or empty"),
)
_FIRST = Shape("review", object_schema(summary=_TEXT, findings=list_schema(_FINDING)))
_IDS = list_schema({"type": "string"})
_AGAIN = Shape("review", object_schema(summary=_TEXT, findings=list_schema(_FINDING), still_open=_IDS))
_SINCE = Shape("review", object_schema(summary=_TEXT, findings=list_schema(_FINDING), still_open=_IDS, mended=_IDS))
_STILL_OPEN = "- still_open: the ids of earlier findings that still hold"
_MENDED = "- mended: the ids of earlier findings that no longer hold, as the code shows"
_AROUND = 3


@dataclass(frozen=True, slots=True)
class Case:
    """One round of review: who is asked, about what, and the changed code as it is now.

    `asked` are the earlier findings that the model has to say something of; what a test decides is not among them.
    """

    asking: Asking
    earlier: Earlier
    subject: Subject
    shown: tuple[Shown, ...]
    asked: tuple[Finding, ...] = ()

    @property
    def spec(self) -> RunSpec:
        """The order of the run."""
        return self.asking.spec

    @property
    def evidence(self) -> Evidence | None:
        """What the tests show of the change."""
        return self.earlier.evidence

    @property
    def wanted(self) -> tuple[str, ...]:
        """The texts that say what was asked for."""
        issue, plan = self.spec.issue, self.earlier.plan
        return (issue.title, issue.body, *(plan.criteria if plan else ()))


def fits(case: Case, part: tuple[FileDiff, ...]) -> bool:
    """Whether the part fits in its smallest form: without any code whole, and with the names of what is left out."""
    return case.asking.fits(_question(case, part, (), tuple(one.label for one in _wholes(case, part))))


def question(case: Case, part: tuple[FileDiff, ...]) -> Ask:
    """The question about a part of the diff, with as much of the changed code whole as fits."""
    mark = _mark(case, part)
    wholes = sorted(_wholes(case, part), key=lambda one: len(one.text))
    pieces = tuple(Piece(one.label, fenced(mark, f"{one.label} after the change", one.text)) for one in wholes)
    return fit(case.asking, pieces, lambda kept, left_out: _question(case, part, kept, left_out))


def _wholes(case: Case, part: tuple[FileDiff, ...]) -> tuple[Shown, ...]:
    about = tuple(file.path for file in part)
    return tuple(one for one in case.shown if one.path in about)


def _mark(case: Case, part: tuple[FileDiff, ...]) -> str:
    issue = case.spec.issue
    tails = (result.tail for result in (case.evidence.candidate if case.evidence else ()))
    texts = (*(file.text for file in part), *(one.text for one in case.shown), *case.subject.texts.values())
    return mark_of(issue.title, issue.body, *texts, *tails)


def _question(case: Case, part: tuple[FileDiff, ...], kept: tuple[Piece, ...], left_out: tuple[str, ...]) -> Ask:
    mark = _mark(case, part)
    subject = case.subject
    others = len(subject.files) - len(part)
    scope = f"This is a part of the change; {others} other files are reviewed apart.\n" if others else ""
    shape, settling = _settling(case)
    looked = pictures_for(case.earlier.previews if part[:1] == subject.files[:1] else None, mark, case.asking)
    prompt = fill(
        "review/3",
        mark=mark,
        task=task(case, mark),
        evidence=f"{_evidence(case.evidence, mark)}{looked.said}",
        earlier=_earlier(case, mark),
        diff=fenced(mark, subject.label, "".join(file.text for file in part)),
        context=joined(kept, left_out),
        scope=scope,
        most=str(case.spec.review.max_findings),
        settling=settling,
    )
    temperature = temperature_of(case.asking.model)
    return case.asking.ask(prompt, shape=shape, temperature=temperature, images=looked.images)


def _settling(case: Case) -> tuple[Shape, str]:
    """What is asked of earlier findings. Of those of another review the model must say itself what is mended."""
    if not case.asked:
        return _FIRST, ""
    return (_AGAIN, _STILL_OPEN) if case.spec.prior is None else (_SINCE, f"{_STILL_OPEN}\n{_MENDED}")


def task(case: Case, mark: str) -> str:
    """The issue as data, and what the plan made of it."""
    issue = case.spec.issue
    text = shorten(f"{issue.title}\n\n{issue.body}", case.asking.input_tokens * CHARS_PER_TOKEN // 5)
    plan = case.earlier.plan
    criteria = f"It is done when:\n{bullets(plan.criteria)}\n" if plan and plan.criteria else ""
    return f"{fenced(mark, 'issue', text)}{criteria}"


def _evidence(evidence: Evidence | None, mark: str) -> str:
    if evidence is None:
        return "The tests were not run.\n"
    return fenced(mark, "what the tests show", shorten(evidence_in_words(evidence), 2000))


def _earlier(case: Case, mark: str) -> str:
    lines = [
        f"{one.id} {one.path}: {one.quote.strip()}\n  {one.message}{_surroundings(one, case.subject.texts)}"
        for one in case.asked
    ]
    return fenced(mark, "earlier findings, with their ids", "\n".join(lines)) if lines else ""


def _surroundings(finding: Finding, texts: Mapping[str, str]) -> str:
    """The code around a finding as it is now, so that whether it still holds can be judged."""
    if finding.side == "old" or finding.path not in texts:
        return ""
    start = max(0, finding.line - 1 - _AROUND)
    lines = texts[finding.path].split("\n")[start : finding.line + _AROUND]
    return "\n  the code now:\n" + "\n".join(f"  | {shorten(line, 200)}" for line in lines)
