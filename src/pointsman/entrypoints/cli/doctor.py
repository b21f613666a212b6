"""What this machine has: sandbox, interpreters, policy, and which models answer."""

import asyncio
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from pointsman.domain.breaker import Breaker
from pointsman.domain.errors import OperatorMust
from pointsman.entrypoints.books import TextKeyPlace
from pointsman.entrypoints.cli.terminal import table_of
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import Installation, read_policy
from pointsman.runs.hearing.capped import used_up_today

_KEY = "signing key"
_TEXT_KEY = "text key"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: whether it will do, and what was found."""

    about: str
    good: bool
    found: str


async def doctor(policy: Path | None, home: Path | None, as_json: bool) -> int:
    """Look at everything a run needs. Exit code 3 when no sandbox holds, a key is of no use or no model answers."""
    settings = read_settings(home)
    loaded = read_policy(policy, settings.home)
    installation = Installation(settings, loaded.policy.sandbox.interpreters)
    checks = [Check("policy", True, f"{loaded.place}: {len(loaded.policy.models)} models")]
    checks += await _sandbox_and_keys(installation)
    checks.extend(
        Check("interpreter", True, " ".join(f"{chain.name} {chain.version} at {chain.root}".split()))
        for chain in installation.toolchains()
    )
    checks.extend(
        Check(f"provider {found.provider}", False, f"in quarantine since {found.since} (run {found.run_id})")
        for found in await installation.quarantine.held()
    )
    models = tuple(loaded.policy.domain_models().values())
    door = installation.door(models)
    for model in models:
        trouble = await door.probe(model)
        checks.append(Check(f"model {model.name}", not trouble, trouble or f"answers at {model.provider.perimeter}"))
    checks.append(await _money(installation, loaded.policy.caps.installation_day_usd))
    capped = await used_up_today(installation.memory, installation.clock.now())
    checks.extend(Check("a cap of the day", False, words) for words in capped)
    checks.extend(_held_off(breaker) for breaker in await installation.books.breakers.standing())
    await installation.close()
    if as_json:
        sys.stdout.write(json.dumps([asdict(check) for check in checks], indent=1) + "\n")
    else:
        _print(checks)
        sys.stdout.write("".join(f"\n{lack}\n" for lack in _lacks(checks)))
    return 3 if _lacks(checks) else 0


async def _sandbox_and_keys(installation: Installation) -> list[Check]:
    """What holds code of others, and whether the keys are of use and out of its reach. None is made."""
    checks = [await _text_key(installation.books.text_key)]
    try:
        signs = "none yet; one is made with the first run"
        if installation.keys.place.holds_one:
            key = await installation.keys.signer.ready()
            signs = f"{key.key_id[:16]} signs; no code in the sandbox can read it"
        tier = await installation.sandbox_tier()
    except OperatorMust as error:
        return [Check(_KEY, False, str(error)), *checks]
    sandbox = Check("sandbox", tier.name != "none", f"{tier.name} {tier.why}".strip())
    return [sandbox, Check(_KEY, True, signs), *checks]


async def _text_key(place: TextKeyPlace) -> Check:
    if not place.holds_one:
        return Check(_TEXT_KEY, True, "none yet; one is made with the first run")
    try:
        key = await asyncio.to_thread(place.opened)
    except OperatorMust as error:
        return Check(_TEXT_KEY, False, str(error))
    return Check(_TEXT_KEY, True, f"{key.key_id} encrypts prompts and answers")


async def _money(installation: Installation, allowed: float) -> Check:
    spent = (await installation.ledger.spent("", "", installation.clock.now())).installation_usd
    return Check("money today", spent < allowed or not allowed, f"${spent:.2f} of ${allowed:.2f} are spent (UTC)")


def _held_off(breaker: Breaker) -> Check:
    """A provider or model that is not asked, since calls to it met outages. An answered probe has ended that."""
    what = f"model {breaker.model} at {breaker.provider}" if breaker.model else f"provider {breaker.provider}"
    found = f"{breaker.kind} since {_moment(breaker.since)}; tried again at {_moment(breaker.until)}"
    return Check(f"held off: {what}", False, found)


def _moment(at: str) -> str:
    return f"{at[:10]} {at[11:19]} UTC"


def _lacks(checks: list[Check]) -> list[str]:
    """What no run can do without and is not here, each with what to do."""
    lacks = []
    if not all(check.good for check in checks if check.about == "sandbox"):
        lacks.append("No sandbox holds, so no tests can be run: mend what is said of it above (docs/sandbox.md).")
    if not all(check.good for check in checks if check.about == _KEY):
        lacks.append("Nothing can be signed, so nothing is run: mend what is said of the key above (docs/keys.md).")
    if not all(check.good for check in checks if check.about == _TEXT_KEY):
        lacks.append(
            "No text can be kept, so nothing is run: mend what is said of the text key above (docs/retention.md)."
        )
    if not any(check.good for check in checks if check.about.startswith("model ")):
        lacks.append(
            "No model answers, so nothing can be run. Give one provider above the key that it looks for, start one\n"
            "of the servers above, or name models of your own in a policy file, with --policy (docs/policy.md).\n"
            "Then call doctor again."
        )
    return lacks


def _print(checks: list[Check]) -> None:
    table = table_of("", "looked at", "found")
    for check in checks:
        mark = Text("✓", style="green") if check.good else Text("–", style="yellow")
        table.add_row(mark, check.about, Text(check.found))
    Console().print(table)
