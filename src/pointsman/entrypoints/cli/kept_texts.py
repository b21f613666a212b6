"""Shows a kept prompt or answer by its digest, says plainly why one is not here, and who looked."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.rule import Rule

from pointsman.domain.errors import OperatorMust, OwnerMust, UsageMust
from pointsman.domain.ledger import CallRecord
from pointsman.domain.texts import Look, TextFacts
from pointsman.entrypoints.cli.asking_texts import PromptAsked
from pointsman.entrypoints.cli.terminal import plain, table_of
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wire_words import turns_of
from pointsman.entrypoints.wiring import Installation

_HEX = frozenset("0123456789abcdef")
_SHORTEST, _WHOLE = 8, 64
_HINT = "Digests of prompts and answers stand in the notes: `pointsman audit query --rows calls --json`."


async def show_prompt(asked: PromptAsked) -> int:
    """Print one text. Raises OwnerMust when there is none, with the reason as its code."""
    installation = Installation(read_settings(asked.home))
    try:
        wanted = asked.digest.strip().lower().removeprefix("sha256:")
        if not _SHORTEST <= len(wanted) <= _WHOLE or not _HEX.issuperset(wanted):
            raise UsageMust(
                f"{asked.digest[:80]!r} is no sha256 and not the beginning of one.", code="digest", hint=_HINT
            )
        calls = await installation.ledger.calls_with(wanted)
        sha256 = await _digest(installation, wanted, calls, of_answer=asked.answer)
        facts = await _facts(installation, sha256, calls)
        await _show(installation, asked, facts)
    finally:
        await installation.close()
    return 0


async def looks(limit: int, home: Path | None, as_json: bool) -> int:
    """Who asked to see which text, newest first."""
    installation = Installation(read_settings(home))
    try:
        found = await installation.texts.looks(limit)
    finally:
        await installation.close()
    if as_json:
        sys.stdout.write(json.dumps([asdict(look) for look in found], indent=1) + "\n")
    elif not found:
        sys.stdout.write("Nobody has looked.\n")
    else:
        table = table_of("at", "who", "digest", "shown")
        for look in found:
            table.add_row(look.at, plain(f"{look.login} ({look.actor_id})"), look.sha256[:12], look.shown)
        Console().print(table)
    return 0


async def _digest(installation: Installation, prefix: str, calls: tuple[CallRecord, ...], *, of_answer: bool) -> str:
    """The whole digest that is meant. Raises UsageMust when it is several, OwnerMust when it is none."""
    if of_answer:
        answers = {call.received_sha256 for call in calls if call.sent_sha256.startswith(prefix)} - {""}
        if not answers and calls:
            raise OwnerMust(f"No answer to the prompt {prefix[:12]} came back.", code="no-answer")
        known = answers
    else:
        sides = {side for call in calls for side in (call.sent_sha256, call.received_sha256)}
        known = {side for side in sides if side.startswith(prefix)}
        known |= {text.sha256 for text in await installation.texts.find(prefix)}
    if len(known) > 1:
        raise UsageMust(f"{len(known)} digests fit {prefix}; name more of it.", code="digest", hint=_HINT)
    if not known:
        await _looked(installation, prefix, "unknown")
        raise OwnerMust(
            f"This installation knows no prompt or answer {prefix[:12]}.",
            code="digest-unknown",
            hint="It was sent by another installation, or the ledger is a new one.",
        )
    return known.pop()


async def _facts(installation: Installation, sha256: str, calls: tuple[CallRecord, ...]) -> TextFacts:
    """The text with this digest that is there, or why there is none."""
    found = await installation.texts.find(sha256)
    there = next((text for text in found if not text.erased_why), None)
    if there is not None:
        return there
    if found:
        await _looked(installation, sha256, "erased")
        raise _erased(found[0])
    await _looked(installation, sha256, "never-kept")
    raise await _never_kept(installation, sha256, calls)


def _erased(text: TextFacts) -> OwnerMust:
    ways = {
        "time": "when its days were over",
        "request": f"at the request of {text.erased_by}",
        "too-large": f"at once, since it was too large to be kept ({text.size:,} bytes)",
    }
    return OwnerMust(
        f"The {text.kind} {text.sha256[:12]} of run {text.run_id} was erased on {text.erased_at}, "
        f"{ways.get(text.erased_why, '')}.",
        code="text-erased",
        hint="The note that names its digest is not touched by this.",
    )


async def _never_kept(installation: Installation, sha256: str, calls: tuple[CallRecord, ...]) -> OwnerMust:
    run_id = next((call.run_id for call in calls if sha256 in (call.sent_sha256, call.received_sha256)), "")
    rule = await installation.books.clearing.rule(run_id)
    if rule is None:
        why = "it is of a command or a release that keeps none"
    elif rule.keep_days == 0:
        why = f"the policy keeps none of what is {rule.sensitivity}"
    else:
        why = "it could not be written then, as the log says"
    return OwnerMust(
        f"The text {sha256[:12]} of run {run_id or '(none)'} was never kept: {why}.",
        code="text-never-kept",
        hint="The digest stands in the note, so whoever has the text can show that it is the one.",
    )


async def _show(installation: Installation, asked: PromptAsked, text: TextFacts) -> None:
    """Read it, write down that somebody looks, and only then print it."""
    try:
        data = await installation.texts.read(text)
    except OperatorMust as error:
        await _looked(installation, text.sha256, error.code)
        raise
    await _looked(installation, text.sha256, "raw" if asked.raw else "text")
    if asked.raw:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    elif asked.as_json:
        turns = [{"role": role, "text": said} for role, said in turns_of(data)]
        sys.stdout.write(json.dumps({**asdict(text), "phase": text.phase.value, "turns": turns}, indent=1) + "\n")
    else:
        _print(text, data)


def _print(text: TextFacts, data: bytes) -> None:
    console = Console()
    whose = f"{text.kind} of {text.phase} in run {text.run_id}, {text.model}, {text.at}"
    console.print(plain(f"{whose}\nsha256 {text.sha256}, {text.size:,} bytes, kept until {text.erase_after}"))
    for role, said in turns_of(data):
        console.print(Rule(plain(role or "as it was sent"), align="left", style="dim"))
        console.print(plain(said), highlight=False, soft_wrap=True)


async def _looked(installation: Installation, sha256: str, shown: str) -> None:
    actor = installation.settings.actor
    await installation.texts.look(Look(installation.clock.now(), actor.id, actor.login, sha256, shown))
