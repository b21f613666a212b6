"""The command that asks models small questions, so that a route can be chosen by how long an answer takes."""

import json
import math
import sys
from dataclasses import asdict, dataclass

from rich.console import Console

from pointsman.config.policy_file import PolicyFile
from pointsman.conversation.figures import duration, usd
from pointsman.conversation.statistics import percentile
from pointsman.domain.errors import PointsmanError, Stopped, UsageMust
from pointsman.domain.levels import Phase
from pointsman.domain.marks import MEASURE
from pointsman.domain.models import Ask, Caps, Message, Model, Outage
from pointsman.domain.run import LOCAL
from pointsman.entrypoints.cli.figuring_asked import MeasureAsked
from pointsman.entrypoints.cli.terminal import plain, table_of
from pointsman.entrypoints.machine import new_id
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import Installation, price_of, read_policy
from pointsman.policy.catalogue import Catalogue, catalogue_of
from pointsman.ports.models import Models

QUESTIONS = (
    "Answer with one word: ready.",
    "What is 17 plus 25? Answer with the number alone.",
    "Which day comes after Tuesday? Answer with one word.",
    "Is 91 a prime number? Answer yes or no.",
    "Write the word `clock` backwards and nothing else.",
)
"""As many as a figure needs. Nothing of any repository is in them, so every perimeter may be asked."""

_SYSTEM = "Answer briefly."
_OUTPUT_TOKENS = 256


@dataclass(frozen=True)
class Result:
    """What one model came to: answers, the median of their times, what they cost, and why there are not more."""

    model: str
    answered: int
    p50_seconds: float | None
    cost_usd: float
    why: str = ""


async def measure(asked: MeasureAsked) -> int:
    """Ask each named model, and tell how long it takes. Exit code 1 when one of them gave too few answers."""
    settings = read_settings(asked.home, asked.policy)
    loaded = read_policy(asked.policy, settings.home)
    models = chosen(asked, catalogue_of(loaded.policy, price_of))
    installation = Installation(settings)
    run_id = new_id("m")
    try:
        who = f"{LOCAL}:{settings.actor.id}"
        survey = Survey(installation.door(models), _caps(loaded.policy, asked.budget_usd), run_id, who)
        results = [await survey.of(model) for model in models]
        await installation.ledger.forget_answers(run_id)
    finally:
        await installation.close()
    if asked.as_json:
        sys.stdout.write(json.dumps([asdict(result) for result in results], indent=1) + "\n")
    else:
        _print(results)
    return 0 if all(result.answered == len(QUESTIONS) for result in results) else 1


def chosen(asked: MeasureAsked, catalogue: Catalogue) -> tuple[Model, ...]:
    """The named models and those of the named tier, each once. Raises UsageMust for a name that the policy lacks."""
    for name in asked.models or ():
        if name not in catalogue.models:
            near, known = catalogue.nearest(name), ", ".join(catalogue.models)
            hint = f"Did you mean {near}?" if near else f"The policy's models are: {known}."
            raise UsageMust(f"The policy has no model {name}.", code="no-model", hint=hint)
    named = [catalogue.models[name] for name in asked.models or ()]
    of_tier = [model for model in catalogue.models.values() if model.tier == asked.tier]
    found = tuple({model.name: model for model in (*named, *of_tier)}.values())
    if not found:
        raise UsageMust("No model is named.", code="no-model", hint="Name models of the policy, or a --tier of them.")
    return found


def _caps(policy: PolicyFile, budget_usd: float) -> Caps:
    """What all questions together may cost: the budget, within what installation and person may spend in a day."""
    return Caps(
        phase_usd=budget_usd,
        run_usd=budget_usd,
        repository_day_usd=math.inf,
        installation_day_usd=policy.caps.installation_day_usd,
        requester_day_usd=policy.caps.requester_day_usd,
    )


@dataclass
class Survey:
    """The questions to some models, one after the other, within one budget.

    They are filed as triage, which asks small questions as well, under a template of their own and no run: they
    count as money, and as a measured time as long as nothing better is known.
    """

    door: Models
    caps: Caps
    run_id: str
    requester: str
    number: int = 0

    async def of(self, model: Model) -> Result:
        """What one model came to; what it raises or is out for ends it."""
        seconds, cost, why = [], 0.0, ""
        for question in QUESTIONS:
            try:
                answer = await self.door.ask(self._ask(model, question))
            except Stopped:
                why = "the budget does not hold more questions; raise --budget-usd"
                break
            except PointsmanError as error:
                why = error.message
                break
            if isinstance(answer, Outage):
                why = answer.message
                break
            seconds.append(answer.seconds)
            cost += answer.cost_usd
        return Result(model.name, len(seconds), percentile(seconds, 0.5), cost, why)

    def _ask(self, model: Model, question: str) -> Ask:
        self.number += 1
        return Ask(
            phase=Phase.TRIAGE,
            model=model,
            system=_SYSTEM,
            messages=(Message("user", question),),
            template=MEASURE,
            max_output_tokens=min(_OUTPUT_TOKENS, model.max_output),
            caps=self.caps,
            repository_id="",
            within=(model.provider.perimeter,),
            requester=self.requester,
            run_id=self.run_id,
            call_id=f"{self.run_id}:{Phase.TRIAGE}:{self.number}",
        )


def _print(results: list[Result]) -> None:
    table = table_of("model", "answers", "p50", "cost", "")
    for one in results:
        time = "-" if one.p50_seconds is None else duration(one.p50_seconds)
        table.add_row(one.model, f"{one.answered} of {len(QUESTIONS)}", time, usd(one.cost_usd), plain(one.why))
    Console().print(table)
