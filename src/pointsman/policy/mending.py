"""What to do about a refusal, by the rule that refused."""

from pointsman.domain.levels import Phase, TaskClass
from pointsman.policy.rules import BY_WORD, Rule


def how_to_mend(rule: str, phase: Phase, own_class: TaskClass | None) -> str:
    """One sentence for the owner of the routing file; its key for the review is `qa`.

    `own_class` is the class of task that has routes of its own in the file, if the refused route is one of them.
    """
    key = "qa" if phase is Phase.REVIEW else phase.value
    mend = BY_WORD[rule].mend.format(key=key if own_class is None else f"tasks.{own_class}.{key}")
    if own_class is None or rule != Rule.SEPARATION:
        return mend
    return f"{mend} (tasks: {{{own_class}: {{qa: NAME}}}})"
