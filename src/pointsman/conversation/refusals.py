"""What the bot says when it does not do what was asked: by which rule, and what to do about it."""

from collections.abc import Sequence
from typing import Literal

from pointsman.config.problem import ConfigProblem
from pointsman.config.routing_file import THREE_LINES
from pointsman.conversation.figures import short
from pointsman.conversation.outbound import inline_code, outbound_line
from pointsman.domain.intents import Misread

_NOTHING = {
    "run": "There is no run here that this could be done to. Comment `/pointsman status` to see the runs.",
    "findings": "There are no open findings here. Comment `/pointsman review` for a review.",
    "change": "This works on a change, and here is none. Comment `/pointsman build` on the issue to get one.",
    "issue": "This works on an issue, and here is none.",
    "plan": "No plan waits here for anybody to agree to it. Comment `/pointsman plan` on the issue to get one.",
    "notes": "There are no signed notes here: nothing on this branch was made by a run.",
    "pause": "Nothing is paused here.",
}
Missing = Literal["run", "findings", "change", "issue", "plan", "notes", "pause"]
_MOST_PROBLEMS = 20


def refusal(rule: str, reason: str, mend: str = "") -> str:
    """Nothing was done: why, by which rule, and what to do about it."""
    why = outbound_line(reason, limit=600)
    text = f"Nothing was done: {sentence(why)} (Rule: `{rule}`.)"
    return f"{text}\n\nWhat helps: {sentence(outbound_line(mend, limit=600))}" if mend else text


def not_acted_on(keys: Sequence[str]) -> str:
    """Keys of the routing file that are read and do nothing; empty for none."""
    return f"Read, but not acted on by this version: {', '.join(keys)}." if keys else ""


def stranger(login: str, access: str) -> str:
    """Somebody without write access asked for something."""
    has = f"has {access} access" if access and access != "none" else "has no access that the forge vouches for"
    return (
        f"Nothing was done: {inline_code(login)} {has} here, and this wants write access. "
        "Somebody who has it can give the same command. (Rule: `access`.)"
    )


def misread(misread: Misread, bot: str = "") -> str:
    """A command that is none, or one that lacks a part; what may have been meant."""
    at_bot = f", or `@{login}` in place of `/pointsman`" if (login := _login(bot)) else ""
    known = f"Comment `/pointsman help` for all commands{at_bot}."
    if not misread.word:
        return f"Nothing was done: {sentence(outbound_line(misread.problem))} {known}"
    if misread.near:
        near = f"Did you mean `/pointsman {misread.near}`?"
        return f"Nothing was done: {inline_code(misread.word)} is no command. {near} {known}"
    return f"Nothing was done: {sentence(outbound_line(_plain(misread)))} {known}"


def text_changed(asked: str = "", now: str = "") -> str:
    """The text is not the one that was asked for; the two digests, where they are known."""
    digests = f" (its digest was `{short(asked)}` and is now `{short(now)}`)" if asked and now else ""
    return (
        f"Nothing was done: the text changed after the work was asked for{digests}. What was asked for is what is "
        "worked on, so read the new text and ask again. (Rule: `text-changed`.)"
    )


def in_the_way(code: str, delivery_id: str) -> str:
    """A fault on our side, met before there was a run: neutral, and where the operator finds its details."""
    return (
        f"Nothing was done: a fault of the installation stands in the way (`{code}`). Its operator finds the details "
        f"in the log, under the delivery `{delivery_id}`. Ask again once that is mended."
    )


def already_running(run_id: str) -> str:
    """There is a run already; it is not begun twice."""
    return (
        f"The run `{run_id}` is at it already. Comment `/pointsman status` to see it, `/pointsman cancel` to stop it."
    )


def nothing_to_do(what: Missing) -> str:
    """What the command works on is not there."""
    return f"Nothing was done. {_NOTHING[what]}"


def not_on_fork(command: str = "") -> str:
    """The change comes from a fork: it is reviewed, and nothing else."""
    asked = f"`/pointsman {command}` does not work here" if command else "this does not work here"
    return (
        f"Nothing was done: {asked}. The change comes from a fork, which the bot reviews and never edits. "
        "Comment `/pointsman review` for a review. (Rule: `fork`.)"
    )


def not_ours(command: str = "") -> str:
    """The change was not made by the bot; it reviews such changes and pushes nothing to them."""
    asked = f"`/pointsman {command}` works" if command else "this works"
    return (
        f"Nothing was done: {asked} on the bot's own changes only, and this one is not. "
        "Comment `/pointsman review` for a review. (Rule: `own-change`.)"
    )


def not_open(command: str, state: str = "closed") -> str:
    """The change is not open any more; what helps, since nobody opens a merged one again."""
    if state == "merged":
        return "Nothing was done: this change is merged; what is left to do wants a change of its own."
    return f"Nothing was done: this change is closed; open it again and comment `/pointsman {command}` once more."


def wrong_hash(given: str, plan_hash: str = "") -> str:
    """Somebody agreed to another plan than the one that waits."""
    if not plan_hash:
        return f"Nothing was approved: no plan with the hash {inline_code(given)} waits here."
    return (
        f"Nothing was approved: {inline_code(given)} is not the hash of the plan that waits. "
        f"Read that plan; to agree to it, comment `/pointsman approve {short(plan_hash)}`."
    )


def missing_routing_file(path: str = ".pointsman.yml") -> str:
    """There is no routing file; the three lines that make one."""
    return (
        f"Nothing was done: the default branch has no `{path}`, and without it no model is asked. "
        "Three lines are a whole file; put in models that your installation knows:\n\n"
        f"```yaml\n{THREE_LINES}```"
    )


def problem_lines(problems: Sequence[ConfigProblem]) -> str:
    """What is wrong with a file: place, sentence and how to mend it, one line each."""
    lines = []
    for problem in problems[:_MOST_PROBLEMS]:
        hint = f" {sentence(_capital(outbound_line(problem.hint)))}" if problem.hint else ""
        place = f"line {problem.line}, column {problem.column}"
        lines.append(f"- {inline_code(problem.file)}, {place}: {sentence(outbound_line(problem.message))}{hint}")
    if len(problems) > _MOST_PROBLEMS:
        lines.append(f"- and {len(problems) - _MOST_PROBLEMS} more")
    return "\n".join(lines)


def _plain(misread: Misread) -> str:
    return misread.problem if misread.problem.startswith("`") else f"`{misread.word}`: {misread.problem}"


def _login(bot: str) -> str:
    return bot.removesuffix("[bot]").replace("`", "")


def sentence(text: str) -> str:
    """A text with a full stop behind it, unless it ends otherwise."""
    return text if not text or text.endswith((".", "?", "!", "…")) else f"{text}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
