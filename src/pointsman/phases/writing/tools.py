"""The tools in the hands of a coder: what each call does, and what it is told."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import accumulate

from pointsman.domain.invisible import written_out
from pointsman.domain.json import JsonObject
from pointsman.domain.models import REFUSALS_OF_A_FORM, REFUSALS_OF_A_MODEL, EditStyle, Reply, ToolCall
from pointsman.domain.outcome import Patch
from pointsman.domain.work import Edit, EditRefusal, Replace, Rewrite, Write
from pointsman.phases.paths import cleaned
from pointsman.phases.proof.commands import commands_for, one_test_at
from pointsman.phases.proof.feedback import feedback_on
from pointsman.phases.proof.jobs import job_of
from pointsman.phases.proof.weighing import weigh
from pointsman.phases.reading import D, reader
from pointsman.phases.templates import shorten
from pointsman.phases.writing.coding import Task, one_line, with_calls
from pointsman.phases.writing.seen import Seen, changed_lines, numbered
from pointsman.phases.writing.toolsets import (
    EDITOR,
    READ_LINES,
    EditCall,
    EditorCall,
    FinishCall,
    PatchCall,
    ReadCall,
    SearchCall,
    TestsCall,
    WriteCall,
)

_READ_CHARS = 24_000
_MORE = 100
_TEST_CHARS = 6_000
_HITS = 10
_LISTED = 200
_WHOLE_TOOL = {
    EditStyle.CLAUDE_EDITOR: f"the command `create` of {EDITOR}",
    EditStyle.APPLY_PATCH: "`*** Add File` and all of its lines",
}

Answer = tuple[str, bool]
"""What a tool says back, and whether it failed to do what was asked."""


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a tool says back; `failed` when it did not do what was asked."""

    call_id: str
    text: str
    failed: bool


