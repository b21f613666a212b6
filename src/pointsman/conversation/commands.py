"""The commands that people give in comments: one table, from which the parser, `help` and their page all grow."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from pointsman.conversation.inbound import inbound
from pointsman.domain.intents import (
    Approve,
    Build,
    Cancel,
    Fix,
    Handover,
    Ignore,
    Intent,
    MakePlan,
    Misread,
    Pause,
    Question,
    Rerun,
    Resume,
    ReviewChange,
    RunCi,
    Show,
)
from pointsman.domain.invisible import visible_characters
from pointsman.domain.levels import MODEL_PHASES, Phase, TaskClass

Reader = Callable[[str], Intent | str]
"""From what stands after the command to what is wanted, or to what is missing, in words that end a sentence."""

AGENTS: Mapping[str, Handover] = {
    "copilot": Handover("copilot"),
    "duo": Handover("duo"),
    "claude-code": Handover("claude-code"),
}
SHOWN_WORD = 60

_HASH = re.compile(r"(?:sha256:)?(?P<digits>[0-9a-f]{8,64})", re.ASCII | re.IGNORECASE)
_FINDING = re.compile(r"[0-9a-z][0-9a-z-]{0,39}", re.ASCII | re.IGNORECASE)
# The words of a policy's catalogue; an address, with its two slashes, is none.
_MODEL = re.compile(r"(?!.*//)[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}", re.ASCII)
_BLANKS = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the table; each wants write access. `read` reads what stands after the command."""

    word: str
    arguments: str
    does: str
    place: Literal["issue", "change", "both"]
    example: str
    read: Reader

    @property
    def usage(self) -> str:
        """The command with its arguments, as it is typed after the bot's name."""
        return f"{self.word} {self.arguments}".rstrip()


def _alone(intent: Intent) -> Reader:
    return lambda rest: intent if not rest else "nothing after it on its line"


def _with_task(intent: Callable[[TaskClass | None], Intent]) -> Reader:
    def read(rest: str) -> Intent | str:
        words = _BLANKS.split(rest.replace("--task=", "--task ", 1).lower()) if rest else []
        if not words:
            return intent(None)
        if len(words) != 2 or words[0] != "--task":
            return "nothing after it but `--task CLASS`"
        task = next((known for known in TaskClass if known.value == words[1]), None)
        return intent(task) if task else f"one of the classes {', '.join(TaskClass)}"

    return read


def _approve(rest: str) -> Intent | str:
    found = _HASH.fullmatch(rest)
    return Approve(found["digits"].lower()) if found else "the hash of the plan, at least its first eight digits"


def _rerun(rest: str) -> Intent | str:
    words = _BLANKS.split(rest.replace("--model=", "--model ", 1)) if rest else []
    phase = next((known for known in Phase if words and known.value == words[0].lower()), None)
    if phase is None:
        return f"one of the phases {', '.join(Phase)}"
    if len(words) == 1:
        return Rerun(phase)
    if len(words) != 3 or words[1].lower() != "--model" or _MODEL.fullmatch(words[2]) is None:
        return "nothing after the phase but `--model NAME`, with a name of the policy's catalogue"
    if phase not in MODEL_PHASES:
        return f"no model for {phase.value}, since that phase asks none"
    return Rerun(phase, words[2])


def _ask(rest: str) -> Intent | str:
    question = inbound(rest).text.strip()
    return Question(question) if question else "a question, on its line or below"


def _handover(rest: str) -> Intent | str:
    return AGENTS.get(rest.lower() or "claude-code", f"one of {', '.join(AGENTS)}, or nothing")


def _ignore(rest: str) -> Intent | str:
    if _FINDING.fullmatch(rest):
        return Ignore(rest.lower())
    return "the id of a finding; as an answer to the finding itself it needs none"


