"""Reproduce: a test that fails on base by the bug of an issue, written before any code and not by the planner."""

import re
from dataclasses import dataclass
from hashlib import sha256

from pointsman.domain.errors import OwnerMust
from pointsman.domain.levels import TaskClass
from pointsman.domain.models import Ask, EditStyle, Reply
from pointsman.domain.outcome import CheckResult, Earlier, NoReproduction, Patch, Plan, Reproduction
from pointsman.domain.run import Issue, RunSpec
from pointsman.domain.work import CommitText, EditOrder, EditRules, Source
from pointsman.phases.asking import Asking, Piece, asked_again, coder_on, fit, reply_to, temperature_of, within
from pointsman.phases.paths import is_test, named_in
from pointsman.phases.proof.commands import Command, commands_for
from pointsman.phases.proof.placing import neighbour, place_for
from pointsman.phases.proof.showing import TestRun, run_test
from pointsman.phases.proof.weakened_python import asserts_nothing
from pointsman.phases.shown.context import joined
from pointsman.phases.templates import bullets, fenced, fill, mark_of, shorten
from pointsman.phases.verify import base_results
from pointsman.phases.writing.coding import no_edit, one_line, trailers
from pointsman.ports.bundle import Ports

_ASKED_FOR = (TaskClass.BUGFIX, TaskClass.SECURITY)
_TURNS = 2
_EXAMPLE = 4_000
_TAIL = 1_500
_NAMED = re.compile(r"`([^`\n]{2,80})`|\b([A-Za-z_]\w*)(?=\()|\b(\w+_\w+|[a-z]+[A-Z]\w+)\b")
_PLAIN = re.compile(r"[A-Za-z]{6,}")


@dataclass(frozen=True, slots=True)
class Sought:
    """What came of looking for a test that shows the bug, and what the commands said of base on the way."""

    found: Reproduction | NoReproduction
    base: tuple[CheckResult, ...] = ()


async def reproduce(spec: RunSpec, earlier: Earlier, ports: Ports, *, rung: int = 0) -> Sought:
    """A test that fails on base as the issue says, written by the coder on `rung`; or why there is none.

    Asked for where a bug is to be mended, the repository's own tests do not show it, and one test can be run alone.
    The test goes through the edit engine like every other edit, and is run on base before it is believed. Raises
    TryAgain when the model is out, and what the door and the sandbox raise.
    """
    if not spec.verify.reproduce or spec.goal != "build" or spec.task not in _ASKED_FOR:
        return Sought(NoReproduction("None was asked for.", needed=False), earlier.base)
    commands, why_none = await commands_for(spec, ports.workspace)
    if not commands:
        return Sought(NoReproduction(f"{why_none[:1].upper()}{why_none[1:]}."))
    base = await base_results(spec, earlier, ports, commands)
    if any(result.status == "not run" for result in base):
        return Sought(NoReproduction("The tests could not be run on base."), base)
    known = await _shown_already(spec, ports, base)
    if known and not rung:
        return Sought(
            NoReproduction(f"The repository's own tests fail on base already: {known}.", needed=False), base
        )
    try:
        return Sought(await _written(spec, earlier, ports, commands, rung), base)
    except OwnerMust as error:
        if error.code != "context-window":
            raise
        return Sought(NoReproduction("What would have to be shown does not fit the model's window."), base)


async def _shown_already(spec: RunSpec, ports: Ports, base: tuple[CheckResult, ...]) -> str:
    """A test that fails on base and speaks of what the issue names; empty when there is none.

    Where base fails by tests that nobody may name, as behind closed paths, one of them may well be it.
    """
    wanted = speaks_of(spec.issue)
    for result in base:
        if result.status != "exited" or result.exit_code == 0:
            continue
        for name in (*result.failed, *(one.test for one in result.failures)):
            source = await ports.workspace.read(spec.base_commit, name.split("::")[0])
            if wanted(f"{name}\n{source.text if source else ''}"):
                return name
        if wanted(result.tail):
            return "as its output says"
        if not result.failed and not result.failures:
            return "which ones are not known"
    return ""


def speaks_of(issue: Issue) -> "_Wanted":
    """What tells whether a text is about what the issue names: its code words, or two of its longer words."""
    text = f"{issue.title}\n{issue.body}"
    named = {word for found in _NAMED.findall(text) for part in found for word in re.findall(r"\w{4,}", part)}
    named = {word for word in named if not word.isdigit()}
    return _Wanted(frozenset(named), frozenset(word.lower() for word in _PLAIN.findall(issue.title)))