@dataclass
class Hands:
    """The tools in the hands of one try: the commit reached so far, and whether the model called it done.

    `refused` counts, by path, the edits that were refused since the last one that was made there. `call_id` is the
    model call whose tools are being used.
    """

    task: Task
    patch: Patch | None = None
    steps: int = 0
    finished: bool = False
    summary: str = ""
    refusals: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    call_id: str = ""

    @property
    def commit(self) -> str:
        """The commit that holds the files as they are now."""
        return self.patch.commit if self.patch else self.task.attempt.onto

    async def use(self, call: ToolCall, reply: Reply) -> ToolAnswer:
        """Do what a call of a reply asks; one that cannot be done is answered with why, and does nothing."""
        self.call_id = reply.call_id
        tools = self._tools(reply.model)
        tool = tools.get(call.name)
        if tool is None:
            return ToolAnswer(call.id, f"There is no tool {call.name[:40]!r}. Tools: {', '.join(tools)}.", True)
        text, failed = await tool(call.arguments)
        return ToolAnswer(call.id, written_out(text), failed)

    def _tools(self, model: str) -> dict[str, Callable[[JsonObject], Awaitable[Answer]]]:
        """The tools of the model's style, by name; edits are made in the name of the model that answered."""
        looking = {"search": _reading("search", SearchCall, self._search)}
        reading = {"read": _reading("read", ReadCall, self._read)}
        ending = {
            "run_tests": _reading("run_tests", TestsCall, self._run_tests),
            "finish": _reading("finish", FinishCall, self._finish),
        }
        match self.task.asking.model.edits:
            case EditStyle.CLAUDE_EDITOR:
                editor = _reading(EDITOR, EditorCall, lambda call: self._editor(call, model))
                return {**looking, EDITOR: editor, **ending}
            case EditStyle.APPLY_PATCH:
                patching = _reading("apply_patch", PatchCall, lambda call: self._patched(call, model))
                return {**looking, **reading, "apply_patch": patching, **ending}
            case _:
                edit = _reading("edit", EditCall, lambda call: self._apply(_replacing(call), model))
                write = _reading("write", WriteCall, lambda call: self._apply(_writing(call), model))
                return {**looking, **reading, "edit": edit, "write": write, **ending}

    async def _search(self, call: SearchCall) -> Answer:
        hits = await self.task.ports.workspace.search(self.commit, call.query, _HITS)
        lines = (f"{hit.path}:{hit.line}: {one_line(hit.excerpt, 160)}" for hit in hits)
        return "\n".join(lines) or "Nothing fits.", False

    async def _read(self, call: ReadCall) -> Answer:
        return await self._shown(cleaned(call.path), call.start, call.start + READ_LINES - 1)

    async def _shown(self, path: str, first: int, last: int) -> Answer:
        source = await self.task.ports.workspace.read(self.commit, path)
        if source is None:
            return await self._folder(path)
        lines = source.text.split("\n")
        first = max(1, first)
        if first > len(lines):
            return f"{path[:200]} has {len(lines)} lines, so there is no line {first}.", True
        last = _last_shown(lines, first, min(last, first + READ_LINES - 1, len(lines)))
        self.seen.note(source, first, last)
        rest = len(lines) - last
        more = f"\n({rest} more lines; read on from line {last + 1}, start={last + 1})" if rest > 0 else ""
        return shorten(numbered(lines, first, last) + more, _READ_CHARS), False

    async def _folder(self, path: str) -> Answer:
        inside = "" if path in ("", ".") else f"{path}/"
        files = await self.task.ports.workspace.files(self.commit)
        found = [entry.path for entry in files if entry.path.startswith(inside)] if inside != "./" else []
        if not found:
            return f"There is no text file {path[:200]}. Use search to find the right path.", True
        more = [f"(and {len(found) - _LISTED} more)"] if len(found) > _LISTED else []
        return "\n".join((*found[:_LISTED], *more)), False

    async def _editor(self, call: EditorCall, model: str) -> Answer:
        path = cleaned(call.path)
        match call.command:
            case "view":
                first, last = call.view_range or (1, -1)
                return await self._shown(path, first, last if last >= 0 else first + READ_LINES)
            case "create":
                return await self._apply(Write(path, call.file_text), model)
            case "str_replace":
                return await self._apply(Replace(path, call.old_str, call.new_str), model)
            case "insert":
                return await self._inserted(path, call.insert_line, call.insert_text or call.new_str, model)

    async def _inserted(self, path: str, line: int, text: str, model: str) -> Answer:
        """Text after a line that was counted in the file as it was shown, and still is."""
        source = await self.task.ports.workspace.read(self.commit, path)
        if source is None:
            return f"There is no text file {path[:200]}.", True
        if not self.seen.shows(source, line):
            why = f"{path} was not shown around line {line} as it is now, so its lines may have moved. View it first."
            return why, True
        return await self._apply(Rewrite(path, line + 1, line, text, source.blob), model)

    async def _patched(self, call: PatchCall, model: str) -> Answer:
        order = self.task.order(self.commit, model, self.call_id)
        made = await self.task.ports.workspace.propose(order, call.patch, EditStyle.APPLY_PATCH)
        return await self._answer(made, "The patch")

    async def _apply(self, edit: Edit, model: str) -> Answer:
        made = await self.task.ports.workspace.apply(self.task.order(self.commit, model, self.call_id), (edit,))
        return await self._answer(made, edit.path)

    async def _answer(self, made: Patch | EditRefusal, what: str) -> Answer:
        """What came of an edit: the place as it reads now, or why it was refused and what to do instead."""
        if isinstance(made, EditRefusal):
            self.refusals += 1
            self.refused[made.path] = self.refused.get(made.path, 0) + 1
            return made.message + self._other_form(made.path), True
        before, self.patch = self.commit, with_calls(made, self.patch)
        self.steps += 1
        news = await self._news(before, [record.path for record in made.edits])
        for path in news:
            self.refused.pop(path, None)
        return "\n".join((f"{what} is changed.", *news.values())), False

    def _other_form(self, path: str) -> str:
        if self.refused[path] < REFUSALS_OF_A_FORM or not path:
            return ""
        tool = _WHOLE_TOOL.get(self.task.asking.model.edits, "`write`")
        return f"\nThis was refused {self.refused[path]} times. Write {path} again as a whole instead, with {tool}."

    async def _news(self, before: str, paths: list[str]) -> dict[str, str]:
        """By path, the changed lines of each file that this step changed, as they are now."""
        told: dict[str, str] = {}
        for path in paths:
            old = await self.task.ports.workspace.read(before, path)
            new = await self.task.ports.workspace.read(self.commit, path)
            if new is None or (old is not None and old.blob == new.blob):
                continue
            first, last = changed_lines(old, new)
            self.seen.note(new, first, last)
            told[path] = f"{path} now reads:\n{numbered(new.text.split(chr(10)), first, last)}"
        return told

    async def _run_tests(self, call: TestsCall) -> Answer:
        spec, workspace = self.task.spec, self.task.ports.workspace
        commands, why_none = await commands_for(spec, workspace)
        if not commands:
            return f"The tests cannot be run: {why_none}.", True
        base = self.task.earlier.evidence.base if self.task.earlier.evidence else ()
        if call.test:
            path, _, name = call.test.partition("::")
            one = await one_test_at(workspace, spec.base_commit, commands, cleaned(path), name)
            if one is None:
                return "The commands here cannot run one test alone. Leave `test` out to run all.", True
            commands, base = (one,), ()
        results = await self.task.ports.sandbox.run(job_of(spec, self.commit, commands))
        said = "\n".join(part for part in (weigh(base, results).why, feedback_on(base, results)) if part)
        return shorten(said, _TEST_CHARS), False

    async def _finish(self, call: FinishCall) -> Answer:
        self.finished = True
        self.summary = one_line(call.summary, 300)
        return "Done.", False

    def gave_out(self) -> str:
        """The path of which edits were refused as often as one model may try; empty when there is none."""
        return next((path for path, count in self.refused.items() if path and count >= REFUSALS_OF_A_MODEL), "")


def _last_shown(lines: list[str], first: int, last: int) -> int:
    """Where showing ends, so that every line that counts as shown really was."""
    sizes = accumulate(len(f"{number}\t{lines[number - 1]}\n") for number in range(first, last + 1))
    return max(first, first - 1 + sum(1 for size in sizes if size <= _READ_CHARS - _MORE))


def _reading(
    name: str, draft: type[D], act: Callable[[D], Awaitable[Answer]]
) -> Callable[[JsonObject], Awaitable[Answer]]:
    """A tool that reads its arguments, or says in one sentence what is wrong with them."""

    async def use(arguments: JsonObject) -> Answer:
        wanted = reader(draft)(arguments)
        return (f"{name}: {wanted}", True) if isinstance(wanted, str) else await act(wanted)

    return use


def _replacing(call: EditCall) -> Edit:
    return Replace(cleaned(call.path), call.search, call.replacement)


def _writing(call: WriteCall) -> Edit:
    return Write(cleaned(call.path), call.text)