COMMANDS: tuple[Command, ...] = (
    Command(
        "build",
        "[--task CLASS]",
        "Work on the issue until there is a change, as this class of task if one is named.",
        "issue",
        "build --task security",
        _with_task(Build),
    ),
    Command(
        "plan",
        "[--task CLASS]",
        "Make the plan, show it and stop there.",
        "issue",
        "plan --task bugfix",
        _with_task(MakePlan),
    ),
    Command(
        "approve",
        "<hash>",
        "Agree to the plan with this hash; the run goes on with exactly that plan.",
        "both",
        "approve 4f1c09ab77d2",
        _approve,
    ),
    Command(
        "review",
        "",
        "Review what is new in the change since the last review.",
        "change",
        "review",
        _alone(ReviewChange()),
    ),
    Command(
        "full review",
        "",
        "Review the whole change again.",
        "change",
        "full review",
        _alone(ReviewChange(full=True)),
    ),
    Command(
        "fix",
        "",
        "Turn the open findings of the newest review into one commit on the bot's own branch.",
        "change",
        "fix",
        _alone(Fix()),
    ),
    Command(
        "rerun",
        "<phase> [--model NAME]",
        "Do the newest run again from this phase on, with another model for it if one is named.",
        "both",
        "rerun code --model claude-sonnet",
        _rerun,
    ),
    Command(
        "ask",
        "<question>",
        "Answer a question about the code, the issue or the change.",
        "both",
        "ask Where are departures sorted?",
        _ask,
    ),
    Command(
        "route",
        "",
        "Show which model would do which phase, and why.",
        "both",
        "route",
        _alone(Show("route")),
    ),
    Command("cost", "", "Show what the runs here have cost.", "both", "cost", _alone(Show("cost"))),
    Command("status", "", "Show the runs here and their state.", "both", "status", _alone(Show("status"))),
    Command(
        "config",
        "",
        "Show the routing file as it is read, and what is wrong with it.",
        "both",
        "config",
        _alone(Show("config")),
    ),
    Command(
        "audit",
        "",
        "Show the signed notes of the change, and whether they hold.",
        "both",
        "audit",
        _alone(Show("audit")),
    ),
    Command(
        "handover",
        "[copilot|duo|claude-code]",
        "Give the work as a text for somebody else's agent.",
        "both",
        "handover copilot",
        _handover,
    ),
    Command(
        "ci",
        "",
        "Let the repository's own CI run on the change as it is now.",
        "change",
        "ci",
        _alone(RunCi()),
    ),
    Command("pause", "", "Do nothing here until told to go on.", "both", "pause", _alone(Pause())),
    Command("resume", "", "Go on after a pause.", "both", "resume", _alone(Resume())),
    Command(
        "ignore",
        "<finding>",
        "Never raise this finding again; as an answer to the finding it needs no id.",
        "change",
        "ignore 3f9c0a1b2c4d",
        _ignore,
    ),
    Command("cancel", "", "Stop what goes on here, within seconds.", "both", "cancel", _alone(Cancel())),
    Command("help", "", "Show this table.", "both", "help", _alone(Show("help"))),
)

_BY_WORD: Mapping[str, Command] = {command.word: command for command in COMMANDS}


def intent_in(body: str, bot: str) -> Intent | None:
    """What a comment asks of the bot, or None when it asks nothing; it never raises and takes linear time.

    A command is the first line that is not blank: `/pointsman <command>` or `@<bot> <command>`, where `bot` is the
    bot's login with or without `[bot]`, and case does not matter. In a quote, in code, behind other text, or with
    characters that nobody sees, it is none. A question has passed `inbound`: it is what people read.
    """
    found = _called(body, bot)
    if found is None:
        return None
    line, below = found
    if not line:
        return Misread("", "a command is wanted after the name", "help")
    words = _BLANKS.split(line, 2)
    double = " ".join(words[:2]).lower()
    single = words[0].lower()
    command = _BY_WORD.get(double) or _BY_WORD.get(single)
    if command is None:
        return _unknown(single, double)
    rest = line[len(single) :] if command.word == single else (words[2] if len(words) == 3 else "")
    rest = rest.strip(" \t")
    if command.read is not _ask and visible_characters(rest)[0] != rest:
        return None
    read = command.read(f"{rest}\n{below}" if command.read is _ask else rest)
    return Misread(command.word, f"`{command.word}` wants {read}") if isinstance(read, str) else read


def first_line(body: str) -> tuple[str, str]:
    """The first line that is not blank, and everything below it; newlines of every system are read as LF."""
    text = body.replace("\r\n", "\n").replace("\r", "\n")
    start = len(text) - len(text.lstrip(" \t\n"))
    start = text.rfind("\n", 0, start) + 1
    line, _, below = text[start:].partition("\n")
    return line, below


def _called(body: str, bot: str) -> tuple[str, str] | None:
    """The rest of the line behind our name, and what stands below; None when nobody calls us."""
    line, below = first_line(body)
    login = bot.lower().removesuffix("[bot]")
    names = "/pointsman" + (f"|@{re.escape(login)}(?:\\[bot\\])?" if login else "")
    found = re.match(rf" {{0,3}}(?:{names})(?P<rest>[ \t].*)?$", line, re.ASCII | re.IGNORECASE)
    return ((found["rest"] or "").strip(" \t"), below) if found else None


def _unknown(single: str, double: str) -> Misread | None:
    if visible_characters(single)[0] != single:
        return None
    near = get_close_matches(single[:SHOWN_WORD], _BY_WORD, n=1) or get_close_matches(
        double[:SHOWN_WORD], _BY_WORD, n=1
    )
    return Misread(single[:SHOWN_WORD], "there is no such command", near[0] if near else "")
