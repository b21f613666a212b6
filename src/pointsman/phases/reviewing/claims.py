"""What a reviewer claims is put to the test: it writes one that fails because of its finding, and it is run."""

import shlex
from dataclasses import dataclass, field, replace

from pointsman.domain.errors import OwnerMust, Stopped, TryAgain
from pointsman.domain.models import Ask
from pointsman.domain.outcome import Finding, Proof
from pointsman.domain.work import CommitText, EditOrder, EditRefusal, EditRules, Write
from pointsman.phases.asking import Piece, fit, reply_to, temperature_of
from pointsman.phases.proof.commands import Command, commands_for, is_unittest
from pointsman.phases.proof.feedback import first_failure
from pointsman.phases.proof.placing import example_for, place_about
from pointsman.phases.proof.showing import TestRun, run_test
from pointsman.phases.reviewing.proofs import Shown, file_in, shown_by, unfit
from pointsman.phases.reviewing.review_question import Case, task
from pointsman.phases.shown.context import joined
from pointsman.phases.templates import fenced, fill, mark_of, shorten

MOST_TESTS = 3
_EXAMPLE_CHARS = 3_000
_DIFF_CHARS = 6_000
_OUTPUT_CHARS = 1_500
_OURS = "review"


@dataclass(frozen=True, slots=True)
class _Ground:
    """What tests are run by, or why none can be."""

    commands: tuple[Command, ...]
    why_none: str
    paths: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class _Test:
    """A test as a reviewer wrote it, and where the harness put it."""

    path: str
    text: str
    model: str
    call: str = ""


