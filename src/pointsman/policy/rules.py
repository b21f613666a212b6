"""The rules that decisions name, so that each reason leads to a section of docs/rules.md."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from pointsman.domain.run import Considered, Refuse


class Rule(StrEnum):
    """Why a candidate was kept or dropped, or a request refused; `mend` says what to do about it.

    In `mend`, `{key}` stands for the key of the routing file that is meant.
    """

    def __new__(cls, word: str, meaning: str, mend: str = "") -> "Rule":
        """A rule is its word; the sentences ride along for people and for the reference page."""
        member = str.__new__(cls, word)
        member._value_ = word
        return member

    def __init__(self, word: str, meaning: str, mend: str = "") -> None:
        self.meaning = meaning
        self.mend = mend

    @property
    def as_reason(self) -> str:
        """Its meaning as the reasons of decisions are written: no capital, no full stop."""
        return f"{self.meaning[:1].lower()}{self.meaning[1:].rstrip('.')}"

    NAMED = "named", "The routing file names this model, and nothing speaks against it."
    CHEAPEST = "cheapest", "Of the models that fit, one call to this one costs least."
    FITS = "fits", "This model would do; another one is cheaper."
    FALLBACK = "fallback", "Asked when the models before it are out of order."
    ESCALATE = "escalate", "Takes over when the models before it are stuck."
    OVERRIDE = "override", "A person named this model for the phase."
    NOT_IN_CATALOGUE = (
        "not-in-catalogue",
        "The policy's catalogue has no model of this name.",
        "name a model of the policy's catalogue for {key}, or ask the operator to add this one",
    )
    NOT_SERVED = (
        "not-served",
        "The provider may not be asked for this model id.",
        "ask the operator to let the provider serve this id, or name another model for {key}",
    )
    SENSITIVITY = (
        "sensitivity",
        "The policy declares no level as closed as the one asked for.",
        "ask the operator to declare the level under sensitivities",
    )
    PERIMETER = (
        "perimeter",
        "The provider runs where text of this sensitivity may not go.",
        "name a model for {key} that runs where this text may go",
    )
    SEPARATION = (
        "separation",
        "Reviewer and author would be of one family (or as the policy declares).",
        "name a qa model of another family than the coder",
    )
    TIER = (
        "tier",
        "The model is of another tier than asked for, or of a weaker one than the task needs.",
        "name a stronger model for {key}",
    )
    UNKNOWN_PRICE = (
        "unknown-price",
        "Nobody knows what the model costs, and the policy declares no price.",
        "ask the operator to declare the model's price in the policy",
    )
    UNKNOWN_FIGURE = (
        "unknown-figure",
        "The route asks for a measured figure that has not been measured.",
        "name a model for {key} instead of max_latency_ms, or ask the operator to call `pointsman measure`",
    )
    CONTEXT_WINDOW = (
        "context-window",
        "The model's window does not hold the answer and a useful question.",
        "lower max_output_tokens for {key}, or name a model with a larger window",
    )
    OUTPUT_LIMIT = (
        "output-limit",
        "The route asks for longer answers than the model writes.",
        "lower max_output_tokens for {key}",
    )
    COST = (
        "cost",
        "One call may cost more than the route's max_cost_usd.",
        "raise max_cost_usd for {key}, or lower max_output_tokens",
    )
    LATENCY = (
        "latency",
        "Calls take longer than the route's max_latency_ms.",
        "raise max_latency_ms for {key}",
    )
    BUDGET = (
        "budget",
        "One call may cost more than the money for the phase.",
        "raise the budget of {key} or of the run, or lower max_output_tokens",
    )
    SAMPLES = (
        "samples",
        "Several candidates are drawn only of models that are declared to cost nothing.",
        "leave samples out, or name a model for {key} whose price is declared as 0",
    )
    NO_FALLBACK = (
        "no-fallback",
        "The policy uses no fallbacks for this class of task.",
        "leave the fallback out, or ask the operator to allow it for this class (tasks, fallback)",
    )
    ACCESS = (
        "access",
        "Only people with write access start work.",
        "ask somebody with write access to start it",
    )
    FORGE = (
        "forge",
        "The policy does not let this repository be worked on from this forge.",
        "ask the operator to add the forge to the repository's rule",
    )
    COMMAND = (
        "command",
        "The routing file names a command that the policy does not allow.",
        "use one that the policy allows, or ask the operator to add a pattern",
    )
    AUDIT = (
        "audit",
        "The routing file keeps notes where the policy does not let them be kept.",
        "leave `audit` out, or name a mode that the policy lists under audit.modes",
    )
    PATH_SENSITIVITY = (
        "path-sensitivity",
        "The work touches paths more closed than its routes were made for.",
        "put the label pointsman:LEVEL on the issue and start again; every phase then goes by that level",
    )
    PATH_APPROVAL = (
        "path-approval",
        "The work touches paths that no plan named which a person approved.",
        "name the path in the issue, so that the plan does, and start again",
    )
    RISK_APPROVAL = (
        "risk-approval",
        "The work touches paths of high risk that no approved plan names.",
        "name the path in the issue, so that a person approves a plan that names it, and start again",
    )
    PROTECTED = (
        "protected",
        "The work touches paths that no model may edit.",
        "change the path by hand: no model may",
    )
    REPOSITORY = (
        "repository",
        "The policy does not let this repository be served.",
        "ask the operator to add the repository to serve.repositories",
    )
    BOT = (
        "bot",
        "Only bots whose numeric id the policy lists may ask for work.",
        "ask the operator to list the bot's numeric id under serve.bots, or ask yourself",
    )
    FORK = (
        "fork",
        "A change from a fork is reviewed; nothing else is done with it.",
        "push the branch to the repository itself, if you may, and ask there",
    )
    OWN_CHANGE = (
        "own-change",
        "Only on its own changes does the bot push, fix, or let the repository's CI run.",
        "ask for it on a change that the bot made",
    )
    HANDS_OFF = (
        "hands-off",
        "A person pushed to the branch, and nobody has asked the bot on since.",
        "ask the bot on with a command, and it works on top of what the person pushed",
    )
    PAUSED = (
        "paused",
        "Somebody paused the bot on this issue or change.",
        "say `/pointsman resume` there",
    )
    CAP = (
        "cap",
        "The day's money of the installation, the repository or whoever asks does not hold one more whole call.",
        "ask again on the next day (UTC), or have the cap raised",
    )
    TEXT_CHANGED = (
        "text-changed",
        "The text changed after the work was asked for.",
        "read the new text and ask again",
    )


BY_WORD: Mapping[str, Rule] = {rule.value: rule for rule in Rule}


# The same reasons come again with every class of task and every request, as long as no figure changes.
@lru_cache(maxsize=4096)
def kept(model: str, rule: Rule, why: str) -> Considered:
    """A candidate that stays."""
    return Considered(model, kept=True, rule=rule, why=why)


@lru_cache(maxsize=4096)
def dropped(model: str, rule: Rule, why: str) -> Considered:
    """A candidate that goes."""
    return Considered(model, kept=False, rule=rule, why=why)


def refuse(rule: str, reason: str, mend: str = "") -> Refuse:
    """A refusal by `rule`, whose word alone is kept."""
    return Refuse(str(rule), reason, mend)
