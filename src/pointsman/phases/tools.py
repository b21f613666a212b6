"""The tools of the coding loop: what they are called, what they take, and what they do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pydantic import Field

from pointsman.domain.json import JsonObject
from pointsman.domain.models import ToolCall, ToolSpec
from pointsman.domain.outcome import Patch
from pointsman.domain.work import Edit, Replace, SandboxJob, Write
from pointsman.phases.coding import Task, one_line
from pointsman.phases.commands import commands_for
from pointsman.phases.feedback import feedback_on
from pointsman.phases.paths import cleaned
from pointsman.phases.reading import Draft, Text, object_schema, reader, text_schema
from pointsman.phases.templates import shorten
from pointsman.phases.weighing import weigh

_READ_LINES = 400
_READ_CHARS = 24_000
_HITS = 10
_PATH = text_schema("a path, from the repository's root")
_NUMBER: JsonObject = {"type": "integer", "minimum": 0}

TOOLS = (
    ToolSpec("search", "Find the files that fit some words best.", object_schema(query=text_schema("words"))),
    ToolSpec(
        "read",
        f"Show a file with line numbers, at most {_READ_LINES} lines from `start`.",
        object_schema(path=_PATH, start=_NUMBER),
    ),
    ToolSpec(
        "edit",
        "Replace one place of a file. `search` is copied from the file letter by letter and stands there only once.",
        object_schema(path=_PATH, search=text_schema("the old lines"), replace=text_schema("the new lines")),
    ),
    ToolSpec(
        "write",
        "Make a new file, or write a file again as a whole.",
        object_schema(path=_PATH, text=text_schema("all of it")),
    ),
    ToolSpec("run_tests", "Run the repository's tests on the files as they are now.", object_schema()),
    ToolSpec(
        "finish",
        "Say that the change is made.",
        object_schema(summary=text_schema("one sentence on what was changed")),
    ),
)


class _Search(Draft):
    query: Text


class _Read(Draft):
    path: Text
    start: int = 1


class _EditArguments(Draft):
    path: Text
    search: str
    replacement: str = Field(alias="replace")


class _WriteArguments(Draft):
    path: Text
    text: str


class _Finish(Draft):
    summary: Text = ""


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a tool says back; `failed` when it did not do what was asked."""

    call_id: str
    text: str
    failed: bool


@dataclass
class Hands:
    """The tools in the hands of one try: the commit reached so far, and whether the model called it done."""

    task: Task
    patch: Patch | None = None
    steps: int = 0
    finished: bool = False
    summary: str = ""
    _tools: dict[str, Callable[[JsonObject, str], Awaitable[tuple[str, bool]]]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._tools = {
            "search": self._search,
            "read": self._read,
            "edit": self._edit,
            "write": self._write,
            "run_tests": self._run_tests,
            "finish": self._finish,
        }

    @property
    def commit(self) -> str:
        """The commit that holds the files as they are now."""
        return self.patch.commit if self.patch else self.task.attempt.onto

    async def use(self, call: ToolCall, model: str) -> ToolAnswer:
        """Do what a call asks; a call that cannot be done is answered with why, and does nothing."""
        tool = self._tools.get(call.name)
        if tool is None:
            return ToolAnswer(call.id, f"There is no tool {call.name[:40]!r}. Tools: {', '.join(self._tools)}.", True)
        text, failed = await tool(call.arguments, model)
        return ToolAnswer(call.id, text, failed)

    async def _search(self, arguments: JsonObject, model: str) -> tuple[str, bool]:
        wanted = reader(_Search)(arguments)
        if isinstance(wanted, str):
            return f"search: {wanted}", True
        hits = await self.task.ports.workspace.search(self.commit, wanted.query, _HITS)
        lines = (f"{hit.path}:{hit.line}: {one_line(hit.excerpt, 160)}" for hit in hits)
        return "\n".join(lines) or "Nothing fits.", False

    async def _read(self, arguments: JsonObject, model: str) -> tuple[str, bool]:
        wanted = reader(_Read)(arguments)
        if isinstance(wanted, str):
            return f"read: {wanted}", True
        source = await self.task.ports.workspace.read(self.commit, cleaned(wanted.path))
        if source is None:
            return f"There is no text file {wanted.path[:200]}. Use search to find the right path.", True
        lines = source.text.split("\n")
        start = max(1, wanted.start)
        shown = [f"{number}\t{line}" for number, line in enumerate(lines, 1)][start - 1 : start - 1 + _READ_LINES]
        rest = len(lines) - (start - 1) - len(shown)
        more = [f"({rest} more lines; read on with start={start + len(shown)})"] if rest > 0 else []
        return shorten("\n".join((*shown, *more)), _READ_CHARS), False

    async def _edit(self, arguments: JsonObject, model: str) -> tuple[str, bool]:
        wanted = reader(_EditArguments)(arguments)
        if isinstance(wanted, str):
            return f"edit: {wanted}", True
        return await self._apply(Replace(cleaned(wanted.path), wanted.search, wanted.replacement), model)

    async def _write(self, arguments: JsonObject, model: str) -> tuple[str, bool]:
        wanted = reader(_WriteArguments)(arguments)
        if isinstance(wanted, str):
            return f"write: {wanted}", True
        return await self._apply(Write(cleaned(wanted.path), wanted.text), model)

    async def _apply(self, edit: Edit, model: str) -> tuple[str, bool]:
        made = await self.task.ports.workspace.apply(self.task.order(self.commit, model), (edit,))
        if not isinstance(made, Patch):
            return made.message, True
        self.patch = made
        self.steps += 1
        return f"{edit.path} is changed.", False

    async def _run_tests(self, arguments: JsonObject, model: str) -> tuple[str, bool]:
        spec = self.task.spec
        commands, why_none = await commands_for(spec, self.task.ports.workspace)
        if not commands:
            return f"The tests cannot be run: {why_none}.", True
        order = spec.verify
        job = SandboxJob(self.commit, commands, order.timeout_seconds, order.memory_mb)
        results = await self.task.ports.sandbox.run(job)
        base = self.task.earlier.evidence.base if self.task.earlier.evidence else ()
        weighed = weigh(base, results)
        return "\n".join(part for part in (weighed.why, feedback_on(base, results)) if part), False

    async def _finish(self, arguments: JsonObject, model: str) -> tuple[str, bool]:
        said = reader(_Finish)(arguments)
        self.finished = True
        self.summary = "" if isinstance(said, str) else one_line(said.summary, 300)
        return "Done.", False