@dataclass(frozen=True, slots=True)
class Claims:
    """The findings of one round and the ground they are tried on; `base` is where the change began."""

    case: Case
    base: str
    ground: _Ground

    async def shown(self, findings: tuple[Finding, ...], *, asked: int) -> tuple[Finding, ...]:
        """The findings, the grave ones with what their tests show; the first few only, the gravest first.

        `asked` is how many questions the round has cost already: the route's calls are never exceeded.
        """
        left = min(MOST_TESTS, self.case.asking.limits.max_calls - asked)
        shown = []
        for one in findings:
            if not one.is_grave:
                shown.append(one)
                continue
            why = self.ground.why_none or ("" if left > 0 else "no further test is asked for in this round")
            proof = Proof("unconfirmed", why) if why else await self._proof(one)
            left -= 0 if why else 1
            shown.append(replace(one, proof=proof))
        return tuple(shown)

    async def again(self, before: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """Earlier findings; whether one that was confirmed still holds its own test says."""
        return tuple([await self._still(one) for one in before])

    async def _still(self, finding: Finding) -> Finding:
        proof = finding.proof
        if finding.fate != "open" or proof is None or not finding.is_confirmed or self.ground.why_none:
            return finding
        found = await self._ran(self.case.subject.commit, _Test(proof.path, proof.test, proof.model, proof.call))
        if found.failed_by == "passed":
            return replace(finding, fate="fixed")
        if found.shows:
            return replace(finding, proof=replace(proof, output=_output(found)))
        return replace(finding, proof=replace(proof, result="unconfirmed", why="its test does not run any more"))

    async def _proof(self, finding: Finding) -> Proof:
        """What comes of asking for a test and running it. Money that is spent leaves the finding unconfirmed, and so
        does an outage, save where a person sits before the run, who can mend it.
        """
        workspace = self.case.asking.ports.workspace
        example = example_for(finding.path, self.ground.paths)
        word = f"{_OURS}_{finding.id.removeprefix('f-')}"
        path = place_about(finding.path, word, example, self.ground.paths)
        if not path:
            return Proof("unconfirmed", "the repository has no test to go by")
        source = await workspace.read(self.case.subject.commit, example) if example else None
        shown = shorten(source.text, _EXAMPLE_CHARS) if source is not None else ""
        try:
            reply = await reply_to(self.case.asking.ports, self._question(finding, path, shown))
        except (OwnerMust, Stopped, TryAgain) as error:
            if isinstance(error, TryAgain) and self.case.spec.is_attended:
                raise
            return Proof("unconfirmed", f"no test was asked for: {error.message.splitlines()[0]}")
        test = _Test(path, file_in(reply.text), reply.model, reply.call_id)
        touched = tuple(file.path for file in self.case.subject.whole)
        why = unfit(test.text, path, touched) or await self._barred(test)
        none = Proof("unconfirmed", why, model=reply.model, call=reply.call_id)
        return none if why else await self._tried(finding, test)

    async def _tried(self, finding: Finding, test: _Test) -> Proof:
        commit = self.case.subject.commit
        change = await self._ran(commit, test)
        if not change.shows:
            return _said(shown_by(finding, test=test.text, change=change, base=change, wanted=()), test, change)
        if (await self._ran(commit, test)).failed_by != change.failed_by:
            return _said(Shown("unconfirmed", "its test does not fail each time"), test, change)
        base = await self._ran(self.base, test)
        found = shown_by(finding, test=test.text, change=change, base=base, wanted=self.case.wanted)
        return _said(found, test, change)

    async def _ran(self, commit: str, test: _Test) -> TestRun:
        asking = self.case.asking
        commands = self.ground.commands
        return await run_test(
            asking.spec, asking.ports, commit=commit, path=test.path, text=test.text, commands=commands
        )

    async def _barred(self, test: _Test) -> str:
        """Why the guard of all edits would not let the test into the change; nothing is run that it refuses."""
        made = await self.case.asking.ports.workspace.apply(self._order(test), (Write(test.path, test.text),))
        return f"its test may not be written: {made.message.splitlines()[0]}" if isinstance(made, EditRefusal) else ""

    def _order(self, test: _Test) -> EditOrder:
        spec = self.case.spec
        rules = EditRules(allowed=(test.path,))
        text = CommitText("Try a test of the review", "", (), spec.admitted_at)
        return EditOrder(self.case.subject.commit, self.base, test.model, rules, text)

    def _question(self, finding: Finding, path: str, example: str) -> Ask:
        """The question for a test, with the changed code around the finding as far as it fits."""
        wholes = tuple(one for one in self.case.shown if one.path == finding.path)
        texts = (*(one.text for one in wholes), example, finding.quote, finding.message)
        mark = mark_of(*self.case.wanted, *texts)
        pieces = tuple(Piece(one.label, fenced(mark, f"{one.label} after the change", one.text)) for one in wholes)
        asking = self.case.asking

        def asked(kept: tuple[Piece, ...], left_out: tuple[str, ...]) -> Ask:
            prompt = fill(
                "review-test/1",
                mark=mark,
                task=task(self.case, mark),
                finding=fenced(mark, "the defect, as you reported it", _told(finding)),
                code=joined(kept, left_out) + self._diff_of(finding.path, mark),
                example=fenced(mark, "a test of this repository, to go by", example) if example else "",
                path=path,
                command=shlex.join(self.ground.commands[0]),
                style=_style(self.ground.commands[0], path),
            )
            return asking.ask(prompt, temperature=temperature_of(asking.model))

        return fit(asking, pieces, asked)

    def _diff_of(self, path: str, mark: str) -> str:
        found = next((file.text for file in self.case.subject.whole if file.path == path), "")
        return fenced(mark, "what was changed there", shorten(found, _DIFF_CHARS)) if found else ""


async def claims_of(case: Case, *, base: str) -> Claims:
    """What tests of reviewers are run by in this round: the repository's own commands, in a sandbox that holds."""
    ports = case.asking.ports
    tier = await ports.sandbox.tier()
    if tier.name == "none":
        return Claims(case, base, _Ground((), "no sandbox holds here, so no test is run"))
    commands, why = await commands_for(case.spec, ports.workspace)
    paths = tuple(entry.path for entry in await ports.workspace.files(case.subject.commit))
    return Claims(case, base, _Ground(commands, why, paths))


def _said(found: Shown, test: _Test, change: TestRun) -> Proof:
    return Proof(found.result, found.why, test.path, test.text, test.model, _output(change), test.call)


def _output(run: TestRun) -> str:
    return "" if run.failed_by == "passed" else shorten(first_failure(run.tail), _OUTPUT_CHARS)


def _told(finding: Finding) -> str:
    wanted = f"\nNot met: {finding.criterion}" if finding.criterion else ""
    return f"{finding.path}:{finding.line}: {finding.quote.strip()}\n{finding.message}{wanted}"


def _style(command: Command, path: str) -> str:
    """What the runner wants a test to look like, where the example may not say so."""
    if is_unittest(command):
        return "- Write a class that derives from unittest.TestCase; nothing else is run."
    return "- Write a plain function whose name begins with `test_`." if path.endswith(".py") else ""