@dataclass(frozen=True, slots=True)
class _Wanted:
    named: frozenset[str]
    plain: frozenset[str]

    def __call__(self, text: str) -> bool:
        if any(re.search(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", text) for word in self.named):
            return True
        words = frozenset(word.lower() for word in re.findall(r"[A-Za-z]{6,}", text.replace("_", " ")))
        return not self.named and len(self.plain & words) > 1


async def _written(
    spec: RunSpec, earlier: Earlier, ports: Ports, commands: tuple[Command, ...], rung: int
) -> Reproduction | NoReproduction:
    """The test, asked for at most twice; the second time with what became of the first."""
    paths = tuple(entry.path for entry in await ports.workspace.files(spec.base_commit))
    sources = _sources(spec, earlier.plan, paths)
    model = neighbour(sources, paths, commands)
    planned = (*earlier.plan.create, *earlier.plan.tests) if earlier.plan else ()
    path = place_for(spec.issue, model, frozenset((*paths, *planned)), commands)
    if not path:
        return NoReproduction("How one test is run alone is not known for the commands of this repository.")
    asking = coder_on(spec, ports, rung)
    ask = await _question(asking, earlier.plan, path, (model, *sources))
    wrong = ""
    for _ in range(_TURNS):
        reply = await reply_to(ports, ask)
        ended = no_edit(reply)
        if ended is not None:
            return NoReproduction(f"No test showed the bug on base: {ended.why}.")
        made = await ports.workspace.propose(_order(spec, path, reply), reply.text, EditStyle.WHOLE)
        if isinstance(made, Patch):
            found = await _proved(spec, ports, commands, made, path)
            if isinstance(found, Reproduction):
                return found
            wrong = found
        else:
            wrong = f"The file could not be written: {made.message}"
        again = f"{wrong}\n\nWrite the whole file {path} again, in one code block, so that it fails by the bug."
        ask = asked_again(ask, shorten(reply.text, _EXAMPLE), again, is_unreadable=False)
    return NoReproduction(f"No test showed the bug on base. {_first_line(wrong)}")


async def _proved(
    spec: RunSpec, ports: Ports, commands: tuple[Command, ...], made: Patch, path: str
) -> Reproduction | str:
    """The test if it fails on base by what it says of the code; else what is wrong with it."""
    source = await ports.workspace.read(made.commit, path)
    if source is None:
        return "The place for the test is closed to this run."
    if path.endswith(".py") and asserts_nothing(source.text):
        return "The test checks nothing that the repository's code does."
    run = await run_test(spec, ports, commit=made.commit, path=path, text=None, commands=commands)
    if not run.shows:
        return _what_happened(run)
    digest = sha256(source.text.encode("utf-8", "surrogatepass")).hexdigest()
    said, call = run.tail[:_TAIL], next((one.calls[-1] for one in made.edits if one.path == path and one.calls), "")
    return Reproduction(path, source.text, digest, made.commit, made.model, run.failed_by, said, call=call)


def _what_happened(run: TestRun) -> str:
    if run.failed_by == "passed":
        return "The test passes on base, so it does not show the bug."
    if run.failed_by == "not-run":
        return f"The test was not run on base.\n{shorten(run.tail, _TAIL)}"
    return f"The test failed on base by a fault of its own, not by the bug.\n{shorten(run.tail, _TAIL)}"


def _first_line(text: str) -> str:
    return text.strip().split("\n")[0][:300]


def _sources(spec: RunSpec, plan: Plan | None, paths: tuple[str, ...]) -> tuple[str, ...]:
    """The files that the plan and the issue name, without tests."""
    named = (*(plan.change if plan else ()), *named_in(spec.issue.body, paths), *(plan.read if plan else ()))
    known = frozenset(paths)
    return tuple(path for path in dict.fromkeys(named) if path in known and not is_test(path))[:4]


def _order(spec: RunSpec, path: str, reply: Reply) -> EditOrder:
    text = CommitText(
        "Show the bug in a test",
        f"For issue {one_line(spec.issue.key, 200)}.",
        trailers(reply.model),
        spec.admitted_at,
    )
    rules = EditRules(allowed=(path,), protected=spec.protected, lone_block_path=path, max_files=1)
    return EditOrder(spec.base_commit, spec.base_commit, reply.model, rules, text, reply.call_id)


async def _question(asking: Asking, plan: Plan | None, path: str, shown: tuple[str, ...]) -> Ask:
    spec, workspace = asking.spec, asking.ports.workspace
    found = [await workspace.read(spec.base_commit, one) for one in shown if one]
    texts = [source for source in found if source is not None]
    issue = within(f"{spec.issue.title}\n\n{spec.issue.body}", asking.input_tokens * 3 // 10)
    mark = mark_of(issue, *(source.text for source in texts))
    criteria = f"It is done when:\n{bullets(plan.criteria)}\n" if plan and plan.criteria else ""
    pieces = tuple(_piece(source, mark) for source in texts)

    def build(kept: tuple[Piece, ...], left_out: tuple[str, ...]) -> Ask:
        task = f"{fenced(mark, 'issue', issue)}{criteria}"
        prompt = fill("reproduce/1", mark=mark, task=task, context=joined(kept, left_out), path=path)
        return asking.ask(prompt, temperature=temperature_of(asking.model))

    return fit(asking, pieces, build)


def _piece(source: Source, mark: str) -> Piece:
    what = "a test that is there, to see how tests are written here" if is_test(source.path) else "to look at only"
    text = shorten(source.text, _EXAMPLE) if is_test(source.path) else source.text
    return Piece(source.path, fenced(mark, f"file {source.path}, {what}", text))
