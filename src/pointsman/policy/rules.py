"""The rules that decisions name, so that each reason leads to a sentence of docs/policy.md."""

from enum import StrEnum

from pointsman.domain.run import Considered, Refuse


class Rule(StrEnum):
    """Why a candidate was kept or dropped, or a request refused."""

    def __new__(cls, word: str, meaning: str) -> "Rule":
        """A rule is its word; the sentence rides along for the reference page."""
        member = str.__new__(cls, word)
        member._value_ = word
        return member

    def __init__(self, word: str, meaning: str) -> None:
        self.meaning = meaning

    NAMED = "named", "The routing file names this model, and nothing speaks against it."
    CHEAPEST = "cheapest", "Of the models that fit, one call to this one costs least."
    FITS = "fits", "This model would do; another one is cheaper."
    FALLBACK = "fallback", "Asked when the models before it are out of order."
    ESCALATE = "escalate", "Takes over when the models before it are stuck."
    OVERRIDE = "override", "A person named this model for the phase."
    NOT_IN_CATALOGUE = "not-in-catalogue", "The policy's catalogue has no model of this name."
    NOT_SERVED = "not-served", "The provider may not be asked for this model id."
    SENSITIVITY = "sensitivity", "The policy declares no level as closed as the one asked for."
    PERIMETER = "perimeter", "The provider runs where text of this sensitivity may not go."
    SEPARATION = "separation", "Reviewer and author would be of one family (or as the policy declares)."
    TIER = "tier", "The model is of another tier than asked for, or of a weaker one than the task needs."
    UNKNOWN_PRICE = "unknown-price", "Nobody knows what the model costs, and the policy declares no price."
    UNKNOWN_FIGURE = "unknown-figure", "The route asks for a measured figure that has not been measured."
    CONTEXT_WINDOW = "context-window", "The model's window does not hold the answer and a useful question."
    OUTPUT_LIMIT = "output-limit", "The route asks for longer answers than the model writes."
    COST = "cost", "One call may cost more than the route's max_cost_usd."
    LATENCY = "latency", "Calls take longer than the route's max_latency_ms."
    BUDGET = "budget", "One call may cost more than the money for the phase."
    NO_FALLBACK = "no-fallback", "The policy uses no fallbacks for this class of task."
    ACCESS = "access", "Only people with write access start work."
    FORGE = "forge", "The policy does not let this repository be worked on from this forge."
    COMMAND = "command", "The routing file names a command that the policy does not allow."
    PATH_SENSITIVITY = "path-sensitivity", "The work touches paths more closed than its routes were made for."
    PATH_APPROVAL = "path-approval", "The work touches paths that no plan named which a person approved."
    PROTECTED = "protected", "The work touches paths that no model may edit."
    REPOSITORY = "repository", "The policy does not let this repository be served."
    BOT = "bot", "Only bots whose numeric id the policy lists may ask for work."
    FORK = "fork", "A change from a fork is reviewed; nothing else is done with it."
    OWN_CHANGE = "own-change", "Only on its own changes does the bot push, fix, or let the repository's CI run."
    HANDS_OFF = "hands-off", "A person pushed to the branch, and nobody has asked the bot on since."
    PAUSED = "paused", "Somebody paused the bot on this issue or change."
    TEXT_CHANGED = "text-changed", "The text changed after the work was asked for."


def kept(model: str, rule: Rule, why: str) -> Considered:
    """A candidate that stays."""
    return Considered(model, kept=True, rule=rule, why=why)


def dropped(model: str, rule: Rule, why: str) -> Considered:
    """A candidate that goes."""
    return Considered(model, kept=False, rule=rule, why=why)


def refuse(rule: str, reason: str, mend: str = "") -> Refuse:
    """A refusal by `rule`, whose word alone is kept."""
    return Refuse(str(rule), reason, mend)
